#include "daemon/app/live/run_desk.h"

#include <algorithm>
#include <future>

#include <fmt/format.h>

#include "daemon/store/reader.h"
#include "responders/action/table.h"

namespace tocsin::daemon {
namespace {

using responders::Run;
using responders::RunRecord;
using responders::RunState;

constexpr std::size_t busy_most = 256;   // runs that go on by themselves
constexpr std::size_t runs_most = 2048;  // and with those that wait for people
constexpr Duration retry_after = std::chrono::seconds{10};

Result<std::vector<RunRecord>> records_of(const std::vector<RunStepRow>& steps) {
  std::vector<RunRecord> out;
  for (const auto& step : steps) {
    TOCSIN_TRY(auto record, responders::parse_run_record(step.json));
    out.push_back(std::move(record));
  }
  return out;
}

bool has(const std::vector<RunRecord>& records, RunRecord::Kind kind) {
  return std::ranges::any_of(records, [&](const RunRecord& r) { return r.kind == kind; });
}

// An effect was begun, and its outcome is not written down.
bool in_doubt(const std::vector<RunRecord>& records) {
  return std::ranges::any_of(records, [&](const RunRecord& intent) {
    return intent.kind == RunRecord::Kind::intent && std::ranges::none_of(records, [&](const RunRecord& outcome) {
             return outcome.kind == RunRecord::Kind::outcome && outcome.execution == intent.execution;
           });
  });
}

}  // namespace

RunDesk::RunDesk(RunDeskParts parts, const Clock& clock, Random& random, Log& log)
    : parts_(std::move(parts)),
      client_(parts_.socket),
      sharing_(client_, parts_.store),
      gateway_(sharing_, parts_.packets, clock),
      clock_(clock),
      random_(random),
      log_(log) {
  if (!parts_.runner.empty()) runner_ = std::make_unique<responders::RunnerClient>(parts_.runner);
  commands_ = std::make_unique<HuntDesk>(parts_.hunts, clock_, runner_.get());
}

RunDesk::~RunDesk() { stop(); }

void RunDesk::start() {
  thread_ = std::thread([this] { work(); });
}

void RunDesk::stop() {
  tasks_.close();
  if (thread_.joinable()) thread_.join();
}

template <class T>
Result<T> RunDesk::on_thread(std::function<Result<T>()> task) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto outcome = promise->get_future();
  if (!tasks_.send([promise, task = std::move(task)] { promise->set_value(task()); }))
    return fail(Code::unreachable, "the daemon is stopping");
  return outcome.get();
}

Result<RunView> RunDesk::run(RunOrder order) {
  return on_thread<RunView>([this, order = std::move(order)] { return start_run(order); });
}

bool RunDesk::begin(RunOrder order) {
  return tasks_.send([this, order = std::move(order)] {
    if (auto begun = start_run(order); !begun)
      log_.limited(LogLevel::warning, "begin " + order.identity.playbook,
                   fmt::format("\"{}\" was not begun for {}: {}", order.identity.playbook, order.identity.alias,
                               begun.error().text()));
  });
}

// What people leave lying must not keep others from beginning.
std::size_t RunDesk::busy() const {
  return static_cast<std::size_t>(std::ranges::count_if(active_, [](const auto& entry) {
    const Run* run = entry.second.run.get();
    return run == nullptr || !(run->paused() || !run->waiting().empty() || !run->awaiting_approval().empty());
  }));
}

Result<RunView> RunDesk::start_run(RunOrder order) {
  if (parts_.mode != RespondMode::apply) return fail(Code::denied, "respond.mode is rehearse: nothing is applied");
  if (active_.size() >= runs_most || busy() >= busy_most)
    return fail(Code::exhausted, fmt::format("{} runs are under way; see tocsin playbook status", active_.size()));
  const RunId id{make_uuid7(clock_.now(), random_)};
  order.identity.id = id;
  order.identity.started = clock_.now();
  responders::RunSpec spec;
  spec.id = render_uuid(id.uuid);
  spec.plan = order.identity.plan;
  spec.mode = responders::RunMode::apply;
  spec.inputs = std::move(order.inputs);
  spec.incident = order.identity.alias;
  spec.reason = order.identity.reason;
  spec.behalf = order.behalf;
  spec.cause = std::move(order.cause);
  spec.tlp = order.tlp;
  Active active;
  active.notes = std::make_unique<RunNotes>(std::move(order.identity), parts_.casework, clock_);
  TOCSIN_TRY(active.run,
             Run::start(std::move(spec), gateway_, *active.notes, clock_, &parts_.library, {}, commands_.get()));
  active_.emplace(id, std::move(active));
  return on_poll(id);
}

