#pragma once
// The official objects of TLP 2.0: STIX 2.1 (extension of OASIS) and CACAO 2.0 (section 9.3) give the five markings the
// same fixed UUIDs, and ask that no others be used for them.

#include <string_view>

#include "rules/marking.h"

namespace tocsin::rules {

std::string_view tlp_uuid(Tlp tlp) noexcept;  // 8-4-4-4-12; empty for none
// none: it is not one of the five.
Tlp tlp_of_uuid(std::string_view uuid) noexcept;

}  // namespace tocsin::rules
