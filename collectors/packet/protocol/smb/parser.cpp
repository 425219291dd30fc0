#include "collectors/packet/protocol/smb/parser.h"

#include <algorithm>

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t frame_head = 4;

namespace frame_type {
constexpr std::uint8_t message = 0x00, request = 0x81, positive = 0x82, negative = 0x83, retarget = 0x84,
                       keep_alive = 0x85;
}

}  // namespace

std::unique_ptr<ProtocolFactory> make_smb_factory(const PacketOptions& options, FieldNames& names) {
  return factory_of<SmbParser>(std::cref(options.smb), SmbFields(names));
}

Probe probe_smb(const ProbeInput& input) {
  const Bytes b = input.bytes;
  if (b.empty()) return Probe::more;
  if (b[0] == frame_type::request) {
    // Two encoded NetBIOS names of 34 bytes each.
    if (b.size() < frame_head + 1) return Probe::more;
    return b[1] == 0 && b[2] == 0 && b[3] == 68 && b[4] == 0x20 ? Probe::yes : Probe::no;
  }
  if (b[0] == frame_type::positive && input.direction == Direction::to_client) {
    if (b.size() < frame_head) return Probe::more;
    return b[1] == 0 && b[2] == 0 && b[3] == 0 ? Probe::yes : Probe::no;
  }
  if (b[0] != frame_type::message) return Probe::no;
  if (b.size() >= frame_head + 1 && b[frame_head] < 0xFD) return Probe::no;
  if (b.size() < frame_head + 4) return Probe::more;
  if (!is_smb_magic(b.subspan(frame_head))) return Probe::no;
  if (!input.beginning_unseen) return Probe::yes;
  if (b[frame_head] == 0xFD) {  // encrypted: only ports tell who is who
    const auto customary = [](std::uint16_t port) { return std::ranges::find(smb_ports, port) != smb_ports.end(); };
    const bool from_server = input.direction == Direction::to_server && customary(input.client_port);
    return from_server && !customary(input.server_port) ? Probe::reversed : Probe::yes;
  }
  const std::size_t flags = b[frame_head] == 0xFF ? 9 : 16;
  if (b.size() <= frame_head + flags) return Probe::more;
  const bool answer = (b[frame_head + flags] & (b[frame_head] == 0xFF ? 0x80U : 0x01U)) != 0;
  return answer == (input.direction == Direction::to_client) ? Probe::yes : Probe::reversed;
}

ParserState SmbParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  Side& side = side_[index(direction)];
  if (side.stage == Stage::lost && !find_frame(side, bytes)) return ParserState::more;
  while (!bytes.empty()) {
    if (side.partial.empty()) {
      const Step done = step(direction, bytes, output);
      if (done.ready) bytes = bytes.subspan(done.amount);
      else {
        side.partial.assign(bytes.begin(), bytes.end());
        return ParserState::more;
      }
    } else {
      const Step wanted = step(direction, side.partial, output);
      if (wanted.ready) {
        side.partial.erase(side.partial.begin(), side.partial.begin() + static_cast<std::ptrdiff_t>(wanted.amount));
      } else {
        const std::size_t count = std::min(bytes.size(), wanted.amount - side.partial.size());
        side.partial.insert(side.partial.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
        bytes = bytes.subspan(count);
      }
    }
    if (side.stage == Stage::lost) {
      side.partial.clear();
      if (!find_frame(side, bytes)) return ParserState::more;
    }
  }
  while (!side.partial.empty()) {
    const Step done = step(direction, side.partial, output);
    if (!done.ready) break;
    side.partial.erase(side.partial.begin(), side.partial.begin() + static_cast<std::ptrdiff_t>(done.amount));
    if (side.stage == Stage::lost) side.partial.clear();
  }
  return ParserState::more;
}

SmbParser::Step SmbParser::step(Direction direction, Bytes bytes, ParserOutput& output) {
  switch (side_[index(direction)].stage) {
    case Stage::frame: return frame(direction, bytes, output);
    case Stage::message: return message(direction, bytes, output);
    case Stage::payload:
    case Stage::skip: return flow_on(direction, bytes, output);
    case Stage::lost: break;
  }
  return {true, bytes.size()};
}

void SmbParser::used(Side& side, std::size_t count) noexcept {
  side.frame_left -= static_cast<std::uint32_t>(std::min<std::size_t>(count, side.frame_left));
  if (side.frame_left == 0) side.stage = Stage::frame;
}