Result<RunView> RunDesk::answer(RunId id, const std::string& step, responders::RunAnswer answer) {
  return on_thread<RunView>([this, id, step, answer = std::move(answer)]() -> Result<RunView> {
    TOCSIN_TRY(Run* const run, under_way(id));
    std::vector<std::string> fitting;
    for (const auto& execution : run->waiting())
      for (const auto& trace : run->trace())
        if (execution.starts_with(trace.execution + "/") &&
            (step.empty() || step == trace.label || step == execution || step == trace.execution))
          fitting.push_back(execution);
    if (fitting.empty())
      return fail(Code::not_found, step.empty() ? "no step of this run waits for a person"
                                                : "no step of this run called so waits for a person");
    if (fitting.size() > 1) return fail(Code::conflict, "several steps wait for a person; name one with --step");
    TOCSIN_CHECK(run->answer(fitting.front(), answer));
    return on_poll(id);
  });
}

Result<RunView> RunDesk::agree(RunId id, const std::string& step, responders::RunAgreement agreement) {
  return on_thread<RunView>([this, id, step, agreement = std::move(agreement)]() -> Result<RunView> {
    TOCSIN_TRY(Run* const run, under_way(id));
    auto asked = run->approvals();
    std::erase_if(asked, [&](const responders::RunApproval& approval) {
      return !step.empty() && step != approval.step && step != approval.execution;
    });
    if (asked.empty())
      return fail(Code::not_found, step.empty() ? "no step of this run waits for people in roles"
                                                : "no step of this run called so waits for people in roles");
    if (asked.size() > 1) return fail(Code::conflict, "several steps wait for people in roles; name one with --step");
    TOCSIN_CHECK(run->agree(asked.front().execution, agreement));
    return on_poll(id);
  });
}

Result<RunView> RunDesk::cancel(RunId id, const std::string& reason) {
  return on_thread<RunView>([this, id, reason]() -> Result<RunView> {
    TOCSIN_TRY(Run* const run, under_way(id));
    TOCSIN_CHECK(run->cancel(reason));
    return on_poll(id);
  });
}

Result<RunView> RunDesk::pause(RunId id, const std::string& reason) {
  return on_thread<RunView>([this, id, reason]() -> Result<RunView> {
    TOCSIN_TRY(Run* const run, under_way(id));
    TOCSIN_CHECK(run->pause(reason));
    return on_poll(id);
  });
}

Result<RunView> RunDesk::go_on(RunId id, const std::string& reason) {
  return on_thread<RunView>([this, id, reason]() -> Result<RunView> {
    TOCSIN_TRY(Run* const run, under_way(id));
    TOCSIN_CHECK(run->go_on(reason));
    return on_poll(id);
  });
}

Result<RunDesk::Past> RunDesk::past(RunId id) const {
  Past out;
  TOCSIN_TRY(const auto reader, StoreReader::open(parts_.store));
  TOCSIN_TRY(const auto all, reader->records().runs({}));
  const auto at = std::ranges::find(all, id, &RunRow::id);
  if (at == all.end()) return fail(Code::not_found, "there is no such run");
  if (at->mode != "apply") return fail(Code::conflict, "it was a rehearsal: nothing was applied");
  out.row = *at;
  TOCSIN_TRY(const auto steps, reader->records().run_steps(id));
  TOCSIN_TRY(out.records, records_of(steps));
  TOCSIN_TRY(out.spec, responders::spec_of_records(render_uuid(id.uuid), out.records, parts_.library));
  TOCSIN_TRY(out.told, responders::past_of(out.spec, out.records, clock_, &parts_.library));
  return out;
}

RunIdentity RunDesk::identity_of(const Past& past, responders::Actor actor) const {
  RunIdentity out;
  out.id = past.row.id;
  out.incident = past.row.incident;
  out.alias = past.spec.incident;
  out.playbook = past.row.playbook;
  out.plan = past.spec.plan;
  out.actor = std::move(actor);
  out.reason = past.spec.reason;
  out.started = past.row.started;
  return out;
}

Result<RunView> RunDesk::look(RunId id) {
  return on_thread<RunView>([this, id]() -> Result<RunView> {
    const auto at = active_.find(id);
    const bool active = at != active_.end() && at->second.run;
    // One that was taken up while it is held has looked at nothing yet: its records tell.
    if (active && !at->second.run->trace().empty()) return view(id, at->second);
    TOCSIN_TRY(auto before, past(id));
    RunView out = active ? view(id, at->second) : RunView{};
    out.id = id;
    out.playbook = before.row.playbook;
    out.incident = before.spec.incident;
    out.plan = before.spec.plan;
    out.steps = std::move(before.told.trace);
    if (active) return out;
    // The store's word counts: a run that was cancelled left off where it was.
    out.state = before.row.state == "completed"   ? RunState::completed
                : before.row.state == "cancelled" ? RunState::cancelled
                                                  : RunState::failed;
    return out;
  });
}

