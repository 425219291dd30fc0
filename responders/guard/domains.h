#pragma once
// Names in DNS that no response may lead nowhere: those of everybody (public suffixes, reverse lookups), of this host
// and its organisation, and the configured ones. Networks count by overlap; names do too: what is above or below one.

#include <string>
#include <string_view>
#include <vector>

#include "responders/guard/policy.h"

namespace tocsin::responders {

// The names of the search and domain lines of resolv.conf(5). Pure.
std::vector<std::string> parse_search_domains(std::string_view resolv_conf);
// Why not, as a sentence; empty: nothing is known against it. `own`: names of this host and those it searches below.
std::string domain_reason(const Policy& policy, std::string_view domain, const std::vector<std::string>& own);
std::vector<std::string> own_domains();  // as the system says now

}  // namespace tocsin::responders
