#pragma once
// "1 alert", "2 alerts", "3 entries": a number and what it counts, for people.

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin {

inline std::string counted(std::uint64_t count, std::string_view one) {
  std::string out = std::to_string(count) + ' ';
  if (count == 1) return out.append(one);
  if (one.ends_with('y')) return out.append(one.substr(0, one.size() - 1)).append("ies");
  return out.append(one).append("s");
}

}  // namespace tocsin
