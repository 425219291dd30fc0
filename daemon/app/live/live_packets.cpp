#include "daemon/app/live/live_packets.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/event/field_table.h"

namespace tocsin::daemon {

// What a worker has of one load of the rules.
struct LivePackets::Part {
  GenerationRef generation;
  std::vector<std::unique_ptr<rules::Detector>> detectors;
  std::unique_ptr<EventLane> events;
};

// A wish that was made, and who waits for what becomes of it.
struct LivePackets::Carved {
  Carved(PacketWish wish, std::string interface) : carving(std::move(wish), std::move(interface)) {}
  Carving carving;
  std::promise<Result<CarvedPackets>> told;
};

// Packet worker, packet engines and the engines that look at its records, with their collected findings.
class LivePackets::Lane final : public collectors::RecordSink {
 public:
  Lane(const LivePacketsOptions& options, FieldNames& names, const Generations& generations)
      : context_{names, options.worker, options.workers, options.host, Exercise::no},
        eve_(options.eve == nullptr ? nullptr : std::make_unique<EveObserver>(options.eve->records())),
        tap_(options.evidence ? std::make_unique<EvidenceTap>(*options.evidence, alerts_, eve_.get()) : nullptr),
        asker_(options.owners == nullptr ? nullptr
                                         : std::make_unique<OwnerAsker>(*options.owners, options.own_addresses)),
        switch_(leading(), eve_.get()),
        worker_(options.packets, names, *this, {&switch_}) {
    exchange(*make(generations.current()));
  }

  // Any thread: touches nothing that the worker changes.
  std::unique_ptr<Part> make(GenerationRef generation) const {
    auto part = std::make_unique<Part>();
    const rules::WorkerContext context{context_.names, context_.worker, context_.workers,
                                       context_.host,  Exercise::no,    annotator()};
    for (auto& active : generation->engines->active())
      part->detectors.push_back(active.set->attach(context, *active.state));
    part->events = std::make_unique<EventLane>(context_, generation->engines->active());
    part->generation = std::move(generation);
    return part;
  }

  // Between packets; `part` then holds what was in use.
  void exchange(Part& part) {
    if (eve_) eve_->forget_detectors();
    for (const auto& detector : part.detectors)
      if (eve_) eve_->ask(*detector);
    rules::AlertSink& sink = tap_ ? tap_->sink() : alerts_;
    part.detectors = switch_.use(std::move(part.detectors), sink);
    std::swap(part.events, events_);
    std::swap(part.generation, generation_);
  }

  void on_records(EventBatch batch) override {
    events_->inspect(batch);
    records_.push_back(std::move(batch));
  }

  void process(const collectors::RawFrame& frame) {
    if (tap_) tap_->take(frame);
    worker_.process(frame);
  }
  void finish() {
    worker_.finish();
    if (tap_) tap_->finish();
  }
  collectors::PacketWorker& worker() noexcept { return worker_; }
  std::vector<TakenEvidence> take_evidence() { return tap_ ? tap_->take_finished() : std::vector<TakenEvidence>{}; }
  const collectors::RecentFrames* recent() const { return tap_ ? tap_->recent() : nullptr; }
  EvidenceShortfall evidence_shortfall() const { return tap_ ? tap_->shortfall() : EvidenceShortfall{}; }
  const GenerationRef& generation() const noexcept { return generation_; }
  std::vector<rules::Alert> take_alerts() {
    auto out = alerts_.take();
    for (auto& alert : events_->take_alerts()) out.push_back(std::move(alert));
    return out;
  }
  std::vector<EventBatch> take_records() { return std::exchange(records_, {}); }
  EveObserver* eve() noexcept { return eve_.get(); }

  void ask_for_owners() {
    if (asker_) asker_->hand_over();
  }

 private:
  rules::AlertAnnotator* annotator() const {
    return tap_ ? &tap_->annotator() : static_cast<rules::AlertAnnotator*>(eve_.get());
  }
  std::vector<collectors::Observer*> leading() const {
    std::vector<collectors::Observer*> out;
    if (tap_) out = tap_->observers();
    if (asker_) out.push_back(asker_.get());
    return out;
  }