SmbParser::Step SmbParser::frame(Direction direction, Bytes bytes, ParserOutput& output) {
  if (bytes.size() < frame_head) return {false, frame_head};
  Side& side = side_[index(direction)];
  const std::uint8_t type = bytes[0];
  side.frame_left = static_cast<std::uint32_t>((bytes[1] << 16) | (bytes[2] << 8) | bytes[3]);
  if (type == frame_type::message) {
    session_.begin_frame(direction);
    side.stage = side.frame_left == 0 ? Stage::frame : Stage::message;
  } else if (type >= frame_type::request && type <= frame_type::keep_alive) {
    side.frame_left &= 0x1FFFFU;
    side.stage = side.frame_left == 0 ? Stage::frame : Stage::skip;
  } else {
    session_.raise(PacketEvent::smb_malformed_data, output);
    side.stage = Stage::lost;
  }
  return {true, frame_head};
}

SmbParser::Step SmbParser::message(Direction direction, Bytes bytes, ParserOutput& output) {
  Side& side = side_[index(direction)];
  const std::size_t head = std::min<std::size_t>(side.frame_left, SmbHeader::size2);
  if (bytes.size() < head) return {false, head};
  const auto header = parse_smb_header(bytes.first(std::min<std::size_t>(bytes.size(), side.frame_left)));
  if (!header) {
    session_.raise(PacketEvent::smb_malformed_data, output);
    side.stage = Stage::skip;
    return {true, 0};
  }
  if (header->version == 3) {  // encrypted
    side.stage = Stage::skip;
    return {true, 0};
  }
  std::size_t size = side.frame_left;
  if (header->next != 0) size = std::min<std::size_t>(size, header->next);
  // A large payload does not wait for its end.
  static constexpr std::size_t pieces_least = 4'096, place_most = 1'024;
  const std::size_t payload_head = header->next == 0 ? smb_payload_head(*header, direction) : 0;
  if (payload_head != 0 && size >= pieces_least) {
    if (bytes.size() < payload_head) return {false, payload_head};
    const auto payload = smb_payload(*header, bytes.first(payload_head));
    if (payload && payload->place <= place_most && payload->place >= SmbHeader::size1 && payload->length != 0) {
      if (bytes.size() < payload->place) return {false, payload->place};
      const auto plan = session_.begin_payload(direction, *header, *payload, output);
      if (plan != SmbSession::Plan::whole) {
        used(side, payload->place);
        side.left = std::min<std::uint64_t>(payload->length, side.frame_left);
        side.stage = plan == SmbSession::Plan::pieces ? Stage::payload : Stage::skip;
        return {true, payload->place};
      }
    }
  }
  if (size > options_.message_most) {
    session_.raise(PacketEvent::smb_record_overflow, output);
    side.stage = Stage::skip;
    return {true, 0};
  }
  if (bytes.size() < size) return {false, size};
  session_.message(direction, *header, bytes.first(size), output);
  used(side, size);
  return {true, size};
}

SmbParser::Step SmbParser::flow_on(Direction direction, Bytes bytes, ParserOutput& output) {
  Side& side = side_[index(direction)];
  if (side.stage == Stage::skip) {
    const std::size_t count = std::min<std::size_t>(bytes.size(), side.frame_left);
    used(side, count);
    if (side.frame_left == 0) side.stage = Stage::frame;
    return {true, count};
  }
  const std::size_t count = std::min<std::uint64_t>(bytes.size(), side.left);
  session_.payload(direction, bytes.first(count), output);
  side.left -= count;
  if (side.left == 0) {
    session_.end_payload(direction);
    side.stage = Stage::skip;  // padding, if any
  }
  used(side, count);
  return {true, count};
}

ParserState SmbParser::gap(Direction direction, std::uint64_t count, Time, ParserOutput& output) {
  Side& side = side_[index(direction)];
  if (side.stage == Stage::payload && count <= side.left) {
    session_.lose_payload(direction, count, output);
    side.left -= count;
    if (side.left == 0) {
      session_.end_payload(direction);
      side.stage = Stage::skip;
    }
    used(side, count);
    return ParserState::more;
  }
  if (side.stage == Stage::skip && count <= side.frame_left) {
    used(side, count);
    return ParserState::more;
  }
  session_.end_payload(direction);
  side = {};
  side.stage = Stage::lost;
  return ParserState::more;
}

// Advances `bytes` to a frame with a message in it.
bool SmbParser::find_frame(Side& side, Bytes& bytes) const noexcept {
  for (std::size_t i = 0; i + frame_head + 4 <= bytes.size(); ++i) {
    if (bytes[i] != 0 || !is_smb_magic(bytes.subspan(i + frame_head))) continue;
    bytes = bytes.subspan(i);
    side.stage = Stage::frame;
    return true;
  }
  return false;
}

}  // namespace tocsin::collectors
