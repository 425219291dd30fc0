#include "daemon/app/live/response_desk.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "daemon/app/live/casework_thread.h"
#include "daemon/app/rule_files.h"
#include "daemon/store/reader.h"
#include "responders/playbook/command/desk.h"

namespace tocsin::daemon {
namespace fs = std::filesystem;
using responders::Incident;

PlaybookShelf PlaybookShelf::load(const RespondConfig& config, Diagnostics& diagnostics) {
  PlaybookShelf out;
  for (const auto& directory : config.playbooks) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::recursive_directory_iterator it(directory, fs::directory_options::follow_directory_symlink, error), end;
         !error && it != end; it.increment(error))
      if (it->path().filename() == "playbook.json") files.push_back(it->path());
    std::ranges::sort(files);
    for (const auto& file : files) {
      const auto text = read_file(file, 4U << 20);
      if (!text) continue;
      if (auto plan = responders::load_playbook(*text, file.string(), diagnostics))
        out.playbooks.push_back({std::move(*plan), file});
    }
  }
  if (const auto text = read_file(config.triggers, 1U << 20))
    out.triggers = responders::Triggers::load(*text, config.triggers, diagnostics);
  auto keys = responders::load_keys(config.keys);
  if (keys) out.keys = std::move(*keys);
  else
    diagnostics.add({.severity = Severity::error,
                     .code = "P0729",
                     .file = config.keys,
                     .line = 0,
                     .column = 0,
                     .item = "respond.keys",
                     .cause = keys.error().text(),
                     .next_step = "until it can be read no signature counts"});
  return out;
}

Result<void> PlaybookShelf::check_signed(const responders::Plan& plan, Time now) const {
  std::vector<const responders::Plan*> waiting{&plan};
  std::set<const responders::Plan*> seen;
  while (!waiting.empty()) {
    const auto* next = waiting.back();
    waiting.pop_back();
    if (!seen.insert(next).second) continue;
    const auto verdicts = responders::verify_signatures(responders::read_json(*next->text()), keys, now);
    if (!responders::is_signed(verdicts))
      return fail(Code::denied,
                  fmt::format("respond.signatures asks for a signature that counts, and \"{}\" has none: {} ({}). Sign "
                              "it: tocsin playbook sign FILE --key KEY; trust the key: put it into respond.keys",
                              next->name(), verdicts.empty() ? "it is not signed" : verdicts.front().reason,
                              verdicts.empty() ? "P0720" : verdicts.front().code));
    for (const auto& step : next->steps())
      if (step.type == responders::StepType::playbook_action)
        if (const auto called = find(step.playbook_id, step.playbook_version)) waiting.push_back(called.get());
  }
  return {};
}

const LoadedPlaybook* PlaybookShelf::find(std::string_view name_or_id) const {
  for (const auto& playbook : playbooks)
    if (playbook.plan->id() == name_or_id || playbook.plan->name() == name_or_id || playbook.handle() == name_or_id)
      return &playbook;
  const LoadedPlaybook* begun = nullptr;  // by a start of its short name that no other has
  for (const auto& playbook : playbooks) {
    if (name_or_id.empty() || !playbook.handle().starts_with(name_or_id)) continue;
    if (begun != nullptr) return nullptr;
    begun = &playbook;
  }
  return begun;
}

std::string LoadedPlaybook::handle() const { return fs::path(file).parent_path().filename(); }

std::string PlaybookShelf::handle_of(std::string_view name) const {
  const auto* found = find(name);
  return found == nullptr ? std::string{} : found->handle();
}

responders::PlanRef PlaybookShelf::find(std::string_view id, std::string_view version) const {
  responders::PlanRef out;
  for (const auto& playbook : playbooks)
    if (playbook.plan->id() == id && (version.empty() || playbook.plan->version() == version) &&
        (!out || out->version() < playbook.plan->version()))
      out = playbook.plan;
  return out;
}

std::vector<PlaybookShelf::Fitting> PlaybookShelf::fitting(const Incident& incident) const {
  std::vector<Fitting> out;
  for (auto& called : triggers.match(incident))
    if (const auto* playbook = find(called.playbook)) out.push_back({std::move(called), playbook});
  return out;
}