  LaneContext context_;
  GenerationRef generation_;
  AlertBuffer alerts_;
  std::unique_ptr<EveObserver> eve_;
  std::unique_ptr<EvidenceTap> tap_;
  std::unique_ptr<OwnerAsker> asker_;
  DetectorSwitch switch_;
  std::unique_ptr<EventLane> events_;
  std::vector<EventBatch> records_;
  collectors::PacketWorker worker_;
};

namespace {

constexpr const char* no_such_interface = "no such interface";
constexpr const char* capture_failed = "capture failed";

std::string label(const LivePacketsOptions& options) {
  return fmt::format("interface=\"{}\",worker=\"{}\"", options.interface, options.worker);
}

}  // namespace

LivePackets::LivePackets(LivePacketsOptions options, FieldNames& names, const Generations& generations, Inbox& inbox,
                         const Clock& clock, Log& log, Metrics& metrics)
    : options_(std::move(options)),
      generations_(generations),
      inbox_(inbox),
      clock_(clock),
      log_(log),
      received_(metrics.counter("tocsin_packets_received", "Packets taken from the ring", label(options_))),
      dropped_ring_(
          metrics.counter("tocsin_packets_dropped", "Packets lost, by cause", label(options_) + ",cause=\"ring\"")),
      dropped_inbox_(
          metrics.counter("tocsin_records_dropped", "Packet records casework had no room for", label(options_))),
      dropped_evidence_(metrics.counter("tocsin_evidence_dropped", "Evidence that did not go into the vault, by cause",
                                        "cause=\"casework\"")),
      unfetched_evidence_(metrics.counter("tocsin_evidence_dropped",
                                          "Evidence that did not go into the vault, by cause",
                                          "cause=\"too much at once\"")),
      incomplete_evidence_(metrics.counter(
          "tocsin_evidence_incomplete", "Captures and files around alerts that are not whole: memory was too small")),
      bytes_(metrics.counter("tocsin_packet_bytes", "Bytes taken from the ring", label(options_))),
      stalled_(metrics.gauge("tocsin_reload_stall_microseconds",
                             "How long the last reload kept a worker from its packets", label(options_))),
      flows_(metrics.gauge("tocsin_flows", "Flows that are followed now; limits.flows is the most", label(options_))),
      lane_(std::make_unique<Lane>(options_, names, generations)),
      used_(lane_->generation()->number) {}

LivePackets::~LivePackets() {
  stop();
  join();
}

void LivePackets::start() {
  thread_ = std::thread([this] { run(); });
}

void LivePackets::join() {
  if (thread_.joinable()) thread_.join();
}

LivePackets::State LivePackets::state() const {
  const char* state = down_.load() ? "interface down" : "watching";
  if (gone_.load()) state = failed_.load() ? capture_failed : no_such_interface;
  return {"interface:" + options_.interface, state, packets_.load(), lost_.load()};
}

void LivePackets::prepare(GenerationRef next) {
  auto part = lane_->make(std::move(next));
  const std::lock_guard lock(parts_mutex_);
  std::swap(ready_, part);
}

void LivePackets::dispose() {
  std::unique_ptr<Part> part;
  const std::lock_guard lock(parts_mutex_);
  std::swap(used_up_, part);
}

void LivePackets::exchange() {
  const auto before = std::chrono::steady_clock::now();
  std::unique_ptr<Part> part;
  {
    const std::lock_guard lock(parts_mutex_);
    // What was made ready may be an older one, if two loads follow each other closely.
    if (ready_ == nullptr || ready_->generation->number != generations_.number()) return;
    std::swap(part, ready_);
  }
  lane_->exchange(*part);
  used_.store(lane_->generation()->number, std::memory_order_release);
  {
    const std::lock_guard lock(parts_mutex_);
    std::swap(used_up_, part);
  }
  const auto took = std::chrono::steady_clock::now() - before;
  stall_.store(std::chrono::duration_cast<Duration>(took).count(), std::memory_order_relaxed);
  stalled_.set(std::chrono::ceil<std::chrono::microseconds>(took).count());
}

void LivePackets::use(collectors::PacketRing ring) {
  const std::lock_guard lock(parts_mutex_);
  next_ring_.emplace(std::move(ring));
  let_go_.store(false, std::memory_order_relaxed);
  gone_.store(false, std::memory_order_release);
}

bool LivePackets::take_ring() {
  {
    const std::lock_guard lock(parts_mutex_);
    if (!next_ring_) return false;
    ring_.emplace(std::move(*next_ring_));
    next_ring_.reset();
  }
  const auto since = std::exchange(gone_since_, std::nullopt);
  if (!since || options_.worker != 0) return true;  // it never was away; of an interface's workers one tells
  log_.warning(options_.interface + ": the interface is watched again");
  Work work;
  BlindInterval blind;
  blind.source = "interface:" + options_.interface;
  blind.cause = failed_.load() ? capture_failed : no_such_interface;
  blind.since = *since;
  blind.until = clock_.now();
  work.blind.push_back(std::move(blind));
  if (!inbox_.try_send(work)) dropped_inbox_.add();
  return true;
}

void LivePackets::lose_ring(Time now, bool failed) {
  account(now);
  failed_.store(failed);
  ring_.reset();
  seen_ = {};
  gone_since_ = now;
  gone_.store(true, std::memory_order_release);
}

// What is due without packets, too.
void LivePackets::turn(Time now) {
  lane_->ask_for_owners();
  lane_->worker().advance(now);
  if (now - accounted_ >= std::chrono::seconds{1}) {
    account_eve();
    account(now);
  }
  hand_over();
}

void LivePackets::run() {
  constexpr Duration patience_most = std::chrono::milliseconds{100};
  std::uint64_t number = 0;
  while (!over_.load(std::memory_order_relaxed)) {
    if (generations_.number() != lane_->generation()->number) exchange();
    const bool carving = carve_some();
    if (let_go_.exchange(false, std::memory_order_relaxed) && ring_) lose_ring(clock_.now(), true);
    if (!ring_ && !take_ring()) {
      while (carve_some()) continue;  // nothing comes: there is time to look
      if (!gone_since_) gone_since_ = clock_.now();
      std::this_thread::sleep_for(patience_most);
      turn(clock_.now());
      continue;
    }
    const Duration due = std::clamp(lane_->worker().next_due() - clock_.now(), Duration{}, patience_most);
    const Duration patience = carving ? Duration{} : due;
    auto polled = ring_->poll(patience, [&](const collectors::RawFrame& frame) {
      collectors::RawFrame numbered = frame;
      numbered.number = ++number;
      if (options_.frame_ordinary != 0 && frame.wire_length > options_.frame_ordinary) ++oversize_;
      if (frame.checksum_pending) ++checksum_pending_;
      lane_->process(numbered);
    });
    const Time now = clock_.now();
    if (!polled) {
      const std::string text = options_.interface + ": " + polled.error().text();
      log_.limited(LogLevel::warning, text, text);
      while (carve_some()) continue;
      down_.store(polled.error().code == Code::unreachable);
      if (down_) std::this_thread::sleep_for(std::chrono::seconds{1});
      else lose_ring(now, polled.error().code != Code::not_found);
      continue;
    }
    down_.store(false);
    packets_.fetch_add(*polled, std::memory_order_relaxed);
    turn(now);
  }
  end_carving();
  lane_->finish();
  account_eve();
  account(clock_.now());
  hand_over();
}

std::future<Result<CarvedPackets>> LivePackets::carve(PacketWish wish) {
  constexpr std::size_t carvings_most = 8;
  auto asked = std::make_unique<Carved>(std::move(wish), options_.interface);
  auto out = asked->told.get_future();
  const std::lock_guard lock(carvings_mutex_);
  if (lane_->recent() == nullptr)
    asked->told.set_value(fail(Code::denied, "no frames are held: evidence.recent_packets is 0, or there is no vault"));
  else if (ended_) asked->told.set_value(fail(Code::unreachable, options_.interface + " is not watched any more"));
  else if (carvings_.size() >= carvings_most)
    asked->told.set_value(fail(Code::exhausted, "too many look for packets at once; ask again later"));
  else {
    carvings_.push_back(std::move(asked));
    carving_.store(true, std::memory_order_release);
  }
  return out;
}

// A slice of well under a millisecond. True while there is more to do.
bool LivePackets::carve_some() {
  constexpr std::size_t frames_at_once = 512;
  if (!carving_.load(std::memory_order_acquire)) return false;
  std::unique_lock lock(carvings_mutex_);
  Carved& first = *carvings_.front();  // only this thread removes it
  lock.unlock();
  if (!first.carving.look(*lane_->recent(), frames_at_once)) return true;
  auto found = first.carving.take();
  lock.lock();
  const auto done = std::move(carvings_.front());
  carvings_.pop_front();
  carving_.store(!carvings_.empty(), std::memory_order_release);
  lock.unlock();
  done->told.set_value(std::move(found));
  return true;
}

void LivePackets::end_carving() {
  const std::lock_guard lock(carvings_mutex_);
  ended_ = true;
  for (const auto& each : carvings_) each->told.set_value(fail(Code::unreachable, "the daemon is stopping"));
  carvings_.clear();
  carving_.store(false, std::memory_order_release);
}

// Every lost packet is in one counter and in one blind interval.
void LivePackets::account(Time now) {
  if (!ring_) return;
  const auto now_seen = ring_->statistics();
  if (!now_seen) return;
  received_.add(now_seen->delivered - seen_.delivered);
  bytes_.add(now_seen->delivered_bytes - seen_.delivered_bytes);
  const auto dropped = now_seen->dropped - seen_.dropped;
  seen_ = *now_seen;
  flows_.set(static_cast<std::int64_t>(lane_->worker().counters().flows_active));
  tell_watch(now);
  const auto shortfall = lane_->evidence_shortfall();
  unfetched_evidence_.add(shortfall.dropped - evidence_seen_.dropped);
  incomplete_evidence_.add(shortfall.incomplete - evidence_seen_.incomplete);
  evidence_seen_ = shortfall;
  if (dropped != 0) {
    dropped_ring_.add(dropped);
    lost_.fetch_add(dropped, std::memory_order_relaxed);
    if (blind_count_ == 0) blind_since_ = accounted_ == Time{} ? now : accounted_;
    blind_count_ += dropped;
  } else if (blind_count_ != 0) {
    Work work;
    BlindInterval blind;
    blind.source = "interface:" + options_.interface;
    blind.cause = "ring full";
    blind.since = blind_since_;
    blind.until = now;
    blind.count = blind_count_;
    work.blind.push_back(std::move(blind));
    if (inbox_.try_send(work)) blind_count_ = 0;
  }
  accounted_ = now;
}

// What the worker and its ring lost so far; what is new of it is a loss of this second.
void LivePackets::tell_watch(Time now) {
  if (options_.watch == nullptr) return;
  const auto& counters = lane_->worker().counters();
  CaptureTotals totals;
  const auto set = [&](LossCause cause, std::uint64_t count) { totals.lost[static_cast<std::size_t>(cause)] = count; };
  set(LossCause::ring, seen_.dropped);
  set(LossCause::undecodable, counters.undecodable);
  set(LossCause::truncated, counters.truncated);
  set(LossCause::fragments, counters.fragments_refused);
  set(LossCause::flows, counters.flows_evicted);
  set(LossCause::stream_memory, counters.stream_memory_refused);
  set(LossCause::stream_segments, counters.stream_segments_refused);
  set(LossCause::stream_gaps, counters.stream_gaps);
  set(LossCause::casework, dropped_inbox_.value());
  totals.frames = counters.received;
  totals.oversize = oversize_;
  totals.checksum_pending = checksum_pending_;
  totals.judged = counters.tcp_flows_judged;
  totals.one_sided = counters.tcp_flows_one_sided;
  for (const auto& notice : options_.watch->tell(options_.ring, options_.interface, totals, now)) say(notice, now);
}

// As an event that is kept and found by searches, and in the log.
void LivePackets::say(const CaptureNotice& notice, Time now) {
  if (notice.warning) log_.warning(fmt::format("{}: {}; {}", notice.interface, notice.text, notice.next_step));
  Work work;
  EventBatch& batch = work.events.emplace_back();
  EventBuilder event(batch);
  event.set(field::event_kind, "event");
  event.set(field::event_category, "network");
  event.set(field::event_action, fmt::format("capture.{}", notice.kind));
  event.set(field::event_reason, notice.text);
  event.set(field::tocsin_loss_cause, notice.kind);
  const std::string source = "interface:" + options_.interface;
  EventHeader header;
  header.id = hash128(fmt::format("{}/{}/{}", options_.packets.identity, notice.kind, now.time_since_epoch().count()));
  header.observed = header.ingested = now;
  header.event_class = EventClass::loss;
  header.dataset = "capture";
  header.host = options_.host;
  header.source = source;
  event.finish(header, {});
  if (!inbox_.try_send(work)) dropped_inbox_.add();
}

void LivePackets::account_eve() {
  if (auto* eve = lane_->eve()) options_.eve->report(options_.ring, eve->counters(), lane_->worker().counters());
}

void LivePackets::hand_over() {
  if (auto* eve = lane_->eve()) options_.eve->offer(eve->take());
  const std::size_t waiting_most = options_.alerts_waiting;
  for (auto& alert : lane_->take_alerts()) {
    const auto same = [&](const rules::Alert& other) {
      return other.rule == alert.rule && other.entities == alert.entities;
    };
    // Full: repeats of one rule about the same entities become one counted alert; the count is the trace of the
    // folding.
    const auto folded = waiting_.size() < waiting_most ? waiting_.end() : std::ranges::find_if(waiting_, same);
    if (folded != waiting_.end()) folded->count += alert.count;
    else if (waiting_.size() < waiting_most * 2) waiting_.push_back(std::move(alert));
    else dropped_inbox_.add();
  }
  auto records = lane_->take_records();
  auto evidence = lane_->take_evidence();
  if (waiting_.empty() && records.empty() && evidence.empty()) return;
  Work work;
  work.generation = lane_->generation();
  work.alerts = std::move(waiting_);
  work.events = std::move(records);
  work.evidence = std::move(evidence);
  if (inbox_.try_send(work)) {
    waiting_.clear();
    return;
  }
  waiting_ = std::move(work.alerts);
  for (const auto& batch : work.events) dropped_inbox_.add(batch.size());
  dropped_evidence_.add(work.evidence.size());
}

}  // namespace tocsin::daemon
