#include "rules/signature/state/threshold_table.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "collectors/base/text.h"

namespace tocsin::rules::signature {
namespace {

using std::chrono::seconds;

std::string key_text(Threshold::Track track, const Alert& alert) {
  const auto& p = *alert.packet;
  switch (track) {
    case Threshold::Track::source: return "s" + render_address(p.source);
    case Threshold::Track::destination: return "d" + render_address(p.destination);
    case Threshold::Track::pair:
    case Threshold::Track::either: {
      auto a = render_address(p.source);
      auto b = render_address(p.destination);
      if (b < a) std::swap(a, b);
      return "b" + a + "," + b;
    }
    case Threshold::Track::rule: return "r";
    case Threshold::Track::flow: return fmt::format("f{}", p.flow_id);
  }
  return {};
}

Digest128 threshold_key(const Threshold& threshold, const SignatureInfo& info, const Alert& alert) {
  return hash128(fmt::format("{}/{}/{}/{}", static_cast<int>(threshold.kind), info.gid, info.sid,
                             key_text(threshold.track, alert)));
}

Digest128 host_bit_key(const HostBit& bit, const Alert& alert) {
  const auto& p = *alert.packet;
  switch (bit.track) {
    case HostBit::Track::source: return hash128("x" + bit.name + "/" + render_address(p.source));
    case HostBit::Track::destination: return hash128("x" + bit.name + "/" + render_address(p.destination));
    case HostBit::Track::transaction:
      return hash128(fmt::format("t{}/{}/{}", bit.name, p.flow_id, p.transaction.value_or(0)));
    case HostBit::Track::pair: break;
  }
  auto a = render_address(p.source);
  auto b = render_address(p.destination);
  if (b < a) std::swap(a, b);
  return hash128("p" + bit.name + "/" + a + "," + b);
}

bool suppressed(const Threshold& threshold, const Alert& alert) {
  if (threshold.tuned) return threshold.tuned->takes(alert);
  if (!threshold.addresses) return true;
  const auto& p = *alert.packet;
  const bool source = threshold.addresses->contains(p.source);
  const bool destination = threshold.addresses->contains(p.destination);
  switch (threshold.track) {
    case Threshold::Track::source: return source;
    case Threshold::Track::destination: return destination;
    default: return source || destination;
  }
}

}  // namespace

ThresholdTable::Window* ThresholdTable::window(const Digest128& key, const Threshold& threshold, Time now,
                                               bool& fresh) {
  auto found = windows_.find(key);
  if (found == windows_.end()) {
    if (windows_.size() >= entries_most) make_room(now);
    found = windows_.emplace(key, Window{now, 0, threshold.seconds}).first;
    found->second.next = threshold.count;
    fresh = true;
  } else if (threshold.kind != Threshold::Kind::backoff && now > found->second.start + seconds(found->second.seconds)) {
    found->second = Window{now, 0, threshold.seconds};
    fresh = true;
  }
  return &found->second;
}

// Expired windows first; if that frees nothing, the oldest half goes.
void ThresholdTable::make_room(Time now) {
  evicted_ += std::erase_if(windows_, [&](const auto& w) { return now > w.second.start + seconds(w.second.seconds); });
  if (windows_.size() < entries_most) return;
  std::vector<Time> starts;
  for (const auto& [key, w] : windows_) starts.push_back(w.start);
  const auto middle = starts.begin() + static_cast<std::ptrdiff_t>(starts.size() / 2);
  std::nth_element(starts.begin(), middle, starts.end());
  evicted_ += std::erase_if(windows_, [&](const auto& w) { return w.second.start <= *middle; });
}

// The port of a `unique_on` was not seen in this window yet.
bool ThresholdTable::counts_again(const Threshold& threshold, const Alert& alert, Window& window) {
  if (threshold.unique == Threshold::Unique::none) return true;
  const auto port =
      threshold.unique == Threshold::Unique::source_port ? alert.packet->source_port : alert.packet->destination_port;
  const auto place = std::ranges::lower_bound(window.ports, port);
  if (place != window.ports.end() && *place == port) return false;
  if (window.ports.size() < ports_most) window.ports.insert(place, port);
  return true;
}

bool ThresholdTable::lets_through(const Threshold& threshold, const SignatureInfo& info, const Alert& alert) {
  using Kind = Threshold::Kind;
  if (threshold.kind == Kind::suppress) return !suppressed(threshold, alert);
  // A rate filter changes the action; what is detected stays the same.
  if (threshold.kind == Kind::rate) return true;
  bool fresh = false;
  auto* place = window(threshold_key(threshold, info, alert), threshold, alert.time, fresh);
  const bool again = counts_again(threshold, alert, *place);
  if (again) ++place->count;
  switch (threshold.kind) {
    case Kind::limit: return place->count <= threshold.count;
    case Kind::threshold:
      if (place->count < threshold.count) return false;
      place->count = 0;
      place->ports.clear();
      return true;
    case Kind::both: return again && place->count == threshold.count;
    case Kind::backoff: {
      if (place->count != place->next) return false;
      const auto next = std::uint64_t{place->next} * threshold.multiplier;
      place->next = static_cast<std::uint32_t>(std::min<std::uint64_t>(next, 0xFFFFFFFF));
      // A multiplier of one means every so many, not once.
      if (threshold.multiplier == 1) place->count = 0;
      return true;
    }
    case Kind::filter: return place->count > threshold.count;
    default: return true;
  }
}

bool ThresholdTable::host_bits_hold(const SignatureInfo& info, const Alert& alert) {
  for (const auto& bit : info.host_bits) {
    if (bit.operation != HostBit::Operation::isset && bit.operation != HostBit::Operation::isnotset) continue;
    const auto found = host_bits_.find(host_bit_key(bit, alert));
    const bool set = found != host_bits_.end() && alert.time < found->second;
    if (set != (bit.operation == HostBit::Operation::isset)) return false;
  }
  return true;
}

void ThresholdTable::apply_host_bits(const SignatureInfo& info, const Alert& alert) {
  for (const auto& bit : info.host_bits) {
    using Operation = HostBit::Operation;
    if (bit.operation == Operation::isset || bit.operation == Operation::isnotset) continue;
    const auto key = host_bit_key(bit, alert);
    const auto found = host_bits_.find(key);
    const bool set = found != host_bits_.end() && alert.time < found->second;
    const bool on = bit.operation == Operation::set || (bit.operation == Operation::toggle && !set);
    if (!on) {
      if (found != host_bits_.end()) host_bits_.erase(found);
      continue;
    }
    if (found == host_bits_.end() && host_bits_.size() >= entries_most) {
      evicted_ += std::erase_if(host_bits_, [&](const auto& b) { return b.second <= alert.time; });
      if (host_bits_.size() >= entries_most) {
        ++evicted_;
        continue;
      }
    }
    host_bits_[key] = alert.time + seconds(bit.expire);
  }
}

void ThresholdTable::decide(Alert alert, AlertSink& out) {
  if (!alert.rule || alert.rule->engine != Engine::signature || !alert.packet) {
    out.raise(std::move(alert));
    return;
  }
  const auto& info = static_cast<const SignatureInfo&>(*alert.rule);
  if (!host_bits_hold(info, alert)) return;
  apply_host_bits(info, alert);
  if (info.noalert) return;
  // Suppression first: what is suppressed does not count.
  for (const bool suppression : {true, false}) {
    for (const auto& threshold : info.thresholds) {
      if ((threshold.kind == Threshold::Kind::suppress) != suppression) continue;
      if (lets_through(threshold, info, alert)) continue;
      held_back_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
  }
  out.raise(std::move(alert));
}

void ThresholdTable::advance(Time now, AlertSink&) {
  if (now < swept_ + std::chrono::minutes(1)) return;
  swept_ = now;
  std::erase_if(windows_, [&](const auto& w) { return now > w.second.start + seconds(w.second.seconds); });
  std::erase_if(host_bits_, [&](const auto& b) { return b.second <= now; });
}

// One line per entry, sorted, so that the same state is the same text.
std::string ThresholdTable::save() const {
  std::vector<std::string> lines;
  for (const auto& [key, w] : windows_)
    lines.push_back(fmt::format("w {} {} {} {} {} {}\n", render_digest(key), w.start.time_since_epoch().count(),
                                w.count, w.seconds, w.next, fmt::join(w.ports, ",")));
  for (const auto& [key, until] : host_bits_)
    lines.push_back(fmt::format("b {} {}\n", render_digest(key), until.time_since_epoch().count()));
  std::ranges::sort(lines);
  std::string out;
  for (const auto& line : lines) out += line;
  return out;
}

Result<void> ThresholdTable::restore(std::string_view text) {
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    const auto parts = split(line, ' ');
    const auto key = parts.size() > 1 ? parse_digest128(parts[1]) : std::nullopt;
    const auto time = parts.size() > 2 ? parse_signed(parts[2]) : std::nullopt;
    if (!key || !time) return fail(Code::invalid, "the saved state of the signature engine is damaged");
    if (windows_.size() + host_bits_.size() >= 2 * entries_most) break;
    if (parts[0] == "b") host_bits_[*key] = Time{Duration{*time}};
    if (parts[0] != "w") continue;
    const auto count = parts.size() > 3 ? parse_unsigned(parts[3]) : std::nullopt;
    const auto length = parts.size() > 4 ? parse_unsigned(parts[4]) : std::nullopt;
    if (!count || !length) return fail(Code::invalid, "the saved state of the signature engine is damaged");
    Window window{Time{Duration{*time}}, static_cast<std::uint32_t>(*count), static_cast<std::uint32_t>(*length)};
    // States of before these were kept end here.
    if (parts.size() > 6) {
      window.next = static_cast<std::uint32_t>(parse_unsigned(parts[5]).value_or(0));
      for (const auto port : split(parts[6], ','))
        if (const auto number = parse_unsigned(port); number && *number <= 0xFFFF && window.ports.size() < ports_most)
          window.ports.push_back(static_cast<std::uint16_t>(*number));
      std::ranges::sort(window.ports);
    }
    windows_[*key] = std::move(window);
  }
  return {};
}

}  // namespace tocsin::rules::signature
