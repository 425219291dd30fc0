#include "daemon/app/replay.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "daemon/app/replay_evtx.h"
#include "daemon/app/replay_files.h"
#include "daemon/app/replay_logs.h"
#include "daemon/app/replay_packets.h"

namespace tocsin::daemon {

Replay::Replay(ReplayOptions options, FieldNames& names, Engines& engines,
               std::shared_ptr<const collectors::DecoderSet> decoders, rules::AlertSink& out)
    : options_(std::move(options)),
      names_(names),
      engines_(engines),
      decoders_(std::move(decoders)),
      pool_(std::max<std::size_t>(1, options_.workers)),
      desk_(engines.active(), out, engines.tuning()) {
  for (std::size_t i = 0; i < pool_.size(); ++i)
    lanes_.push_back(std::make_unique<EventLane>(
        LaneContext{names_, i, pool_.size(), options_.host, options_.recording.exercise}, engines.active()));
}

Replay::~Replay() = default;

namespace {

bool named_as_capture(std::string_view name) {
  for (const std::string_view packed : {".gz", ".zst"})
    if (name.ends_with(packed)) name.remove_suffix(packed.size());
  return name.ends_with(".pcap") || name.ends_with(".pcapng") || name.ends_with(".cap");
}

}  // namespace

Result<std::unique_ptr<ReplayInput>> Replay::open(std::size_t index) {
  const auto& input = options_.recording.inputs[index];
  const bool given = index < options_.descriptors.size();
  const int descriptor =
      given ? ::dup(options_.descriptors[index]) : ::open(input.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) return fail_errno("cannot open " + input.path, errno);
  InputSource source(descriptor);
  TOCSIN_TRY(const InputKind kind, source.settle_kind(input.kind));
  if (input.kind == InputKind::automatic && kind != InputKind::pcap && !source.empty() && named_as_capture(input.name))
    remarks_.push_back(
        fmt::format("{}: is named like a capture, but its content is none: it was read as {}; check how "
                    "it was copied (file, capinfos)",
                    input.name, kind == InputKind::file ? "a file" : "a log"));
  const LaneContext context{names_,
                            0,
                            pool_.size(),
                            input.host.empty() ? options_.host : input.host,
                            options_.recording.exercise,
                            options_.eve ? &*options_.eve : nullptr,
                            options_.evidence ? &*options_.evidence : nullptr};
  switch (kind) {
    case InputKind::pcap:
      return open_packet_input(std::move(source), input, context, options_.packets, options_.filter, pool_,
                               engines_.active());
    case InputKind::file: return open_file_input(std::move(source), input, context, engines_.active());
    case InputKind::evtx:
      if (!evtx_) evtx_ = make_evtx_reader();
      return open_evtx_input(source.release(), input, context, evtx_, decoders_);
    default: break;
  }
  if (input.kind != InputKind::automatic || kind != InputKind::automatic || source.empty())
    return open_log_input(source.release(), input, kind, context, decoders_);
  const int descriptor_of_log = source.release();
  InputSource again(::fcntl(descriptor_of_log, F_DUPFD_CLOEXEC, 0));
  TOCSIN_TRY(auto log, open_log_input(descriptor_of_log, input, kind, context, decoders_));
  return with_file_view(std::move(log), std::move(again), input, context, engines_.active());
}

void Replay::detect(std::span<const EventBatch> events) {
  pool_.run([&](std::size_t worker) {
    for (std::size_t i = worker; i < events.size(); i += pool_.size()) lanes_[worker]->inspect(events[i]);
  });
  for (auto& lane : lanes_) desk_.offer(lane->take_alerts());
}

// Those whose alerts were decided; the rest waits, as its alerts do.
void Replay::hand_over_evidence(std::vector<TakenEvidence> captures, const std::vector<ReplayInput*>& active) {
  for (auto& capture : captures) taken_.push_back(std::move(capture));
  Time decided = Time::max();
  for (const auto* input : active) decided = std::min(decided, input->at());
  const auto ready =
      std::ranges::stable_partition(taken_, [&](const TakenEvidence& capture) { return capture.last_alert > decided; });
  std::vector<TakenEvidence> due(std::make_move_iterator(ready.begin()), std::make_move_iterator(ready.end()));
  taken_.erase(ready.begin(), ready.end());
  if (!due.empty()) options_.keep_evidence(due);
}

Result<ReplaySummary> Replay::run() {
  ReplaySummary summary;
  std::vector<std::unique_ptr<ReplayInput>> inputs;
  for (std::size_t i = 0; i < options_.recording.inputs.size(); ++i) {
    auto input = open(i);
    if (!input) return std::unexpected(std::move(input).error().within("opening " + options_.recording.inputs[i].name));
    inputs.push_back(std::move(*input));
  }
  std::vector<ReplayInput*> active;
  for (auto& input : inputs) active.push_back(input.get());
  while (!active.empty() && !summary.stopped) {
    const auto behind = std::ranges::min_element(active, {}, [](const ReplayInput* input) { return input->at(); });
    std::vector<EventBatch> events;
    std::vector<rules::Alert> alerts;
    TOCSIN_TRY(const bool more, (*behind)->round(events, alerts));
    auto eve = (*behind)->take_eve();
    auto* const latest = *behind;
    if (!more) active.erase(behind);
    desk_.offer(std::move(alerts));
    detect(events);
    for (const auto& batch : events) summary.events += batch.size();
    if (!active.empty()) {
      const auto* slowest = *std::ranges::min_element(active, {}, [](const ReplayInput* input) { return input->at(); });
      desk_.release(slowest->at());
    } else {
      desk_.finish();
    }
    if (options_.round_done) TOCSIN_CHECK(options_.round_done(events));
    if (options_.keep_evidence) hand_over_evidence(latest->take_evidence(), active);
    if (options_.keep_files) options_.keep_files(latest->take_files());
    if (options_.eve_round) options_.eve_round(std::move(eve));
    std::uint64_t read = 0;
    for (const auto& input : inputs) read += input->bytes_read();
    if (options_.progress && !options_.progress(read, 0)) summary.stopped = true;
  }
  summary.remarks = std::move(remarks_);
  for (const auto& input : inputs) input->summarize(summary);
  return summary;
}

}  // namespace tocsin::daemon
