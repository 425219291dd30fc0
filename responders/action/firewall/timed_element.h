#pragma once
// An action whose effect is one element of one of our sets: block_address, block_port, limit_rate. The kernel ends it.

#include <memory>
#include <string>

#include "responders/action/action.h"
#include "responders/action/firewall/ruleset.h"

namespace tocsin::responders {

// What one action of this kind is; its parameters have a "ttl". Functions are pure.
struct TimedElement {
  const ActionSpec& spec;
  SetElement (*element)(const Parameters& parameters);
  Forecast (*describe)(const Parameters& parameters);
  std::string (*effect)(const Parameters& parameters);  // "203.0.113.5 is blocked"
};
std::unique_ptr<Action> make_timed_element(const TimedElement& kind);

// The sentences they share.
Forecast describe_timed_element(const Parameters& parameters, std::string would, const SetElement& element);

}  // namespace tocsin::responders
