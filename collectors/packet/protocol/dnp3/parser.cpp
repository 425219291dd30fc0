#include "collectors/packet/protocol/dnp3/parser.h"

#include <algorithm>
#include <utility>

#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {
namespace {

constexpr std::size_t header_size = 10;
constexpr std::size_t block_size = 16;
constexpr std::uint8_t link_user_data = 3, link_unconfirmed_user_data = 4;

// IEEE 1815-2012, 9.2.4.3: x^16+x^13+x^12+x^11+x^10+x^8+x^6+x^5+x^2+1, reflected.
constexpr auto checksum_table = [] {
  std::array<std::uint16_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? (value >> 1U) ^ 0xA6BCU : value >> 1U;
    table[i] = static_cast<std::uint16_t>(value);
  }
  return table;
}();

// Requests that name objects without values: read, freeze, and who may report on its own.
bool carries_points(std::uint8_t function) noexcept {
  switch (function) {
    case 1:
    case 7:
    case 8:
    case 9:
    case 10:
    case 20:
    case 21:
    case 22: return false;
    default: return true;
  }
}

Dnp3Link read_link(Bytes bytes) noexcept {
  Dnp3Link link;
  link.length = bytes[2];
  link.control = bytes[3];
  link.destination = static_cast<std::uint16_t>(bytes[4] | (bytes[5] << 8));
  link.source = static_cast<std::uint16_t>(bytes[6] | (bytes[7] << 8));
  return link;
}

}  // namespace

bool dnp3_checksum_fits(Bytes bytes) noexcept {
  if (bytes.size() < 2) return false;
  unsigned value = 0;
  for (const auto byte : bytes.first(bytes.size() - 2)) value = (value >> 8U) ^ checksum_table[(value ^ byte) & 0xFFU];
  value = ~value & 0xFFFFU;
  return bytes[bytes.size() - 2] == (value & 0xFFU) && bytes[bytes.size() - 1] == (value >> 8U);
}

std::unique_ptr<ProtocolFactory> make_dnp3_factory(const PacketOptions& options, FieldNames& names) {
  return factory_of<Dnp3Parser>(std::cref(options.dnp3), Dnp3Fields(names));
}

// The mark and the length; the direction bit says who speaks. Wrong checksums are for the parser to say.
Probe probe_dnp3(const ProbeInput& input) {
  const auto& bytes = input.bytes;
  if (!bytes.empty() && bytes[0] != 0x05) return Probe::no;
  if (bytes.size() >= 2 && bytes[1] != 0x64) return Probe::no;
  if (bytes.size() < header_size) return Probe::more;
  if (bytes[2] < 5) return Probe::no;
  const bool to_server = read_link(bytes).from_master();
  if (to_server == (input.direction == Direction::to_server)) return Probe::yes;
  return input.beginning_unseen ? Probe::reversed : Probe::yes;
}

ParserState Dnp3Parser::gap(Direction direction, std::uint64_t, Time, ParserOutput&) {
  auto& side = side_[index(direction)];
  side.partial.clear();
  side.message.clear();
  side.going = false;
  return ParserState::more;
}

ParserState Dnp3Parser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  auto& side = side_[index(direction)];
  std::vector<std::uint8_t> joined;
  if (!side.partial.empty()) {
    joined = std::exchange(side.partial, {});
    joined.insert(joined.end(), bytes.begin(), bytes.end());
    bytes = joined;
  }
  while (!bytes.empty()) {
    const std::size_t used = frame(direction, bytes, output);
    if (used == 0) {
      side.partial.assign(bytes.begin(), bytes.end());  // less than one frame: 292 bytes at most
      break;
    }
    bytes = bytes.subspan(used);
  }
  return ParserState::more;
}