Result<RunView> RunDesk::retry(RunId id, const std::string& step, responders::Actor actor, const std::string& reason) {
  return on_thread<RunView>([this, id, step, actor = std::move(actor), reason]() -> Result<RunView> {
    if (parts_.mode != RespondMode::apply) return fail(Code::denied, "respond.mode is rehearse: nothing is applied");
    if (active_.contains(id)) return fail(Code::conflict, "the run is under way; only one that failed is retried");
    TOCSIN_TRY(auto before, past(id));
    if (before.row.state != "failed")
      return fail(Code::conflict, fmt::format("the run is {}; only one that failed is retried", before.row.state));
    RunRecord record;
    record.kind = RunRecord::Kind::retried;
    record.time = clock_.now();
    record.detail = reason;
    record.execution = step.empty() ? before.told.failed : "";
    for (const auto& trace : before.told.trace)
      if (!step.empty() && (trace.label == step || trace.execution == step) &&
          trace.status != responders::StepStatus::done && trace.type == responders::StepType::action) {
        record.execution = trace.execution;
        break;
      }
    if (record.execution.empty())
      return fail(Code::not_found, step.empty() ? "no step of this run failed by itself"
                                                : fmt::format("no step called \"{}\" failed in this run", step));
    for (const auto& trace : before.told.trace)
      if (trace.execution == record.execution) record.step = trace.id;
    Active active;
    active.notes = std::make_unique<RunNotes>(identity_of(before, actor), parts_.casework, clock_);
    active.notes->recall(before.records);
    TOCSIN_CHECK(active.notes->append({&record, 1}));
    before.records.push_back(record);
    TOCSIN_TRY(active.run, Run::resume(std::move(before.spec), before.records, gateway_, *active.notes, clock_,
                                       &parts_.library, {}, commands_.get()));
    active_[id] = std::move(active);
    return on_poll(id);
  });
}

Result<RunUndone> RunDesk::undo(RunId id, responders::Actor actor, const std::string& reason) {
  return on_thread<RunUndone>([this, id, actor = std::move(actor), reason]() -> Result<RunUndone> {
    if (active_.contains(id)) return fail(Code::conflict, "the run is under way; end it first: tocsin playbook cancel");
    TOCSIN_TRY(auto before, past(id));
    RunNotes notes(identity_of(before, actor), parts_.casework, clock_);
    RunUndone out;
    // A message that was sent is nothing that failed to be taken back.
    std::set<std::string, std::less<>> lasting;
    for (const auto& trace : before.told.trace)
      for (const auto& command : trace.commands)
        if (const auto* action = responders::find_action(command.action);
            action != nullptr && action->spec.reversibility == responders::Reversibility::irreversible)
          lasting.insert(command.key);
    std::erase_if(before.told.applied, [&](const std::string& key) { return lasting.contains(key); });
    for (auto key = before.told.applied.rbegin(); key != before.told.applied.rend(); ++key) {
      const auto undone = client_.undo(*key, reason);
      if (undone) out.undone.push_back(*key);
      else out.failed.emplace_back(*key, undone.error().text());
      TOCSIN_CHECK(notes.undone(*key, undone ? "undone" : "failed", undone ? undone->summary : undone.error().text()));
    }
    return out;
  });
}

Result<Run*> RunDesk::under_way(RunId id) {
  const auto at = active_.find(id);
  if (at == active_.end())
    return fail(Code::conflict, fmt::format("the run {} is over; see tocsin playbook status", render_uuid(id.uuid)));
  if (at->second.run == nullptr)
    return fail(Code::exhausted, "the store takes no records now; the run goes on when it does (tocsin status)");
  return at->second.run.get();
}

// As far as it goes now, and how it stands then. What is over is let go of.
Result<RunView> RunDesk::on_poll(RunId id) {
  auto& active = active_.at(id);
  if (auto polled = active.run->poll(); !polled) {
    if (!active.notes->begun()) {
      active_.erase(id);
      return std::unexpected(std::move(polled).error());
    }
    // Its records are the truth: it is read again from them once the store takes records again.
    log_.limited(LogLevel::error, "run", "a run stopped where it was: " + polled.error().text());
    active.run = nullptr;
    active.retry = clock_.now() + retry_after;
    return std::unexpected(std::move(polled).error().within("while the run was carried out; it goes on by itself"));
  }
  auto shown = view(id, active);
  if (active.run->state() != RunState::running) active_.erase(id);
  return shown;
}

