#pragma once
// A message of IKE version 1 (RFC 2408, RFC 2409) or 2 (RFC 7296): what is not encrypted of it.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

// What the ends agree on, whatever the version numbers it as.
enum class IkeAttribute : std::uint8_t {
  encryption,
  hash,
  authentication,
  group,
  prf,
  group_type,
  life_type,
  life_duration,
  key_length,
  field_size,
  count_
};
std::string_view ike_attribute_name(IkeAttribute attribute) noexcept;  // "alg_enc"
std::optional<IkeAttribute> find_ike_attribute(std::string_view name) noexcept;

struct IkeValue {
  IkeAttribute attribute{};
  std::uint64_t value = 0;
};
// Attribute and value in one number, in the order of both: what rules compare.
constexpr std::uint64_t ike_packed(IkeAttribute attribute, std::uint64_t value) noexcept {
  constexpr std::uint64_t most = (std::uint64_t{1} << 40) - 1;
  return (static_cast<std::uint64_t>(attribute) << 40) | (value < most ? value : most);
}

using IkeProposal = std::vector<IkeValue>;

struct IkeMessage {
  static constexpr std::uint8_t initiator = 0x08;  // flag of version 2

  std::array<std::uint8_t, 8> initiator_spi{}, responder_spi{};
  std::uint8_t major = 0, minor = 0, exchange = 0, flags = 0;
  std::uint32_t id = 0;
  std::optional<std::uint32_t> domain;  // of interpretation
  std::vector<std::uint8_t> payloads;   // their types, as each one before tells it; the last is 0
  std::vector<IkeProposal> proposals;   // of version 1: one per transform
  std::vector<std::uint8_t> key_exchange, nonce;
  std::vector<std::vector<std::uint8_t>> vendors;
  std::vector<std::uint16_t> notices;
  bool encrypted = false;
  bool malformed = false;  // a payload that does not fit
  bool extra = false;      // bytes after the last one
};

// One datagram. Nothing when it is none.
std::optional<IkeMessage> parse_ike(Bytes bytes);
std::string_view ike_payload_name(std::uint8_t type) noexcept;  // of version 2
// As the first version's records call it; "Unknown" for most numbers.
std::string_view ike_value_name(const IkeValue& value) noexcept;

}  // namespace tocsin::collectors
