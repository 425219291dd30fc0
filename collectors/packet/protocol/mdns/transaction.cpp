#include "collectors/packet/protocol/mdns/transaction.h"

namespace tocsin::collectors {

std::optional<Bytes> MdnsTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != side_) return std::nullopt;
  const auto name_of = [&](const auto& section) {
    return index < section.size() ? std::optional(as_bytes(section[index].name)) : std::nullopt;
  };
  switch (buffer) {
    case Buffer::mdns_query_name: return name_of(message_.questions);
    case Buffer::mdns_answer_name: return name_of(message_.answers);
    case Buffer::dns_authority_name: return name_of(message_.authorities);
    case Buffer::dns_additional_name: return name_of(message_.additionals);
    case Buffer::mdns_response_name: {
      // All names of an announcement, section by section, and those they point to.
      if (!message_.is_response()) return std::nullopt;
      std::size_t left = index;
      for (const auto* section : {&message_.answers, &message_.authorities, &message_.additionals}) {
        if (left < 2 * section->size()) {
          const auto& record = (*section)[left / 2];
          return as_bytes(left % 2 == 0 ? record.name : record.data);
        }
        left -= 2 * section->size();
      }
      return std::nullopt;
    }
    default: return std::nullopt;
  }
}

}  // namespace tocsin::collectors
