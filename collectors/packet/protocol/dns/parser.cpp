#include "collectors/packet/protocol/dns/parser.h"

#include <algorithm>

#include "collectors/packet/protocol/dns/transaction.h"
#include "collectors/packet/protocol/factory.h"

namespace tocsin::collectors {

std::unique_ptr<ProtocolFactory> make_dns_factory(const PacketOptions& options, FieldNames&) {
  return stream_factory_of<DnsParser>(std::cref(options.dns));
}

Probe probe_dns(const ProbeInput& input) {
  const auto on = [&](std::uint16_t port) { return input.client_port == port || input.server_port == port; };
  // Relatives with names and rules of their own: NetBIOS, multicast DNS, LLMNR.
  if (!input.stream && (on(137) || on(5353) || on(5355))) return Probe::no;
  const bool strictly = !on(53);
  const auto verdict = [&](Bytes message) {
    if (!looks_like_dns(message, strictly)) return Probe::no;
    // An answer from where the client should be: the query was not seen.
    const bool answer = (message[2] & 0x80U) != 0;
    const bool turned = input.beginning_unseen && answer && input.direction == Direction::to_server;
    return turned ? Probe::reversed : Probe::yes;
  };
  if (!input.stream) return verdict(input.bytes);
  if (input.bytes.size() < 2) return Probe::more;
  const std::size_t length = static_cast<std::size_t>((input.bytes[0] << 8) | input.bytes[1]);
  if (length < 12) return Probe::no;
  const Bytes message = input.bytes.subspan(2);
  if (message.size() < 12) return Probe::more;
  if (message.size() >= length) return verdict(message.first(length));
  // The rest is on its way; the counts must fit into what is announced.
  const auto count = [&](std::size_t at) { return static_cast<std::size_t>((message[at] << 8) | message[at + 1]); };
  const std::size_t least = 12 + 5 * count(4) + 11 * (count(6) + count(8) + count(10));
  return least <= length && (!strictly || count(4) == 1) ? Probe::more : Probe::no;
}

ParserState DnsParser::consume(Direction direction, Bytes bytes, Time, ParserOutput& output) {
  if (!stream_) return message(direction, bytes, output) ? ParserState::more : ParserState::failed;
  auto& partial = partial_[index(direction)];
  if (lost_[index(direction)]) {
    // After a loss the next segment that begins like a message is taken to begin one.
    if (bytes.size() < 14 || !looks_like_dns(bytes.subspan(2), false)) return ParserState::more;
    lost_[index(direction)] = false;
  }
  while (!bytes.empty()) {
    if (partial.empty() && bytes.size() >= 2) {  // whole messages are read where they are
      const std::size_t length = static_cast<std::size_t>((bytes[0] << 8) | bytes[1]);
      if (bytes.size() >= 2 + length) {
        if (!message(direction, bytes.subspan(2, length), output)) return ParserState::failed;
        bytes = bytes.subspan(2 + length);
        continue;
      }
    }
    const std::size_t wanted = partial.size() < 2 ? 2 : 2 + static_cast<std::size_t>((partial[0] << 8) | partial[1]);
    const std::size_t count = std::min(bytes.size(), wanted - partial.size());
    partial.insert(partial.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (partial.size() < 2) continue;
    if (partial.size() == 2 + static_cast<std::size_t>((partial[0] << 8) | partial[1])) {
      const bool good = message(direction, Bytes(partial).subspan(2), output);
      partial.clear();
      if (!good) return ParserState::failed;
    }
  }
  return ParserState::more;
}

ParserState DnsParser::gap(Direction direction, std::uint64_t, Time, ParserOutput&) {
  partial_[index(direction)].clear();
  lost_[index(direction)] = true;
  return ParserState::more;
}

bool DnsParser::message(Direction direction, Bytes bytes, ParserOutput& output) {
  auto parsed = parse_dns(bytes.first(std::min(bytes.size(), options_.message_most)));
  if (!parsed) {
    output.event(PacketEvent::dns_malformed);
    return !stream_;
  }
  auto transaction = std::make_unique<DnsTransaction>(std::move(*parsed), direction);
  transaction->number = transactions_++;
  output.progressed(*transaction, direction);
  output.finished(std::move(transaction));
  return true;
}

}  // namespace tocsin::collectors
