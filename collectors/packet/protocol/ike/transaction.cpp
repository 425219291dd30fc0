#include "collectors/packet/protocol/ike/transaction.h"

#include <algorithm>
#include <array>

#include "collectors/packet/packet_event.h"

namespace tocsin::collectors {

namespace {

std::string hex(Bytes bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 0x0FU];
  }
  return out;
}

template <std::size_t N>
bool among(const std::array<std::uint64_t, N>& numbers, std::uint64_t number) {
  return std::ranges::find(numbers, number) != numbers.end();
}

}  // namespace

IkeTransaction::IkeTransaction(const IkeFields& fields, IkeMessage message, Direction direction)
    : fields_(fields),
      message_(std::move(message)),
      direction_(direction),
      initiator_(hex(message_.initiator_spi)),
      responder_(hex(message_.responder_spi)),
      key_exchange_(hex(message_.key_exchange)),
      nonce_(hex(message_.nonce)) {
  protocol = Protocol::ike;
  for (const auto& vendor : message_.vendors) vendors_.push_back(hex(vendor));
  if (message_.malformed) raise(PacketEvent::ike_malformed_data);
  if (message_.extra) raise(PacketEvent::ike_payload_extra_data);
  if (message_.major == 2)
    for (const auto& proposal : message_.proposals) judge(proposal);
  if (direction == Direction::to_client && message_.proposals.size() > 1)
    raise(PacketEvent::ike_multiple_server_proposal);
}

void IkeTransaction::raise(PacketEvent event) { events.set(static_cast<std::size_t>(event)); }

// What RFC 8247 and common sense advise against.
void IkeTransaction::judge(const IkeProposal& proposal) {
  static constexpr std::array<std::uint64_t, 10> weak_ciphers{1, 2, 3, 4, 5, 6, 7, 8, 9, 11};
  static constexpr std::array<std::uint64_t, 3> weak_functions{1, 2, 3};
  static constexpr std::array<std::uint64_t, 6> weak_integrity{1, 2, 3, 4, 6, 7};
  static constexpr std::array<std::uint64_t, 4> weak_groups{1, 2, 5, 22};
  bool encrypts = false, authenticated = false, exchanges = false;
  for (const auto& value : proposal) {
    switch (value.attribute) {
      case IkeAttribute::encryption:
        encrypts = true;
        authenticated = authenticated || (value.value >= 14 && value.value <= 20) || value.value == 28;  // both at once
        if (among(weak_ciphers, value.value)) raise(PacketEvent::ike_weak_crypto_enc);
        break;
      case IkeAttribute::prf:
        if (among(weak_functions, value.value)) raise(PacketEvent::ike_weak_crypto_prf);
        break;
      case IkeAttribute::authentication:
        authenticated = authenticated || value.value != 0;
        if (among(weak_integrity, value.value)) raise(PacketEvent::ike_weak_crypto_auth);
        break;
      case IkeAttribute::group:
        exchanges = exchanges || value.value != 0;
        if (among(weak_groups, value.value)) raise(PacketEvent::ike_weak_crypto_dh);
        break;
      default: break;
    }
  }
  if (!encrypts) raise(PacketEvent::ike_no_encryption);
  if (!authenticated) raise(PacketEvent::ike_weak_crypto_noauth);
  if (!exchanges) raise(PacketEvent::ike_weak_crypto_nodh);
}

std::optional<Bytes> IkeTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != direction_) return std::nullopt;
  if (buffer == Buffer::ike_vendor)
    return index < vendors_.size() ? std::optional(as_bytes(vendors_[index])) : std::nullopt;
  if (index != 0) return std::nullopt;
  switch (buffer) {
    case Buffer::ike_initiator_spi: return as_bytes(initiator_);
    case Buffer::ike_responder_spi: return as_bytes(responder_);
    case Buffer::ike_key_exchange:
      return message_.key_exchange.empty() ? std::nullopt : std::optional(Bytes(message_.key_exchange));
    case Buffer::ike_nonce: return message_.nonce.empty() ? std::nullopt : std::optional(Bytes(message_.nonce));
    default: return std::nullopt;
  }
}

std::optional<std::uint64_t> IkeTransaction::number_of(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != direction_) return std::nullopt;
  if (buffer == Buffer::ike_chosen_attribute) {
    if (message_.proposals.empty() || index >= message_.proposals.front().size()) return std::nullopt;
    const auto& chosen = message_.proposals.front()[index];
    return ike_packed(chosen.attribute, chosen.value);
  }
  if (index != 0) return std::nullopt;
  if (buffer == Buffer::ike_exchange_type) return message_.exchange;
  if (buffer == Buffer::ike_key_exchange_length && !message_.key_exchange.empty()) return message_.key_exchange.size();
  if (buffer == Buffer::ike_nonce_length && !message_.nonce.empty()) return message_.nonce.size();
  return std::nullopt;
}

}  // namespace tocsin::collectors
