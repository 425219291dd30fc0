#include "daemon/app/live/capture_watch.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::daemon {
namespace {

constexpr std::array<LossCauseRow, loss_causes> rows_of_causes{{
    {"ring", "packets", "the kernel's ring was full, the worker lags behind: collect.interfaces ring and workers"},
    {"interface", "packets", "dropped by card or driver before any ring: ethtool -S, ethtool -G"},
    {"undecodable", "packets", "cut short, malformed, or of a link or network type nobody knows"},
    {"truncated", "packets", "cut at collect.interfaces snapshot"},
    {"fragments", "fragments", "the memory for fragments was full, or they were invalid"},
    {"flows", "flows", "ended early, limits.flows was reached"},
    {"stream memory", "segments", "not put in order, limits.stream_memory was full"},
    {"stream segments", "segments", "too many of one direction out of order"},
    {"stream gaps", "gaps", "bytes of connections that never came past: lost before the capture, or by it"},
    {"casework", "records", "casework had no room for them: limits.batches_waiting"},
}};

// A minute of a small host has this many, and fewer say nothing.
constexpr std::uint64_t flows_to_judge = 20;
constexpr std::uint64_t frames_to_judge = 20;
constexpr std::uint64_t one_sided_percent = 80;
constexpr std::size_t notices_most = 64;

std::int64_t second_of(Time time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(); }

}  // namespace

const LossCauseRow& describe(LossCause cause) noexcept { return rows_of_causes[static_cast<std::size_t>(cause)]; }

void CaptureWatch::add(LossCause cause, const std::string& interface, std::uint64_t amount, Time now) {
  if (amount == 0) return;
  auto& kept = causes_[static_cast<std::size_t>(cause)];
  const auto second = second_of(now);
  auto& slot = kept.seconds[static_cast<std::size_t>(second) % seconds_kept];
  if (slot.first != second) slot = {second, 0};
  slot.second += amount;
  kept.total += amount;
  kept.by_interface[interface] += amount;
  metrics_
      .counter("tocsin_capture_lost", "What was lost on the way from the wire to the rules, by cause",
               fmt::format("interface=\"{}\",cause=\"{}\",counts=\"{}\"", interface, describe(cause).name,
                           describe(cause).counts))
      .add(amount);
}

std::vector<CaptureNotice> CaptureWatch::tell(std::size_t source, const std::string& interface,
                                              const CaptureTotals& totals, Time now) {
  const std::lock_guard lock(mutex_);
  auto& known = sources_[source];
  for (std::size_t i = 0; i < loss_causes; ++i)
    if (totals.lost[i] > known.seen.lost[i])
      add(static_cast<LossCause>(i), interface, totals.lost[i] - known.seen.lost[i], now);
  known.seen = totals;
  std::vector<CaptureNotice> begun;
  judge(interface, known, totals, now, begun);
  return begun;
}

void CaptureWatch::tell_interface(const std::string& interface, std::uint64_t dropped, Time now) {
  const std::lock_guard lock(mutex_);
  const auto [known, fresh] = interfaces_.try_emplace(interface, dropped);
  if (!fresh && dropped > known->second) add(LossCause::interface, interface, dropped - known->second, now);
  known->second = dropped;
}

void CaptureWatch::judge(const std::string& interface, Source& source, const CaptureTotals& totals, Time now,
                         std::vector<CaptureNotice>& begun) {
  auto& from = source.judged_from;
  if (const auto judged = totals.judged - from.judged; judged >= flows_to_judge) {
    const auto one_sided = totals.one_sided - from.one_sided;
    set({interface, "one-sided",
         fmt::format("{} of the last {} TCP flows were seen in one direction only: half of the traffic is missing, and "
                     "rules that need established connections do not fire",
                     one_sided, judged),
         "mirror both directions to this interface (the switch's SPAN of rx and tx, or both ports of a tap)", true,
         now},
        one_sided * 100 >= judged * one_sided_percent, begun);
    from.judged = totals.judged;
    from.one_sided = totals.one_sided;
  }
  if (const auto frames = totals.frames - from.frames; frames >= frames_to_judge) {
    const auto oversize = totals.oversize - from.oversize;
    set({interface, "receive offload",
         fmt::format("{} of the last {} frames are longer than the MTU: the card or kernel merges packets before they "
                     "are seen here, so that sizes and segments are not those on the wire",
                     oversize, frames),
         // Ordinary on a host that watches its own traffic, and no reason to miss anything.
         "ethtool -K INTERFACE gro off lro off (and tso, gso off where this host's own packets matter)", false, now},
        oversize != 0, begun);
    const auto pending = totals.checksum_pending - from.checksum_pending;
    set({interface, "checksum offload",
         fmt::format("{} of the last {} frames were sent by this host before their checksum was filled in; checksums "
                     "are not judged here, nothing is missed",
                     pending, frames),
         "", false, now},
        pending != 0, begun);
    from.frames = totals.frames;
    from.oversize = totals.oversize;
    from.checksum_pending = totals.checksum_pending;
  }
}

void CaptureWatch::set(CaptureNotice notice, bool holds, std::vector<CaptureNotice>& begun) {
  const auto known = std::ranges::find_if(notices_, [&](const CaptureNotice& other) {
    return other.interface == notice.interface && other.kind == notice.kind;
  });
  if (!holds) {
    if (known != notices_.end()) notices_.erase(known);
    return;
  }
  if (known != notices_.end()) {
    notice.since = known->since;
    *known = std::move(notice);
    return;
  }
  if (notices_.size() >= notices_most) return;
  notices_.push_back(notice);
  begun.push_back(std::move(notice));
}

std::vector<CaptureWatch::Row> CaptureWatch::rows(Time now) const {
  const std::lock_guard lock(mutex_);
  const auto second = second_of(now);
  std::vector<Row> out;
  for (std::size_t i = 0; i < loss_causes; ++i) {
    const auto& kept = causes_[i];
    Row row{static_cast<LossCause>(i), 0, 0, kept.total, {}};
    for (const auto& [when, lost] : kept.seconds) {
      if (when == second - 1) row.last_second = lost;
      if (when > second - static_cast<std::int64_t>(seconds_kept)) row.last_minute += lost;
    }
    const auto worst = std::ranges::max_element(kept.by_interface, {}, [](const auto& each) { return each.second; });
    if (worst != kept.by_interface.end()) row.worst = worst->first;
    out.push_back(std::move(row));
  }
  return out;
}

std::vector<CaptureNotice> CaptureWatch::notices() const {
  const std::lock_guard lock(mutex_);
  return notices_;
}

std::map<std::string, std::uint64_t> parse_interface_drops(std::string_view text) {
  constexpr std::size_t drop_column = 3;  // bytes packets errs drop
  std::map<std::string, std::uint64_t> out;
  for (const auto line : split(text, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::size_t column = 0;
    for (const auto word : split(line.substr(colon + 1), ' ')) {
      if (word.empty() || column++ != drop_column) continue;
      if (const auto number = parse_unsigned(word)) out.emplace(trim(line.substr(0, colon)), *number);
    }
  }
  return out;
}

}  // namespace tocsin::daemon
