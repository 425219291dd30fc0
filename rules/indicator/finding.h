#pragma once
// From an entry that was met to what an analyst reads: the rule an alert names, its reasons and its threat.* fields.
// The rare path: it owns its texts.

#include <string>
#include <string_view>

#include "collectors/base/address.h"
#include "collectors/base/digest.h"
#include "rules/alert.h"
#include "rules/indicator/detector.h"

namespace tocsin::rules::indicator {

// A listed address that comes to us is most often one of many that try everybody; one that is called from here is not.
enum class Contact : std::uint8_t { other, inbound };
std::uint8_t severity_of(std::uint8_t confidence, Contact contact) noexcept;

// "indicator:domain:evil.example"; long values by their digest.
std::string rule_id(Kind kind, std::string_view key);
RuleRef make_rule(const Compiled& compiled, const Entry& entry, std::string_view field, Contact contact);
// Reason, severity, confidence and fields; entities that the event did not name. After the alert was described.
void explain(const Compiled& compiled, const Entry& entry, std::string_view field, std::string_view seen, Alert& alert);

// Of the window. Never allocate.
Digest128 hit_key(Kind kind, std::string_view key, std::string_view host, const IpAddress& party) noexcept;
Digest128 hash_key(const Digest128& key, std::string_view more) noexcept;

}  // namespace tocsin::rules::indicator
