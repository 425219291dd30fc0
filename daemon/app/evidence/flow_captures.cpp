#include "daemon/app/evidence/flow_captures.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include <fmt/format.h>

namespace tocsin::daemon {

using collectors::Flow;
using collectors::Packet;

namespace {

// The two hosts of a packet, whichever way it goes.
std::uint64_t hosts_of(const Packet& packet) noexcept {
  const auto text = [](const IpAddress& address) {
    const auto& bytes = address.bytes();
    return hash128(Bytes(bytes.data(), bytes.size())).low;
  };
  return text(packet.source) ^ text(packet.destination);
}

std::string note_of(const rules::Alert& alert) {
  return fmt::format("alert {}: {} ({})", render_digest(alert.id), alert.rule->title, alert.rule->id);
}

}  // namespace

FlowCaptures::FlowCaptures(FlowCaptureOptions options, rules::AlertSink& alerts)
    : options_(std::move(options)), alerts_(alerts), recent_(options_.memory) {}

void FlowCaptures::on_packet(const Packet& packet) {
  current_ = packet.flow;
  if (packet.flow == nullptr) {
    if (!packet.is_fragment) return;
    auto& fragment = fragments_[next_fragment_++ % fragments_.size()];
    fragment = {latest_, hosts_of(packet)};
    return;
  }
  Flow& flow = *packet.flow;
  if (packet.reassembled) link_fragments(packet);
  else flow.recent = recent_.link(latest_, flow.recent);
  if (!flow.wanted) return;
  const auto entry = open_.find(flow.id);
  if (entry == open_.end()) {
    flow.wanted = false;
    return;
  }
  auto& capture = entry->second;
  if (packet.reassembled) take_before(capture, flow.recent);
  else if (const auto frame = recent_.at(flow.recent)) add(capture, *frame);
  capture.after_bytes += packet.frame.size();
  flow.recent = 0;
  if (capture.after_bytes < options_.after_most && packet.time < capture.until) return;
  flow.wanted = false;
  close(entry);
}

// All that these two hosts sent in pieces lately, and nobody has put together yet.
void FlowCaptures::link_fragments(const Packet& packet) {
  const auto hosts = hosts_of(packet);
  for (std::size_t i = 0; i < fragments_.size(); ++i) {
    auto& fragment = fragments_[(next_fragment_ + i) % fragments_.size()];
    if (fragment.position == 0 || fragment.hosts != hosts) continue;
    if (const auto linked = recent_.link(fragment.position, packet.flow->recent)) packet.flow->recent = linked;
    fragment = {};
  }
}

void FlowCaptures::raise(rules::Alert alert) {
  Flow* const flow = current_;
  if (alert.packet && flow != nullptr && flow->id == alert.packet->flow_id) {
    const auto entry = open_.find(flow->id);
    const bool fresh = entry == open_.end();
    auto& capture = fresh ? open(*flow, alert) : entry->second;
    if (capture.capture.alerts.size() < alerts_most) {
      capture.capture.alerts.push_back(alert.id);
      capture.capture.comment += "\n" + note_of(alert);
    }
    capture.capture.last_alert = std::max(capture.capture.last_alert, alert.time);
    capture.until = std::max(capture.until, alert.time + options_.after);
    flow->wanted = true;
    if (fresh) {
      capture.noted_packet = alert.packet->packet;
      capture.note = note_of(alert);
      take_before(capture, std::exchange(flow->recent, 0));
    }
  } else if (alert.packet) {
    ++counters_.without_flow;
  }
  alerts_.raise(std::move(alert));
}

FlowCaptures::Open& FlowCaptures::open(const Flow& flow, const rules::Alert& alert) {
  while (open_.size() >= open_most || (open_bytes_ > open_bytes_most && !open_.empty())) make_room();
  auto& made = open_[flow.id];
  made.capture.name = evidence_name(flow);
  made.capture.comment = fmt::format("community_id {} flow.id {}", alert.packet->community_id, flow.id);
  return made;
}

// The one that has waited longest is finished as it is.
void FlowCaptures::make_room() {
  const auto oldest = std::ranges::min_element(open_, {}, [](const auto& each) { return each.second.until; });
  ++counters_.cut_short;
  close(oldest);
}

void FlowCaptures::take_before(Open& capture, std::uint64_t last) {
  chain_.clear();
  while (last != 0) {
    const auto frame = recent_.at(last);
    if (!frame) {
      ++counters_.overwritten;
      break;
    }
    if (capture.before_bytes + frame->bytes.size() > options_.before_most) break;
    capture.before_bytes += frame->bytes.size();
    chain_.push_back(last);
    last = frame->previous;
  }
  for (const auto position : std::views::reverse(chain_))
    if (const auto frame = recent_.at(position)) add(capture, *frame);
}

void FlowCaptures::add(Open& capture, const collectors::RecentFrames::Frame& frame) {
  if (!capture.begun || capture.link_type != frame.link_type) {
    if (!capture.begun) capture.capture.first = frame.time;
    capture.begun = true;
    capture.link_type = frame.link_type;
    capture.interface = capture.writer.interface(frame.link_type, options_.interface, capture.capture.comment);
  }
  const auto size = capture.writer.size();
  const bool noted = capture.noted_packet != 0 && frame.number == capture.noted_packet;
  capture.writer.packet(capture.interface, frame.time, frame.wire_length, frame.bytes,
                        noted ? std::string_view(capture.note) : std::string_view());
  ++capture.capture.packets;
  open_bytes_ += capture.writer.size() - size;
}

void FlowCaptures::close(OpenCaptures::iterator entry) {
  auto& open = entry->second;
  open_bytes_ -= std::min<std::uint64_t>(open_bytes_, open.writer.size());
  if (open.capture.packets != 0) {
    open.capture.bytes = open.writer.take();
    if (finished_bytes_ + open.capture.bytes.size() > finished_bytes_most) {
      ++counters_.dropped;
    } else {
      finished_bytes_ += open.capture.bytes.size();
      ++counters_.taken;
      finished_.push_back(std::move(open.capture));
    }
  }
  open_.erase(entry);
}

void FlowCaptures::on_flow_end(Flow& flow, collectors::FlowEnd) {
  // Detectors are told after this and may still raise something about it: it is closed with the next time.
  current_ = &flow;
  if (const auto entry = open_.find(flow.id); entry != open_.end()) entry->second.until = Time{};
}

void FlowCaptures::on_time(Time now) {
  current_ = nullptr;
  for (auto entry = open_.begin(); entry != open_.end();) {
    const auto next = std::next(entry);
    if (entry->second.until <= now) close(entry);
    entry = next;
  }
}

void FlowCaptures::finish() {
  while (!open_.empty()) close(open_.begin());
}

std::vector<TakenEvidence> FlowCaptures::take_finished() {
  finished_bytes_ = 0;
  return std::exchange(finished_, {});
}

}  // namespace tocsin::daemon
