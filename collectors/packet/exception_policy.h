#pragma once
// What becomes of traffic that cannot be inspected as it should be; names and meaning as in Suricata's configuration.
// An onlooker drops nothing: `drop_*` and `reject` only show in records.

#include <cstdint>
#include <string_view>

namespace tocsin::collectors {

enum class ExceptionPolicy : std::uint8_t { ignore, pass_packet, pass_flow, bypass, drop_packet, drop_flow, reject };

constexpr std::string_view exception_policy_name(ExceptionPolicy policy) noexcept {
  switch (policy) {
    case ExceptionPolicy::ignore: return "ignore";
    case ExceptionPolicy::pass_packet: return "pass_packet";
    case ExceptionPolicy::pass_flow: return "pass_flow";
    case ExceptionPolicy::bypass: return "bypass";
    case ExceptionPolicy::drop_packet: return "drop_packet";
    case ExceptionPolicy::drop_flow: return "drop_flow";
    case ExceptionPolicy::reject: return "reject";
  }
  return {};
}

}  // namespace tocsin::collectors
