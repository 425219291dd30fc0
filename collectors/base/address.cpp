#include "collectors/base/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "collectors/base/text.h"

namespace tocsin {

IpAddress IpAddress::v4(std::uint32_t host_order) noexcept {
  IpAddress a;
  a.family_ = 4;
  for (std::size_t i = 0; i < 4; ++i) a.bytes_[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return a;
}

IpAddress IpAddress::v4(Bytes four) noexcept {
  IpAddress a;
  if (four.size() != 4) return a;
  a.family_ = 4;
  std::copy(four.begin(), four.end(), a.bytes_.begin());
  return a;
}

IpAddress IpAddress::v6(Bytes sixteen) noexcept {
  IpAddress a;
  if (sixteen.size() != 16) return a;
  a.family_ = 6;
  std::copy(sixteen.begin(), sixteen.end(), a.bytes_.begin());
  return a;
}

std::uint32_t IpAddress::v4_host_order() const noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = (value << 8) | bytes_[i];
  return value;
}

IpAddress IpAddress::unmapped() const noexcept {
  static constexpr std::array<std::uint8_t, 12> prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (family_ != 6 || !std::equal(prefix.begin(), prefix.end(), bytes_.begin())) return *this;
  return v4(Bytes(bytes_).subspan(12, 4));
}

std::uint64_t IpAddress::hash() const noexcept { return hash64(bytes(), family_); }

std::string render_address(const IpAddress& address) {
  if (!address) return {};
  char text[INET6_ADDRSTRLEN];
  if (!address.is_v4()) {
    ::inet_ntop(AF_INET6, address.bytes().data(), text, sizeof text);
    return text;
  }
  // By hand: addresses are rendered for every event that is counted by them.
  char* at = text;
  for (const unsigned byte : address.bytes()) {
    if (byte >= 100) *at++ = static_cast<char>('0' + byte / 100);
    if (byte >= 10) *at++ = static_cast<char>('0' + byte / 10 % 10);
    *at++ = static_cast<char>('0' + byte % 10);
    *at++ = '.';
  }
  return {text, static_cast<std::size_t>(at - text) - 1};
}

namespace {

// Four decimal numbers up to 255 without leading zeros, as inet_pton wants them.
std::optional<IpAddress> parse_v4(std::string_view text) noexcept {
  std::uint32_t address = 0;
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part != 0) {
      if (at == text.size() || text[at] != '.') return std::nullopt;
      ++at;
    }
    const auto begin = at;
    unsigned number = 0;
    for (; at < text.size() && at - begin < 3; ++at) {
      const auto digit = static_cast<unsigned char>(text[at] - '0');
      if (digit > 9) break;
      number = number * 10 + digit;
    }
    const auto digits = at - begin;
    if (digits == 0 || number > 255 || (digits > 1 && text[begin] == '0')) return std::nullopt;
    address = (address << 8) | number;
  }
  if (at != text.size()) return std::nullopt;
  return IpAddress::v4(address);
}

}  // namespace

std::optional<IpAddress> parse_address(std::string_view text) noexcept {
  if (text.find(':') == std::string_view::npos) return parse_v4(text);
  char copy[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof copy) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  std::array<std::uint8_t, 16> raw{};
  if (::inet_pton(AF_INET6, copy, raw.data()) == 1) return IpAddress::v6(raw);
  return std::nullopt;
}

namespace {

// The first `prefix` bits of a and b are equal. Same family is the caller's duty.
bool same_prefix(Bytes a, Bytes b, unsigned prefix) noexcept {
  const std::size_t whole = prefix / 8;
  if (std::memcmp(a.data(), b.data(), whole) != 0) return false;
  const unsigned rest = prefix % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xFFU << (8 - rest));
  return ((a[whole] ^ b[whole]) & mask) == 0;
}

}  // namespace

bool Network::contains(const IpAddress& address) const noexcept {
  return address.family() == base.family() && base && same_prefix(base.bytes(), address.bytes(), prefix);
}

bool Network::overlaps(const Network& other) const noexcept {
  return base.family() == other.base.family() && base &&
         same_prefix(base.bytes(), other.base.bytes(), std::min(prefix, other.prefix));
}

std::string render_network(const Network& network) {
  return fmt::format("{}/{}", render_address(network.base), network.prefix);
}

std::optional<Network> parse_network(std::string_view text, HostBits host_bits) noexcept {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned widest = address->is_v4() ? 32 : 128;
  unsigned prefix = widest;
  if (slash != std::string_view::npos) {
    const auto number = parse_unsigned(text.substr(slash + 1));
    if (!number || *number > widest) return std::nullopt;
    prefix = static_cast<unsigned>(*number);
  }
  std::array<std::uint8_t, 16> cleared{};
  const Bytes raw = address->bytes();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const unsigned bits = prefix > 8 * i ? std::min(8U, prefix - static_cast<unsigned>(8 * i)) : 0;
    cleared[i] = static_cast<std::uint8_t>(raw[i] & (0xFF00U >> bits));
    if (host_bits == HostBits::refuse && cleared[i] != raw[i]) return std::nullopt;
  }
  const Bytes kept = Bytes(cleared).first(raw.size());
  return Network{address->is_v4() ? IpAddress::v4(kept) : IpAddress::v6(kept), static_cast<std::uint8_t>(prefix)};
}

std::string render_mac(const MacAddress& mac) {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

}  // namespace tocsin