RunView RunDesk::view(RunId id, const Active& active) const {
  RunView out;
  out.id = id;
  out.playbook = active.notes->run().playbook;
  out.incident = active.notes->run().alias;
  out.state = active.run->state();
  out.steps = active.run->trace();
  out.approvals = active.run->awaiting_approval();
  out.people = active.run->waiting();
  out.agreements = active.run->approvals();
  out.plan = active.notes->run().plan;
  out.paused = active.run->paused();
  return out;
}

void RunDesk::work() {
  take_up_all();
  for (;;) {
    auto task = tasks_.receive_for(patience());
    if (!task && tasks_.closed()) return;
    if (task) (*task)();
    poll_due();
  }
}

Duration RunDesk::patience() const {
  Duration out = std::chrono::minutes{1};
  const Time now = clock_.now();
  for (const auto& [id, active] : active_) {
    const auto due = active.run ? active.run->wake_at() : std::optional<Time>(active.retry);
    if (due) out = std::min(out, std::max(Duration{0}, *due - now));
  }
  return out;
}

void RunDesk::poll_due() {
  const Time now = clock_.now();
  std::vector<RunId> due;
  for (const auto& [id, active] : active_) {
    const auto when = active.run ? active.run->wake_at() : std::optional<Time>(active.retry);
    if (when && *when <= now) due.push_back(id);
  }
  for (const auto id : due) {
    if (active_.at(id).run) {
      [[maybe_unused]] const auto shown = on_poll(id);  // what failed is logged there
    } else if (const auto reader = StoreReader::open(parts_.store); reader) {
      active_.at(id).retry = now + retry_after;
      if (const auto runs = (*reader)->records().runs_under_way())
        for (const auto& row : *runs)
          if (row.id == id) take_up(row);
    }
  }
}

void RunDesk::take_up_all() {
  const auto reader = StoreReader::open(parts_.store);
  const auto runs = reader ? (*reader)->records().runs_under_way() : std::unexpected(reader.error());
  if (!runs) return log_.error("runs that were under way cannot be read: " + runs.error().text());
  for (const auto& row : *runs) take_up(row);
}

void RunDesk::take_up(const RunRow& row) {
  const auto name = render_uuid(row.id.uuid);
  auto done = [&]() -> Result<void> {
    TOCSIN_TRY(const auto reader, StoreReader::open(parts_.store));
    TOCSIN_TRY(const auto steps, reader->records().run_steps(row.id));
    return take_up(row, steps);
  }();
  if (done) return;
  log_.error(fmt::format("the run {} of \"{}\" cannot go on: {}", name, row.playbook, done.error().text()));
}

// Goes on with a run from its records; one that cannot go on is closed, and said to be unknown when an effect was
// begun.
Result<void> RunDesk::take_up(const RunRow& row, const std::vector<RunStepRow>& steps) {
  RunIdentity identity;
  identity.id = row.id;
  identity.incident = row.incident;
  identity.playbook = row.playbook;
  identity.started = row.started;
  auto records = records_of(steps);
  auto spec = records ? responders::spec_of_records(render_uuid(row.id.uuid), *records, parts_.library)
                      : Result<responders::RunSpec>(std::unexpected(records.error()));
  if (spec) {
    identity.alias = spec->incident;
    identity.plan = spec->plan;
    identity.reason = spec->reason;
  }
  auto notes = std::make_unique<RunNotes>(std::move(identity), parts_.casework, clock_);
  if (records) notes->recall(*records);
  if (records && !has(*records, RunRecord::Kind::step)) return notes->close("cancelled", "it had not begun");
  std::string why;
  if (parts_.mode != RespondMode::apply) why = "respond.mode is rehearse now";
  else if (!spec) why = spec.error().text();
  if (why.empty()) {
    auto run = Run::resume(std::move(*spec), *records, gateway_, *notes, clock_, &parts_.library, {}, commands_.get());
    if (run) {
      log_.info(fmt::format("the run {} of \"{}\" goes on", render_uuid(row.id.uuid), row.playbook));
      active_[row.id] = Active{std::move(notes), std::move(*run), {}};
      [[maybe_unused]] const auto shown = on_poll(row.id);
      return {};
    }
    why = run.error().text();
  }
  const bool doubt = !records || in_doubt(*records);
  log_.warning(fmt::format("the run {} of \"{}\" cannot go on: {}", render_uuid(row.id.uuid), row.playbook, why));
  TOCSIN_CHECK(notes->close(doubt ? "unknown" : "cancelled",
                            doubt ? why + "; whether its last action took effect is told by tocsin action list" : why));
  active_.erase(row.id);
  return {};
}

}  // namespace tocsin::daemon
