#pragma once
// What tocsin-sinkhole says to a DNS question (RFC 1035 section 4.1): that it is refused, by policy (RCODE 5). Refused
// and not "no such name": a flow that began with a sinkholed name may go on with another, and nobody keeps a refusal
// for true. Hostile input. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace tocsin::responders {

struct SinkholeAnswer {
  std::string message;
  std::string name;  // that was asked for, with dots; raw
};
// Nothing for what is no question: no answer is sent then.
std::optional<SinkholeAnswer> sinkhole_answer(std::string_view query);

}  // namespace tocsin::responders
