#include "collectors/packet/protocol/mdns/transaction.h"

namespace tocsin::collectors {

std::optional<Bytes> MdnsTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != side_) return std::nullopt;
  switch (buffer) {
    case Buffer::mdns_query_name: return dns_name_in(message_.questions, index);
    case Buffer::mdns_answer_name: return dns_name_in(message_.answers, index);
    case Buffer::dns_authority_name: return dns_name_in(message_.authorities, index);
    case Buffer::dns_additional_name: return dns_name_in(message_.additionals, index);
    // All names of an announcement, and those they point to.
    case Buffer::mdns_response_name: return message_.is_response() ? message_.record_text(index) : std::nullopt;
    default: return std::nullopt;
  }
}

}  // namespace tocsin::collectors
