#include "daemon/app/evidence/carving.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "collectors/packet/capture/pcapng.h"

namespace tocsin::daemon {
namespace {

namespace protocol = collectors::ip_protocol;
constexpr std::uint32_t tunnels_most = 4;
// Frames are held as they came; a card may give two of them the wrong way round.
constexpr Duration out_of_order = std::chrono::seconds(1);

bool port_fits(const std::optional<std::uint16_t>& wanted, std::uint16_t port, bool fragment) noexcept {
  return !wanted || fragment || *wanted == port;
}

std::optional<std::uint16_t> port_of(const responders::Parameters& parameters, std::string_view name) {
  if (!parameters.has(name)) return std::nullopt;
  return static_cast<std::uint16_t>(parameters.number(name));
}

}  // namespace

bool PacketWish::fits(const collectors::Packet& packet) const noexcept {
  if (packet.ip_version == 0) return false;
  if (protocol == "tcp" && packet.protocol != protocol::tcp) return false;
  if (protocol == "udp" && packet.protocol != protocol::udp) return false;
  if (protocol == "icmp" && packet.protocol != protocol::icmp && packet.protocol != protocol::icmpv6) return false;
  const auto way = [&](const IpAddress& one, std::uint16_t one_port, const IpAddress& other, std::uint16_t other_port) {
    return address.contains(one) && (!peer || peer->contains(other)) && port_fits(port, one_port, packet.is_fragment) &&
           port_fits(peer_port, other_port, packet.is_fragment);
  };
  return way(packet.source, packet.source_port, packet.destination, packet.destination_port) ||
         way(packet.destination, packet.destination_port, packet.source, packet.source_port);
}

PacketWish packet_wish(const responders::Parameters& parameters, Time now) {
  PacketWish out;
  out.address = parameters.network("address");
  if (parameters.has("peer")) out.peer = parameters.network("peer");
  out.port = port_of(parameters, "port");
  out.peer_port = port_of(parameters, "peer_port");
  out.protocol = parameters.text("protocol");
  if (parameters.has("from_ago")) out.since = now - parameters.duration("from_ago");
  if (parameters.has("until_ago")) out.until = now - parameters.duration("until_ago");
  return out;
}

void CarvedPackets::add(CarvedPackets other) {
  for (auto& section : other.sections) sections.push_back(std::move(section));
  packets += other.packets;
  bytes += other.bytes;
  first = std::min(first, other.first);
  // A worker that saw nothing yet does not reach less far; of several the shortest memory counts.
  if (reaches == Time::max()) reaches = other.reaches;
  else if (other.reaches != Time::max()) reaches = std::max(reaches, other.reaches);
  cut = cut || other.cut;
}

Carving::Carving(PacketWish wish, std::string interface)
    : wish_(std::move(wish)), interface_(std::move(interface)), decoder_(options_, counters_) {
  options_.checksums = collectors::ChecksumMode::ignore;
}

bool Carving::fits(const collectors::RecentFrames::Frame& frame) {
  if (frame.time < wish_.since || frame.time > wish_.until) return false;
  collectors::RawFrame raw;
  raw.time = frame.time;
  raw.number = frame.number;
  raw.link_type = frame.link_type;
  raw.wire_length = frame.wire_length;
  raw.bytes = frame.bytes;
  auto decoded = decoder_.decode(raw, packet_);
  if (wish_.fits(packet_)) return true;
  for (std::uint32_t depth = 0; decoded.inner && depth < tunnels_most; ++depth) {
    decoded = decoder_.decode_inner(packet_, std::exchange(decoded.inner, {}), inner_);
    if (wish_.fits(inner_)) return true;
    std::swap(packet_, inner_);
  }
  return false;
}

bool Carving::look(const collectors::RecentFrames& recent, std::size_t frames) {
  if (!std::exchange(begun_, true)) position_ = recent.newest();
  for (; frames != 0; --frames) {
    const auto frame = position_ == 0 ? std::nullopt : recent.at(position_);
    if (!frame || frame->time < wish_.since - out_of_order) return true;
    out_.reaches = std::min(out_.reaches, frame->time);
    if (fits(*frame)) {
      if (out_.bytes + frame->bytes.size() > wish_.bytes_most) return out_.cut = true;
      ++out_.packets;
      out_.bytes += frame->bytes.size();
      out_.first = std::min(out_.first, frame->time);
      if (wish_.take == PacketWish::Take::copy) {
        bytes_.insert(bytes_.end(), frame->bytes.begin(), frame->bytes.end());
        kept_.push_back({frame->time, frame->link_type, frame->wire_length, bytes_.size()});
      }
    }
    position_ = recent.before(position_);
  }
  return false;
}

CarvedPackets Carving::take() {
  if (!kept_.empty()) {
    collectors::PcapngWriter writer("");
    std::vector<std::pair<std::uint32_t, std::uint32_t>> interfaces;  // by link type
    for (std::size_t i = kept_.size(); i-- > 0;) {
      const Kept& kept = kept_[i];
      auto at = std::ranges::find(interfaces, kept.link_type, [](const auto& pair) { return pair.first; });
      if (at == interfaces.end())
        at = interfaces.insert(at, {kept.link_type, writer.interface(kept.link_type, interface_, "")});
      const std::size_t begin = i == 0 ? 0 : kept_[i - 1].end;
      writer.packet(at->second, kept.time, kept.wire_length, Bytes(bytes_).subspan(begin, kept.end - begin));
    }
    out_.sections.push_back(writer.take());
  }
  kept_.clear();
  bytes_.clear();
  return std::move(out_);
}

}  // namespace tocsin::daemon
