#include "collectors/packet/protocol/ike/message.h"

#include <algorithm>

namespace tocsin::collectors {

namespace {

constexpr std::size_t header_size = 28, payloads_most = 64, proposals_most = 64, vendors_most = 32;

// Types of payloads in both versions.
namespace v1 {
constexpr std::uint8_t association = 1, key_exchange = 4, nonce = 10, vendor = 13;
}
namespace v2 {
constexpr std::uint8_t association = 33, key_exchange = 34, nonce = 40, notify = 41, vendor = 43, encrypted = 46,
                       encrypted_fragment = 53;
}

std::optional<IkeAttribute> attribute_of_v1(std::uint16_t type) noexcept {
  switch (type) {
    case 1: return IkeAttribute::encryption;
    case 2: return IkeAttribute::hash;
    case 3: return IkeAttribute::authentication;
    case 4: return IkeAttribute::group;
    case 5: return IkeAttribute::group_type;
    case 11: return IkeAttribute::life_type;
    case 12: return IkeAttribute::life_duration;
    case 13: return IkeAttribute::prf;
    case 14: return IkeAttribute::key_length;
    case 15: return IkeAttribute::field_size;
    default: return std::nullopt;
  }
}

std::optional<IkeAttribute> attribute_of_v2(std::uint8_t type) noexcept {
  switch (type) {
    case 1: return IkeAttribute::encryption;
    case 2: return IkeAttribute::prf;
    case 3: return IkeAttribute::authentication;
    case 4: return IkeAttribute::group;
    default: return std::nullopt;
  }
}

// Type and value in four bytes, or a length and as many (RFC 2408, section 3.3).
IkeProposal attributes(Bytes bytes) {
  IkeProposal out;
  ByteReader reader(bytes);
  while (reader.remaining() >= 4) {
    const std::uint16_t type = reader.u16();
    std::uint64_t value = reader.u16();
    if ((type & 0x8000U) == 0) {
      const Bytes content = reader.take(static_cast<std::size_t>(value));
      if (!reader.ok() || content.size() > 8) break;
      value = 0;
      for (const auto byte : content) value = (value << 8) | byte;
    }
    if (const auto known = attribute_of_v1(type & 0x7FFFU)) out.push_back({*known, value});
  }
  return out;
}

// One after the other: next or more, nothing, length, content.
template <class Function>
bool each_part(Bytes bytes, Function&& function) {
  ByteReader reader(bytes);
  while (reader.remaining() != 0) {
    reader.skip(2);
    const std::size_t length = reader.u16();
    if (!reader.ok() || length < 4) return false;
    const Bytes content = reader.take(length - 4);
    if (!reader.ok()) return false;
    function(content);
  }
  return true;
}

bool association(Bytes bytes, IkeMessage& message) {
  const bool first = message.major == 1;
  if (first) {
    if (bytes.size() < 8) return false;
    message.domain = ByteReader(bytes).u32();
    bytes = bytes.subspan(8);
  }
  return each_part(bytes, [&](Bytes proposal) {
    ByteReader reader(proposal);
    reader.skip(2);  // number, protocol
    const std::size_t index_size = reader.u8();
    reader.skip(1 + index_size);
    if (!reader.ok()) return;
    IkeProposal together;
    each_part(reader.rest(), [&](Bytes transform) {
      ByteReader parts(transform);
      const std::uint8_t type = parts.u8();
      parts.skip(1);
      const std::uint16_t id = parts.u16();
      if (!parts.ok() || message.proposals.size() >= proposals_most) return;
      if (first) message.proposals.push_back(attributes(parts.rest()));
      else if (const auto known = attribute_of_v2(type); known && together.size() < proposals_most)
        together.push_back({*known, id});
    });
    if (!first && message.proposals.size() < proposals_most) message.proposals.push_back(std::move(together));
  });
}

bool payload(std::uint8_t type, Bytes content, IkeMessage& message) {
  const bool first = message.major == 1;
  if (type == (first ? v1::association : v2::association)) return association(content, message);
  if (type == (first ? v1::key_exchange : v2::key_exchange)) {
    if (!first && content.size() < 4) return false;
    if (!first) content = content.subspan(4);
    message.key_exchange.assign(content.begin(), content.end());
  } else if (type == (first ? v1::nonce : v2::nonce)) {
    message.nonce.assign(content.begin(), content.end());
  } else if (type == (first ? v1::vendor : v2::vendor)) {
    if (message.vendors.size() < vendors_most) message.vendors.emplace_back(content.begin(), content.end());
  } else if (!first && type == v2::notify) {
    ByteReader reader(content);
    reader.skip(2);
    const std::uint16_t kind = reader.u16();
    if (!reader.ok()) return false;
    message.notices.push_back(kind);
  }
  return true;
}

void payloads(ByteReader reader, std::uint8_t type, IkeMessage& message) {
  while (type != 0 && message.payloads.size() < payloads_most) {
    message.payloads.push_back(type);
    const std::uint8_t next = reader.u8();
    reader.skip(1);
    const std::size_t length = reader.u16();
    if (!reader.ok() || length < 4 || length - 4 > reader.remaining()) {
      message.malformed = true;
      return;
    }
    const Bytes content = reader.take(length - 4);
    if (message.major == 2 && (type == v2::encrypted || type == v2::encrypted_fragment)) {
      message.encrypted = true;  // what its head calls next is inside
      return;
    }
    if (!payload(type, content, message)) message.malformed = true;
    type = next;
  }
  message.payloads.push_back(0);
  message.extra = reader.remaining() != 0;
}

}  // namespace

std::optional<IkeMessage> parse_ike(Bytes bytes) {
  // Where addresses are translated, four zeros tell it from ESP (RFC 3948).
  if (bytes.size() > 4 && std::ranges::all_of(bytes.first(4), [](auto byte) { return byte == 0; }))
    bytes = bytes.subspan(4);
  ByteReader reader(bytes);
  IkeMessage message;
  std::ranges::copy(reader.take(8), message.initiator_spi.begin());
  std::ranges::copy(reader.take(8), message.responder_spi.begin());
  const std::uint8_t next = reader.u8();
  const std::uint8_t version = reader.u8();
  message.exchange = reader.u8();
  message.flags = reader.u8();
  message.id = reader.u32();
  const std::uint32_t length = reader.u32();
  message.major = version >> 4;
  message.minor = version & 0x0FU;
  const bool nobody = std::ranges::all_of(message.initiator_spi, [](auto byte) { return byte == 0; });
  if (!reader.ok() || nobody || (message.major != 1 && message.major != 2)) return std::nullopt;
  if (length < header_size || length > bytes.size()) return std::nullopt;
  message.encrypted = message.major == 1 && (message.flags & 1U) != 0;
  if (!message.encrypted) payloads(ByteReader(bytes.subspan(header_size, length - header_size)), next, message);
  return message;
}

}  // namespace tocsin::collectors
