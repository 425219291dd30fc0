#include "collectors/packet/protocol/dns/transaction.h"

#include <array>

#include "collectors/packet/packet_event.h"

namespace tocsin::collectors {

DnsTransaction::DnsTransaction(DnsMessage message, Direction direction)
    : message_(std::move(message)), direction_(direction) {
  protocol = Protocol::dns;
  const auto raise = [&](PacketEvent event) { events.set(static_cast<std::size_t>(event)); };
  if (message_.faults.malformed) raise(PacketEvent::dns_malformed);
  if (message_.faults.authorities) raise(PacketEvent::dns_invalid_authorities);
  if (message_.faults.additionals) raise(PacketEvent::dns_invalid_additionals);
  if (message_.faults.name_too_long) raise(PacketEvent::dns_name_too_long);
  if (message_.faults.infinite_loop) raise(PacketEvent::dns_infinite_loop);
  if (message_.faults.too_many_labels) raise(PacketEvent::dns_too_many_labels);
  if ((message_.flags & 0x0040U) != 0) raise(PacketEvent::dns_z_flag_set);
  if (message_.opcode() > 6) raise(PacketEvent::dns_invalid_opcode);
  if (message_.is_response() && direction == Direction::to_server) raise(PacketEvent::dns_not_request);
  if (!message_.is_response() && direction == Direction::to_client) raise(PacketEvent::dns_not_response);
}

std::optional<Bytes> DnsTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != direction_) return std::nullopt;
  switch (buffer) {
    case Buffer::dns_query:
    case Buffer::dns_query_name: return dns_name_in(message_.questions, index);
    case Buffer::dns_answer_name: return dns_name_in(message_.answers, index);
    case Buffer::dns_authority_name: return dns_name_in(message_.authorities, index);
    case Buffer::dns_additional_name: return dns_name_in(message_.additionals, index);
    case Buffer::dns_response: {
      // All names of an answer, and those they point to.
      const std::size_t questions = message_.questions.size();
      return index < questions ? dns_name_in(message_.questions, index) : message_.record_text(index - questions);
    }
    default: return std::nullopt;
  }
}

std::optional<std::uint64_t> DnsTransaction::number_of(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != direction_) return std::nullopt;
  switch (buffer) {
    case Buffer::dns_opcode: return index == 0 ? std::optional<std::uint64_t>(message_.opcode()) : std::nullopt;
    case Buffer::dns_rcode: return index == 0 ? std::optional<std::uint64_t>(message_.response_code()) : std::nullopt;
    case Buffer::dns_rrtype: {
      const std::size_t questions = message_.questions.size();
      if (index < questions) return message_.questions[index].type;
      const auto* record = message_.record(index - questions);
      return record != nullptr ? std::optional<std::uint64_t>(record->type) : std::nullopt;
    }
    default: return std::nullopt;
  }
}

}  // namespace tocsin::collectors
