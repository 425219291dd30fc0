#pragma once
// IP and MAC addresses and networks as values. IPv4 is kept as IPv4; equality is of the same family.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/bytes.h"

namespace tocsin {

class IpAddress {
 public:
  constexpr IpAddress() = default;  // family 0: no address
  static IpAddress v4(std::uint32_t host_order) noexcept;
  static IpAddress v4(Bytes four) noexcept;     // exactly 4 bytes, network order
  static IpAddress v6(Bytes sixteen) noexcept;  // exactly 16 bytes, network order

  constexpr int family() const noexcept { return family_; }  // 0, 4 or 6
  constexpr bool is_v4() const noexcept { return family_ == 4; }
  constexpr bool is_v6() const noexcept { return family_ == 6; }
  explicit constexpr operator bool() const noexcept { return family_ != 0; }
  // 4 or 16 bytes in network order; empty without an address. Valid as long as this object.
  Bytes bytes() const noexcept { return {bytes_.data(), family_ == 4 ? 4U : family_ == 6 ? 16U : 0U}; }
  std::uint32_t v4_host_order() const noexcept;
  // ::ffff:a.b.c.d becomes a.b.c.d; others unchanged.
  IpAddress unmapped() const noexcept;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;
  std::uint64_t hash() const noexcept;

 private:
  std::uint8_t family_ = 0;
  std::array<std::uint8_t, 16> bytes_{};
};

// RFC 5952 text for IPv6.
std::string render_address(const IpAddress& address);
// Dotted quad without leading zeros (they mean octal elsewhere), or RFC 4291 text; no brackets, port or zone.
std::optional<IpAddress> parse_address(std::string_view text) noexcept;

struct Network {
  IpAddress base;  // host bits are zero
  std::uint8_t prefix = 0;

  bool contains(const IpAddress& address) const noexcept;
  bool overlaps(const Network& other) const noexcept;
  friend auto operator<=>(const Network&, const Network&) = default;
};
std::string render_network(const Network& network);
// "10.0.0.0/8" or a bare address (a /32 or /128). `strict` refuses host bits, otherwise they are cleared.
enum class HostBits : std::uint8_t { refuse, clear };
std::optional<Network> parse_network(std::string_view text, HostBits host_bits) noexcept;

using MacAddress = std::array<std::uint8_t, 6>;
std::string render_mac(const MacAddress& mac);

}  // namespace tocsin

template <>
struct std::hash<tocsin::IpAddress> {
  std::size_t operator()(const tocsin::IpAddress& a) const noexcept { return a.hash(); }
};
