#include "collectors/packet/flow/icmp.h"

#include <array>
#include <utility>

#include "collectors/packet/packet.h"

namespace tocsin::collectors {

std::optional<std::uint8_t> icmp_counterpart(std::uint8_t transport, std::uint8_t type) noexcept {
  static constexpr std::array<std::pair<std::uint8_t, std::uint8_t>, 5> v4{
      {{8, 0}, {13, 14}, {15, 16}, {17, 18}, {10, 9}}};
  static constexpr std::array<std::pair<std::uint8_t, std::uint8_t>, 5> v6{
      {{128, 129}, {133, 134}, {135, 136}, {130, 131}, {144, 145}}};
  for (const auto& [request, answer] : transport == ip_protocol::icmp ? v4 : v6) {
    if (type == request) return answer;
    if (type == answer) return request;
  }
  return std::nullopt;
}

}  // namespace tocsin::collectors
