#include "collectors/packet/protocol/enip/parser.h"

#include <algorithm>
#include <utility>

#include "collectors/packet/protocol/exchange.h"
#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {
namespace {

bool known_command(std::uint16_t command) noexcept {
  return std::ranges::any_of(enip_command_names(), [&](const EnipName& each) { return each.number == command; });
}

}  // namespace

std::unique_ptr<ProtocolFactory> make_enip_factory(const PacketOptions& options, FieldNames& names) {
  return factory_of<EnipParser>(std::cref(options.enip), EnipFields(names));
}

// On the customary port: a known command, a known status and no options.
Probe probe_enip(const ProbeInput& input) {
  const auto on = [&](std::uint16_t port) { return std::ranges::find(enip_ports, port) != enip_ports.end(); };
  if (!on(input.server_port) && !(input.beginning_unseen && on(input.client_port))) return Probe::no;
  if (input.bytes.size() < 2) return Probe::more;
  if (!known_command(static_cast<std::uint16_t>(input.bytes[0] | (input.bytes[1] << 8)))) return Probe::no;
  if (input.bytes.size() < EnipHeader::size) return input.stream ? Probe::more : Probe::no;
  const auto header = parse_enip_header(input.bytes);
  const bool options = std::ranges::any_of(input.bytes.subspan(20, 4), [](std::uint8_t b) { return b != 0; });
  if (options || enip_status_name(header.status).empty()) return Probe::no;
  if (!on(input.server_port) && input.direction == Direction::to_server) return Probe::reversed;
  return Probe::yes;
}

ParserState EnipParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  auto& partial = partial_[index(direction)];
  std::vector<std::uint8_t> joined;
  if (!partial.empty()) {
    partial.insert(partial.end(), bytes.begin(), bytes.end());
    if (partial.size() < EnipHeader::size) return ParserState::more;
    if (partial.size() < EnipHeader::size + parse_enip_header(partial).length) return ParserState::more;
    joined = std::exchange(partial, {});
    bytes = joined;
  }
  while (!bytes.empty()) {
    if (bytes.size() >= EnipHeader::size) {
      const auto header = parse_enip_header(bytes);
      if (!known_command(header.command) || header.length > options_.message_most) {
        output.event(PacketEvent::enip_invalid_pdu);
        return ParserState::failed;
      }
      const std::size_t whole = EnipHeader::size + header.length;
      if (bytes.size() >= whole) {
        message(direction, bytes.first(whole), output);
        bytes = bytes.subspan(whole);
        continue;
      }
    }
    partial.assign(bytes.begin(), bytes.end());
    break;
  }
  return ParserState::more;
}

EnipTransaction& EnipParser::open(ParserOutput& output) {
  if (open_.size() >= options_.transactions_most) {
    open_.front()->events.set(static_cast<std::size_t>(PacketEvent::enip_too_many_transactions));
    close_exchange(open_, 0, output);
  }
  auto& fresh = *open_.emplace_back(std::make_unique<EnipTransaction>(fields_));
  fresh.number = transactions_++;
  return fresh;
}

void EnipParser::message(Direction direction, Bytes bytes, ParserOutput& output) {
  auto parsed = parse_enip(bytes, direction == Direction::to_client);
  const auto faults = [&](EnipTransaction& transaction) {
    if (parsed.malformed) transaction.events.set(static_cast<std::size_t>(PacketEvent::enip_invalid_pdu));
  };
  if (direction == Direction::to_server) {
    auto& fresh = open(output);
    faults(fresh);
    fresh.request = std::move(parsed);
    output.progressed(fresh, direction);
    // These are never answered.
    const auto command = fresh.request->header.command;
    if (command == 0x00 || command == 0x66) close_exchange(open_, open_.size() - 1, output);
    return;
  }
  auto found = std::ranges::find_if(
      open_, [&](const auto& each) { return each->request && each->request->header.command == parsed.header.command; });
  if (found == open_.end()) {
    open(output);
    found = std::prev(open_.end());
  }
  faults(**found);
  (*found)->response = std::move(parsed);
  close_exchange(open_, static_cast<std::size_t>(found - open_.begin()), output);
}

void EnipParser::finish(ParserOutput& output) { close_exchanges(open_, output); }

}  // namespace tocsin::collectors
