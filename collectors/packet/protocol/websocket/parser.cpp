#include "collectors/packet/protocol/websocket/parser.h"

#include <algorithm>
#include <utility>

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {
namespace {

bool is_control(std::uint8_t opcode) noexcept { return (opcode & 0x08U) != 0; }

}  // namespace

std::unique_ptr<ProtocolFactory> make_websocket_factory(const PacketOptions& options, FieldNames& names) {
  return factory_of<WebsocketParser>(std::cref(options.websocket), WebsocketFields(names));
}

Probe probe_websocket(const ProbeInput&) { return Probe::no; }

ParserState WebsocketParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  auto& side = side_[index(direction)];
  while (!bytes.empty()) {
    if (!side.in_frame) {
      if (!side.head.empty()) {  // at most 14 bytes: one after the other
        side.head.push_back(bytes.front());
        bytes = bytes.subspan(1);
        const std::vector<std::uint8_t> head = side.head;
        if (header(direction, side, head) != 0) side.head.clear();
      } else {
        const std::size_t used = header(direction, side, bytes);
        if (used == 0) {
          side.head.assign(bytes.begin(), bytes.end());
          break;
        }
        bytes = bytes.subspan(used);
      }
      if (!side.in_frame) continue;
    }
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(side.left, bytes.size()));
    payload(side, bytes.first(count));
    bytes = bytes.subspan(count);
    if (side.left == 0) frame_done(direction, side, output);
  }
  // A frame without a payload ends with its header.
  if (side.in_frame && side.left == 0) frame_done(direction, side, output);
  return ParserState::more;
}

std::size_t WebsocketParser::header(Direction direction, Side& side, Bytes bytes) {
  ByteReader reader(bytes);
  const std::uint8_t first = reader.u8();
  const std::uint8_t second = reader.u8();
  std::uint64_t length = second & 0x7FU;
  if (length == 126) length = reader.u16();
  else if (length == 127) length = reader.u64();
  const bool masked = (second & 0x80U) != 0;
  const auto key = masked ? reader.take(4) : Bytes{};
  if (!reader.ok()) return 0;
  side.in_frame = true;
  side.left = length;
  side.at = 0;
  side.last = (first & 0x80U) != 0;
  side.key = {};
  for (std::size_t i = 0; i < key.size() && i < side.key.size(); ++i) side.key[i] = key[i];
  const std::uint8_t opcode = first & 0x0FU;
  if (opcode == websocket_opcode::continuation && side.message) {
    side.frame = std::move(side.message);  // goes on
  } else {
    side.frame = std::make_unique<WebsocketTransaction>(fields_, direction);
    side.frame->number = transactions_++;
    side.frame->opcode = opcode;
    side.frame->flags = first & 0xF0U;
    if (masked)
      side.frame->mask =
          (std::uint32_t{key[0]} << 24U) | (std::uint32_t{key[1]} << 16U) | (std::uint32_t{key[2]} << 8U) | key[3];
  }
  return reader.position();
}

void WebsocketParser::payload(Side& side, Bytes bytes) {
  auto& kept = side.frame->payload;
  const std::size_t room = options_.payload_most - std::min(options_.payload_most, kept.size());
  const std::size_t count = std::min(room, bytes.size());
  for (std::size_t i = 0; i < count; ++i)
    kept.push_back(static_cast<std::uint8_t>(bytes[i] ^ side.key[(side.at + i) % 4]));
  if (count < bytes.size())
    side.frame->events.set(static_cast<std::size_t>(PacketEvent::websocket_skip_end_of_payload));
  side.at += bytes.size();
  side.left -= bytes.size();
}

void WebsocketParser::frame_done(Direction direction, Side& side, ParserOutput& output) {
  side.in_frame = false;
  if (side.last || is_control(side.frame->opcode)) return emit(direction, std::move(side.frame), output);
  // Another message begins before the last one ended: what was there of it is told.
  if (side.message) emit(direction, std::move(side.message), output);
  side.message = std::move(side.frame);
}

// RSV1 on the first frame of a message says that it is compressed: RFC 7692, section 6. One that cannot be read stays
// as it came.
void WebsocketParser::inflate(Side& side, WebsocketTransaction& message) const {
  static constexpr std::uint8_t compressed = 0x40;
  if ((message.flags & compressed) == 0 || is_control(message.opcode)) return;
  if (side.inflater == nullptr) side.inflater = std::make_unique<MessageInflater>();
  constexpr auto skipped = static_cast<std::size_t>(PacketEvent::websocket_skip_end_of_payload);
  if (message.events.test(skipped)) return side.inflater->lose();
  std::vector<std::uint8_t> content;
  const auto outcome = side.inflater->add(message.payload, options_.payload_most, content);
  if (outcome == MessageInflater::Outcome::failed) return;
  if (outcome == MessageInflater::Outcome::cut) message.events.set(skipped);
  message.payload = std::move(content);
}

void WebsocketParser::emit(Direction direction, std::unique_ptr<WebsocketTransaction> transaction,
                           ParserOutput& output) {
  inflate(side_[index(direction)], *transaction);
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
}

void WebsocketParser::finish(ParserOutput& output) {
  for (const auto direction : {Direction::to_server, Direction::to_client}) {
    auto& side = side_[index(direction)];
    if (side.message) emit(direction, std::move(side.message), output);
    if (side.frame) emit(direction, std::move(side.frame), output);
  }
}

}  // namespace tocsin::collectors
