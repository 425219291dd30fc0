#pragma once
// The one spelling of a JSON value that signatures are made over: JSON Canonicalization Scheme, RFC 8785. Pure; any
// thread.

#include <string>

#include "collectors/base/result.h"
#include "responders/playbook/json/document.h"

namespace tocsin::responders {

// No spaces, keys in the order of their UTF-16 code units, numbers as ECMAScript prints them, strings escaped no more
// than they must be. invalid: a number that IEEE 754 cannot hold (too large, or a whole number beyond 2^53).
Result<std::string> canonical_json(const JsonNode& node);

}  // namespace tocsin::responders
