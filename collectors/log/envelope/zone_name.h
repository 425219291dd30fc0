#pragma once
// Zone names as logs write them behind a time: CEST, PDT, UTC. The names of the tz database that are in use today.

#include <chrono>
#include <optional>
#include <string_view>

namespace tocsin::collectors {

struct ZoneName {
  std::string_view name;
  // Nothing: more than one country means it (CST: America, China, Cuba; IST: India, Ireland, Israel; AST: the Atlantic,
  // Arabia). The zone of the source says which: it is the one that writes the name.
  std::optional<std::chrono::seconds> offset;
};

// The name that `text` begins with, in capitals and as a whole word. PST and CDT are America's: Manila and Havana say
// theirs by an offset, or are UTC-8 and UTC-5 here.
std::optional<ZoneName> zone_name_at(std::string_view text) noexcept;

}  // namespace tocsin::collectors
