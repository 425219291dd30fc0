// Names of payloads, attributes and their values (IANA "Internet Key Exchange" registries).

#include <algorithm>
#include <array>

#include "collectors/packet/protocol/ike/message.h"

namespace tocsin::collectors {

namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(IkeAttribute::count_)> attribute_names{
    "alg_enc",       "alg_hash",     "alg_auth",         "alg_dh",        "alg_prf",
    "sa_group_type", "sa_life_type", "sa_life_duration", "sa_key_length", "sa_field_size"};

constexpr std::array<std::string_view, 9> ciphers{
    "",           "EncDesCbc", "EncIdeaCbc",    "EncBlowfishCbc", "EncRc5R16B64Cbc", "EncTripleDesCbc",
    "EncCastCbc", "EncAesCbc", "EncCamelliaCbc"};
constexpr std::array<std::string_view, 7> hashes{"",           "HashMd5",    "HashSha",   "HashTiger",
                                                 "HashSha256", "HashSha384", "HashSha512"};
constexpr std::array<std::string_view, 6> methods{"",
                                                  "AuthPreSharedKey",
                                                  "AuthDssSignatures",
                                                  "AuthRsaSignatures",
                                                  "AuthEncryptionWithRsa",
                                                  "AuthRevisedEncryptionWithRsa"};
constexpr std::array<std::string_view, 6> groups{"",
                                                 "GroupDefault768BitModpGroup",
                                                 "GroupAlternate1024BitModpGroup",
                                                 "GroupEC2NOnGP2p155",
                                                 "GroupEC2NOnGP2p185",
                                                 "GroupModp1536Bit"};
constexpr std::array<std::string_view, 3> lives{"", "LifeTypeSeconds", "LifeTypeKilobytes"};

template <class Names>
std::string_view at(const Names& names, std::uint64_t number) noexcept {
  return number < names.size() && !names[number].empty() ? names[number] : std::string_view("Unknown");
}

}  // namespace

std::string_view ike_attribute_name(IkeAttribute attribute) noexcept {
  const auto number = static_cast<std::size_t>(attribute);
  return number < attribute_names.size() ? attribute_names[number] : std::string_view{};
}

std::optional<IkeAttribute> find_ike_attribute(std::string_view name) noexcept {
  const auto found = std::ranges::find(attribute_names, name);
  if (found == attribute_names.end()) return std::nullopt;
  return static_cast<IkeAttribute>(found - attribute_names.begin());
}

std::string_view ike_value_name(const IkeValue& value) noexcept {
  switch (value.attribute) {
    case IkeAttribute::encryption: return at(ciphers, value.value);
    case IkeAttribute::hash: return at(hashes, value.value);
    case IkeAttribute::authentication: return at(methods, value.value);
    case IkeAttribute::group: return at(groups, value.value);
    case IkeAttribute::life_type: return at(lives, value.value);
    default: return "Unknown";
  }
}

std::string_view ike_payload_name(std::uint8_t type) noexcept {
  static constexpr std::array<std::string_view, 16> names{"SecurityAssociation",
                                                          "KeyExchange",
                                                          "IDi",
                                                          "IDr",
                                                          "Certificate",
                                                          "CertificateRequest",
                                                          "Authentication",
                                                          "Nonce",
                                                          "Notify",
                                                          "Delete",
                                                          "VendorID",
                                                          "TSi",
                                                          "TSr",
                                                          "EncryptedAndAuthenticated",
                                                          "Configuration",
                                                          "ExtensibleAuthentication"};
  if (type == 0) return "NoNextPayload";
  return type >= 33 && type < 33 + names.size() ? names[type - 33] : std::string_view("Unknown");
}

}  // namespace tocsin::collectors
