#pragma once
// From a match to an Alert: who, where, why. Runs for matches only.

#include <vector>

#include "collectors/event/field.h"
#include "collectors/packet/transaction.h"
#include "rules/alert.h"
#include "rules/signature/compile/signature.h"
#include "rules/signature/match/chain_matcher.h"
#include "rules/signature/match/packet_match.h"

namespace tocsin::rules::signature {

struct MatchReport {
  const Signature& signature;
  const Scope& scope;
  const collectors::Transaction* transaction = nullptr;
  std::vector<Reason> reasons;
  const AddressSet* home = nullptr;
  std::string_view host;
  Exercise exercise = Exercise::no;
};

Alert make_alert(MatchReport report, const FieldNames& names);
// What records call the buffer of a chain: "http_uri", "content" for payload.
std::string buffer_label(const Chain& chain);
// The tests that matched and what they captured for the alert, with where and which bytes.
void describe_hits(const Chain& chain, const ChainMatcher& matcher, Bytes bytes, std::uint64_t start,
                   collectors::Direction direction, bool stream, std::vector<Reason>& out);

}  // namespace tocsin::rules::signature