std::size_t Dnp3Parser::frame(Direction direction, Bytes bytes, ParserOutput& output) {
  if (bytes[0] != 0x05 || (bytes.size() > 1 && bytes[1] != 0x64)) {
    // Out of step: on to what may be the next frame.
    const auto next = std::ranges::find(bytes.begin() + 1, bytes.end(), std::uint8_t{0x05});
    return static_cast<std::size_t>(next - bytes.begin());
  }
  if (bytes.size() < header_size) return 0;
  const auto link = read_link(bytes);
  if (!dnp3_checksum_fits(bytes.first(header_size))) output.event(PacketEvent::dnp3_bad_link_crc);
  if (link.length < 5) {
    output.event(PacketEvent::dnp3_len_too_small);
    return header_size;
  }
  const std::size_t user = link.length - 5U;
  const std::size_t blocks = (user + block_size - 1) / block_size;
  const std::size_t whole = header_size + user + 2 * blocks;
  if (bytes.size() < whole) return 0;
  user_data_.clear();
  Bytes left = bytes.subspan(header_size, whole - header_size);
  bool intact = true;
  while (!left.empty()) {
    const std::size_t size = std::min(left.size(), block_size + 2);
    intact = intact && dnp3_checksum_fits(left.first(size));
    user_data_.insert(user_data_.end(), left.begin(), left.begin() + static_cast<std::ptrdiff_t>(size - 2));
    left = left.subspan(size);
  }
  const bool carries = link.function() == link_user_data || link.function() == link_unconfirmed_user_data;
  if (!intact) output.event(PacketEvent::dnp3_bad_transport_crc);
  if (user != 0 && link.primary() && carries) segment(direction, link, user_data_, output);
  return whole;
}

void Dnp3Parser::segment(Direction direction, const Dnp3Link& link, Bytes user_data, ParserOutput& output) {
  auto& side = side_[index(direction)];
  const std::uint8_t header = user_data[0];
  const bool first = (header & 0x40U) != 0, last = (header & 0x80U) != 0;
  const std::uint8_t sequence = header & 0x3FU;
  if (first) {
    side.message.clear();
    side.link = link;
    side.going = true;
  } else if (!side.going || sequence != ((side.sequence + 1U) & 0x3FU)) {
    side.going = false;  // a piece is missing
    return;
  }
  side.sequence = sequence;
  const Bytes data = user_data.subspan(1);
  if (side.message.size() + data.size() > options_.reassembly_most) {
    side.going = false;
    side.message.clear();
    auto too_long = std::make_unique<Dnp3Transaction>(fields_, direction);
    too_long->number = transactions_++;
    too_long->link = side.link;
    too_long->data.assign(data.begin(), data.end());
    too_long->data.resize(std::max<std::size_t>(too_long->data.size(), 4));
    too_long->events.set(static_cast<std::size_t>(PacketEvent::dnp3_too_long_reassembly));
    output.progressed(*too_long, direction);
    output.finished(std::move(too_long));
    return;
  }
  side.message.insert(side.message.end(), data.begin(), data.end());
  if (!last) return;
  side.going = false;
  message(direction, output);
}

void Dnp3Parser::message(Direction direction, ParserOutput& output) {
  auto& side = side_[index(direction)];
  const std::size_t header = direction == Direction::to_client ? 4 : 2;
  if (side.message.size() < header) {
    side.message.clear();
    return output.event(PacketEvent::dnp3_malformed);
  }
  // A confirmation says nothing more than that.
  if (direction == Direction::to_server && side.message[1] == dnp3_function::confirm) return side.message.clear();
  auto transaction = std::make_unique<Dnp3Transaction>(fields_, direction);
  transaction->number = transactions_++;
  transaction->link = side.link;
  transaction->data = std::exchange(side.message, {});
  const bool points = direction == Direction::to_client || carries_points(transaction->function());
  const auto state = parse_dnp3_objects(Bytes(transaction->data).subspan(header), points,
                                        {options_.objects_most, options_.points_most}, transaction->objects);
  const auto mark = [&](PacketEvent event) { transaction->events.set(static_cast<std::size_t>(event)); };
  switch (state) {
    case Dnp3ObjectsState::whole: transaction->whole = true; break;
    case Dnp3ObjectsState::too_many_objects: mark(PacketEvent::dnp3_too_many_objects); break;
    case Dnp3ObjectsState::too_many_points: mark(PacketEvent::dnp3_too_many_points); break;
    case Dnp3ObjectsState::unknown_object: mark(PacketEvent::dnp3_unknown_object); break;
    case Dnp3ObjectsState::malformed: mark(PacketEvent::dnp3_malformed); break;
  }
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
}

}  // namespace tocsin::collectors
