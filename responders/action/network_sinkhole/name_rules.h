#pragma once
// How the kernel's packet filter tells questions for one name and all below it (DNS, RFC 1035 section 4.1.2) from all
// others: the name's labels, letters in either case, compared at every place of the question where they may begin. Each
// name has chains and a set of its own in the table `inet tocsin_names`; the rules act only while an element with a
// timeout is in the set, so the kernel ends it alone. Text of transactions and reading of answers. Pure.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"

namespace tocsin::responders {

// Where questions are led: tocsin-sinkhole listens there, on loopback alone.
inline constexpr std::uint16_t sinkhole_port = 53053;
// Names at once; each costs about ten microseconds for every question that this host sends.
inline constexpr std::size_t sinkholes_most = 32;

// `domain` everywhere: as ParameterType::domain gives it, lower case, without a dot at its end.
std::string sinkhole_set(std::string_view domain);  // "live_" and a digest of the name
// All of it in one transaction, with a fresh time. `key` is kept beside it.
std::string sinkhole_transaction(std::string_view domain, std::chrono::seconds timeout, std::string_view key);
std::string sinkhole_removal(std::string_view set);
std::size_t sinkhole_rules(std::string_view domain);  // how many its two chains hold
std::vector<std::string> sinkhole_chains(std::string_view set);

struct SinkholeSet {
  std::string set;
  std::chrono::seconds expires{};  // zero: nothing is in it any more
};
std::string sinkhole_sets_command();
// invalid when the answer is not understood.
Result<std::vector<SinkholeSet>> parse_sinkhole_sets(std::string_view json);

}  // namespace tocsin::responders
