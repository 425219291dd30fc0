#pragma once
// Moments as playbooks write them. Pure; any thread.

#include <optional>
#include <string_view>

#include "collectors/base/time.h"

namespace tocsin::responders {

enum class Fraction : std::uint8_t { milliseconds, any };  // milliseconds: exactly three digits

// RFC 3339 in UTC with Z (CACAO 2.0 section 10.16). A year later than our clock counts is the last moment it knows: a
// playbook that is valid until 2337 is valid for as long as we can tell.
std::optional<Time> parse_moment(std::string_view text, Fraction fraction = Fraction::any);

}  // namespace tocsin::responders
