#pragma once
// The `asn1` keyword: walks BER (X.690) in a payload and looks for lengths that overran old decoders. Bounded work, no
// allocation, no recursion.

#include "collectors/base/bytes.h"
#include "rules/signature/compile/signature.h"

namespace tocsin::rules::signature {

// `last` is where the last content ended.
bool asn1_holds(Bytes bytes, std::size_t last, const Asn1Test& test) noexcept;

}  // namespace tocsin::rules::signature