ResponseDesk::ResponseDesk(PlaybookShelf shelf, const Config& config, std::string here, Inbox& inbox,
                           const Clock& clock, Random& random, Log& log)
    : shelf_(std::move(shelf)),
      respond_(config.respond),
      assets_(config.assets),
      here_(std::move(here)),
      store_(config.store.directory),
      client_(respond_.socket, std::chrono::seconds{10}),
      runner_(respond_.runner.empty() ? nullptr : std::make_unique<responders::RunnerClient>(respond_.runner)),
      commands_(hunt_place(config), clock, runner_.get()),
      inbox_(inbox),
      clock_(clock),
      random_(random),
      log_(log) {}

ResponseDesk::~ResponseDesk() { stop(); }

void ResponseDesk::start(RunDesk& runs, PacketPlace packets) {
  runs_ = &runs;
  packets_ = std::move(packets);
  started_ = clock_.now();
  thread_ = std::thread([this] { run(); });
}

void ResponseDesk::stop() {
  waiting_.close();
  if (thread_.joinable()) thread_.join();
}

void ResponseDesk::consider(const Incident& incident) {
  Incident copy = incident;
  if (!waiting_.try_send(copy))
    log_.limited(LogLevel::warning, "response",
                 "too many incidents wait for a rehearsal; ask with tocsin playbook rehearse --incident");
}

void ResponseDesk::run() {
  constexpr std::size_t done_most = 65536;
  while (auto incident = waiting_.receive()) {
    const auto recalled = recall(*incident);
    for (const auto& fitting : shelf_.fitting(*incident)) {
      if (done_.size() > done_most) done_.erase(done_.begin());
      if (done_.emplace(incident->id, fitting.playbook->plan->id()).second) respond(*incident, fitting, recalled);
    }
  }
}

Result<void> ResponseDesk::recall(const Incident& incident) {
  if (incident.times.opened >= started_ || begun_.contains(incident.id)) return {};
  TOCSIN_TRY(const auto reader, StoreReader::open(store_));
  TOCSIN_TRY(auto begun, begun_responses(reader->records(), incident.id));
  for (const BegunResponse& one : begun) done_.emplace(incident.id, one.playbook);
  keep(incident.id) = std::move(begun);
  return {};
}

std::vector<BegunResponse>& ResponseDesk::keep(IncidentId incident) {
  constexpr std::size_t begun_most = 4096;  // incidents
  if (begun_.size() >= begun_most && !begun_.contains(incident)) begun_.erase(begun_.begin());
  return begun_[incident];
}

responders::ActionGateway& reachable(responders::ResponderClient& guard, responders::OfflineGateway& otherwise) {
  if (guard.status()) return guard;
  return otherwise;
}

// What keeps a trigger from applying, besides the guard.
Result<void> ResponseDesk::may_apply(const Incident& incident, const PlaybookShelf::Fitting& fitting) const {
  if (respond_.mode != RespondMode::apply) return fail(Code::denied, "respond.mode is rehearse");
  if (incident.exercise == Exercise::yes) return fail(Code::denied, "it is an exercise");
  if (!incident.open()) return fail(Code::conflict, "the incident is closed");
  if (respond_.signatures == RespondSignatures::required)
    return shelf_.check_signed(*fitting.playbook->plan, clock_.now());
  return {};
}

