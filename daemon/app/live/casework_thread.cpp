#include "daemon/app/live/casework_thread.h"

#include <fmt/format.h>

#include "rules/alert.h"

namespace tocsin::daemon {

CaseworkThread::CaseworkThread(Inbox& inbox, Keeper& keeper, std::optional<ReportDesk> reports, const Clock& clock,
                               Log& log, Metrics& metrics, CaseworkOptionsLive options, Listener listener,
                               CaseworkAides aides)
    : inbox_(inbox),
      keeper_(keeper),
      reports_(std::move(reports)),
      clock_(clock),
      log_(log),
      options_(std::move(options)),
      listener_(std::move(listener)),
      alerts_stored_(metrics.counter("tocsin_alerts", "Alerts stored; exercises are left out")),
      checkpoints_(metrics.counter("tocsin_checkpoints", "Checkpoints committed")),
      storing_(metrics.gauge("tocsin_storing", "1 while what is detected can be stored")),
      unstored_(metrics.counter("tocsin_events_not_stored", "Events that the store had no room for")),
      aides_(aides),
      evidence_figures_(metrics),
      silence_(options_.silence, clock.now()),
      silent_sources_(metrics.gauge("tocsin_sources_silent", "Sources of hosts that used to be heard and are not")) {
  storing_.set(1);
  last_checkpoint_ = last_retention_ = clock.now();
}

CaseworkThread::~CaseworkThread() { join(); }

void CaseworkThread::start() {
  thread_ = std::thread([this] { run(); });
}

void CaseworkThread::join() {
  if (thread_.joinable()) thread_.join();
}

void CaseworkThread::run() {
  constexpr Duration turn = std::chrono::milliseconds{200};
  say_alive(clock_.now());
  if (const auto positions = keeper_.store().positions())
    if (const auto learnt = positions->find(std::string(silence_position)); learnt != positions->end())
      silence_.restore(learnt->second, clock_.now());
  checkpoint();
  for (;;) {
    auto work = inbox_.receive_for(taken_.empty() ? turn : Duration{});
    if (!work && inbox_.closed()) break;
    if (work) take(std::move(*work));
    const Time now = clock_.now();
    if (urgent_ || (!keeper_.idle() && now - last_checkpoint_ >= options_.checkpoint_every)) checkpoint();
    keep_evidence(std::chrono::milliseconds{10});
    if (!work) housekeeping(now);
    if (now - looked_for_silence_ >= std::chrono::seconds{1}) watch_silence(now);
  }
  keeper_.set_position(std::string(silence_position), silence_.save());
  say_alive(clock_.now());
  checkpoint();
  keep_evidence(std::chrono::seconds{10});
}

// Whoever asked for the flow is on its way; an alert waits for that, but not long.
void CaseworkThread::name_owners(std::vector<rules::Alert>& alerts) const {
  if (aides_.owners == nullptr) return;
  Duration patience = std::chrono::milliseconds{20};
  for (auto& alert : alerts) {
    if (!alert.packet || alert.packet->flow_id == 0) continue;
    const auto owner = aides_.owners->owner_soon(alert.packet->flow_id, std::exchange(patience, Duration{}));
    if (owner != nullptr) add_owner(alert, *owner);
  }
}

void CaseworkThread::say_alive(Time now) {
  said_alive_ = now;
  keeper_.set_position(std::string(alive_position), render_time(now));
}

void CaseworkThread::watch_silence(Time now) {
  constexpr Duration save_every = std::chrono::minutes{5};
  looked_for_silence_ = now;
  auto verdict = silence_.look(now);
  const bool changed = !verdict.alerts.empty() || !verdict.ended.empty();
  for (auto& alert : verdict.alerts) {
    log_.warning(fmt::format("{} of {}: {}, {}", alert.why.front().where, alert.host, alert.why.front().condition,
                             alert.why.front().value));
    keeper_.raise(std::move(alert));
    urgent_ = true;
  }
  for (auto& interval : verdict.ended) blind_.push_back(std::move(interval));
  silent_sources_.set(static_cast<std::int64_t>(silence_.silent().size()));
  if (!changed && now - saved_silence_ < save_every) return;
  saved_silence_ = now;
  keeper_.set_position(std::string(silence_position), silence_.save());
}

void CaseworkThread::take(Work work) {
  for (auto& alert : work.decided) keeper_.raise(std::move(alert));
  urgent_ = urgent_ || !work.decided.empty();
  if (work.generation != nullptr) {
    auto& desk = work.generation->engines->desk(keeper_);
    urgent_ = urgent_ || !work.alerts.empty();
    name_owners(work.alerts);
    desk.offer(std::move(work.alerts));
    desk.settle(clock_.now());
    if (!work.positions.empty())
      for (const auto& active : work.generation->engines->active())
        if (auto state = active.state->save(); !state.empty())
          keeper_.set_detector(std::string(rules::engine_name(active.set->engine())), std::move(state));
  }
  for (const auto& batch : work.events) {
    silence_.hear(batch, clock_.now());
    keeper_.append(batch, work.durability);
  }
  count_unstored();
  for (auto& [source, value] : work.positions) keeper_.set_position(std::move(source), std::move(value));
  take_evidence(std::move(work.evidence));
  for (auto& interval : work.blind) blind_.push_back(std::move(interval));
  if (!work.task) return;
  if (work.waits == TaskWaits::checkpoint) checkpoint();
  work.task(*this);
}

void CaseworkThread::checkpoint() {
  urgent_ = false;
  last_checkpoint_ = clock_.now();
  std::erase_if(blind_, [&](const auto& interval) {
    auto added = keeper_.store().records().add_blind(interval);
    if (!added) report_trouble(added.error());
    return added.has_value();
  });
  // While the disk is full the backlog waits: an empty round asks whether there is room again.
  if (keeper_.idle() && storing_.value() != 0) return;
  auto outcome = keeper_.checkpoint();
  if (!outcome) return report_trouble(outcome.error());
  checkpoints_.add();
  if (outcome->trouble) report_trouble(*outcome->trouble);
  else clear_trouble();
  for (const auto& item : outcome->filed) {
    if (item.alert.exercise == Exercise::no) alerts_stored_.add();
    listener_(item);
  }
}

// Their alerts came with them or before; what is not committed yet waits, and so do they. Sealing takes its time on a
// slow disk, and alerts must not wait for it: a little at a turn.
void CaseworkThread::keep_evidence(Duration at_most) {
  if (taken_.empty() || (urgent_ && storing_.value() != 0)) return;
  if (aides_.evidence == nullptr) return taken_.clear();
  const Time begun = clock_.now();
  do {
    taken_bytes_ -= taken_.front().bytes.size();
    auto kept = aides_.evidence->keep(taken_.front());
    taken_.pop_front();
    if (!kept)
      log_.limited(LogLevel::warning, "evidence", "evidence of an alert is not in the vault: " + kept.error().text());
  } while (!taken_.empty() && clock_.now() - begun < at_most);
  evidence_figures_.show(*aides_.evidence);
}

void CaseworkThread::take_evidence(std::vector<TakenEvidence> captures) {
  constexpr std::uint64_t waiting_most = 64U << 20;
  for (auto& capture : captures) {
    if (taken_bytes_ + capture.bytes.size() > waiting_most) {
      evidence_figures_.drop();
      continue;
    }
    taken_bytes_ += capture.bytes.size();
    taken_.push_back(std::move(capture));
  }
}

// Detectors saw these events; nobody can look them up. `status` and reports name the time as one with gaps.
void CaseworkThread::count_unstored() {
  const auto lost = keeper_.events_dropped() - unstored_.value();
  if (lost == 0) return;
  unstored_.add(lost);
  if (unstored_now_.count == 0) unstored_now_ = {"store", "events not stored", clock_.now(), {}, 0, Exercise::no};
  unstored_now_.until = clock_.now();
  unstored_now_.count += lost;
}

void CaseworkThread::clear_trouble() {
  if (storing_.value() == 0) log_.info("storing again");
  if (unstored_now_.count != 0) {
    log_.warning(fmt::format("{} events were not stored between {} and {}: there was no room", unstored_now_.count,
                             render_time(unstored_now_.since), render_time(unstored_now_.until)));
    blind_.push_back(std::exchange(unstored_now_, {}));
  }
  storing_.set(1);
  const std::lock_guard lock(trouble_mutex_);
  trouble_.clear();
}

void CaseworkThread::report_trouble(const Error& error) {
  storing_.set(0);
  {
    const std::lock_guard lock(trouble_mutex_);
    trouble_ = error.text();
  }
  log_.limited(LogLevel::error, "store", "cannot store: " + error.text() + "; detection goes on, alerts wait for room");
}

std::string CaseworkThread::store_trouble() const {
  const std::lock_guard lock(trouble_mutex_);
  return trouble_;
}

// Whoever was asked to take an incident over and is silent: the next is asked, or it stays where it is.
void CaseworkThread::pass_handovers() {
  if (!keeper_.casework().handover_due()) return;
  checkpoint();
  auto done = keeper_.in_transaction([&] { return keeper_.casework().pass_handovers(); });
  if (!done) log_.limited(LogLevel::warning, "handover", "an unanswered hand-over waits: " + done.error().text());
}

void CaseworkThread::housekeeping(Time now) {
  constexpr Duration alive_every = std::chrono::seconds{30};
  constexpr Duration handovers_every = std::chrono::seconds{10};
  if (now - passed_handovers_ >= handovers_every) {
    passed_handovers_ = now;
    pass_handovers();
  }
  if (now - said_alive_ >= alive_every) say_alive(now);
  if (storing_.value() == 0 && now >= retry_at_) {
    retry_at_ = now + std::chrono::seconds{5};
    checkpoint();
  }
  if (reports_ && now >= next_report_look_) {
    next_report_look_ = now + std::chrono::seconds{2};
    auto made = reports_->run_due();
    if (!made) log_.limited(LogLevel::error, "reports", "scheduled reports: " + made.error().text());
    else
      for (const auto& one : *made) {
        if (one.trouble)
          log_.limited(LogLevel::error, "reports", "report " + one.row.period + ": " + one.trouble->text());
        else log_.info("report " + one.row.period + " made");
      }
  }
  if (now - last_retention_ < options_.retain_every) return;
  last_retention_ = now;
  const Time events_since = options_.events.keep > Duration{0} ? now - options_.events.keep : Time{};
  const Time alerts_since = options_.alerts.keep > Duration{0} ? now - options_.alerts.keep : Time{};
  const auto bytes = options_.events.most.bytes == 0 ? UINT64_MAX : options_.events.most.bytes;
  if (auto retained = keeper_.retain(events_since, bytes, alerts_since, options_.alerts.most.bytes); !retained)
    report_trouble(retained.error());
}

}  // namespace tocsin::daemon