void ResponseDesk::respond(const Incident& incident, const PlaybookShelf::Fitting& fitting,
                           const Result<void>& recalled) {
  const auto& [called, playbook] = fitting;
  const auto& name = playbook->plan->name();
  auto spec = spec_for(playbook->plan, incident, here_, assets_);
  if (called.alert != nullptr) {
    spec.cause.rule = called.alert->rule;
    if (const auto begun = begun_.find(incident.id); begun != begun_.end())
      spec.cause.depth = depth_after(begun->second, called.alert->last);
    spec.reason = fmt::format("trigger {}: {}", called.trigger, called.alert->title);
  }
  CollectDesk gateway(reachable(client_, offline_), packets_, clock_);
  auto rehearsal = responders::rehearse(spec, gateway, clock_, &shelf_, &commands_);
  if (!rehearsal)
    return log_.limited(LogLevel::warning, "rehearse " + name,
                        name + " for " + incident.alias + ": " + rehearsal.error().text());
  if (called.mode == responders::TriggerMode::apply && called.alert != nullptr) {
    auto may = may_apply(incident, fitting);
    if (may && !recalled) may = recalled;  // how deep it is, nobody knows
    if (may) may = may_begin(*rehearsal);
    if (may) return begin(std::move(spec), incident, fitting);
    log_.limited(LogLevel::info, "apply " + name,
                 fmt::format("\"{}\" for {} was rehearsed only: {}", name, incident.alias, may.error().text()));
  }
  record(std::move(*rehearsal), incident.id);
}

void ResponseDesk::begin(responders::RunSpec spec, const Incident& incident, const PlaybookShelf::Fitting& fitting) {
  keep(incident.id).push_back({spec.plan->id(), clock_.now(), spec.cause.depth});
  RunOrder order;
  order.identity.incident = incident.id;
  order.identity.alias = incident.alias;
  order.identity.playbook = fitting.playbook->plan->name();
  order.identity.plan = fitting.playbook->plan;
  order.identity.actor.name = "tocsind";
  order.identity.reason = spec.reason;
  order.inputs = std::move(spec.inputs);
  order.cause = std::move(spec.cause);
  order.tlp = spec.tlp;
  runs_->begin(std::move(order));
}

void ResponseDesk::record(responders::Rehearsal rehearsal, IncidentId incident) {
  Work work;
  const RunId run{make_uuid7(clock_.now(), random_)};
  work.task = [rehearsal = std::move(rehearsal), incident, run, this](CaseworkThread& casework) {
    const Time now = clock_.now();
    auto done =
        casework.in_transaction([&] { return record_rehearsal(casework.keeper(), incident, run, rehearsal, now); });
    if (!done)
      log_.limited(LogLevel::warning, "rehearsal", "a rehearsal could not be recorded: " + done.error().text());
  };
  inbox_.send(std::move(work));
}

Result<void> record_rehearsal(Keeper& keeper, IncidentId incident, RunId run, const responders::Rehearsal& rehearsal,
                              Time now) {
  RunRow row;
  row.id = run;
  row.incident = incident;
  row.playbook = rehearsal.playbook_name;
  row.mode = "rehearse";
  row.state = responders::run_state_name(rehearsal.result);
  row.exercise = rehearsal.marked == responders::Marked::exercise ? Exercise::yes : Exercise::no;
  row.started = row.updated = now;
  auto& records = keeper.store().records();
  TOCSIN_CHECK(records.put_run(row));
  std::size_t actions = 0;
  for (const auto& step : rehearsal.steps) {
    actions += step.commands.size();
    RunStepRow one;
    one.run = run;
    one.key = render_uuid(run.uuid) + ":" + step.execution;
    one.step = step.label;
    one.action = step.commands.empty() ? std::string{} : step.commands.front().action;
    one.phase = "outcome";
    one.time = now;
    one.outcome = responders::step_status_name(step.status);
    one.json = responders::render_json(step);
    TOCSIN_TRY([[maybe_unused]] const bool fresh, records.put_run_step(one));
  }
  responders::change::RunRecorded recorded;
  recorded.run = run;
  recorded.playbook = rehearsal.playbook_name;
  recorded.phase = responders::change::RunPhase::finished;
  recorded.mode = "rehearse";
  recorded.outcome = "forecast";
  recorded.text = fmt::format("rehearsed: {} steps, {} commands; nothing was applied", rehearsal.steps.size(), actions);
  responders::Actor self;
  self.name = "tocsind";
  TOCSIN_TRY([[maybe_unused]] const auto after,
             keeper.casework().command(incident, responders::command::RecordRun{std::move(recorded)}, self));
  return {};
}

}  // namespace tocsin::daemon
