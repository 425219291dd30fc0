#pragma once
// BER (X.690) in a payload: the `asn1` keyword walks it and looks for lengths that overran old decoders, `ber_data` and
// `ber_skip` take one element at a time. Bounded work, no allocation, no recursion.

#include <optional>

#include "collectors/base/bytes.h"
#include "rules/signature/compile/signature.h"

namespace tocsin::rules::signature {

// One element: its first byte, where its content begins and where it ends (which may be past the bytes at hand).
struct BerElement {
  std::uint8_t type = 0;
  std::size_t content = 0;
  std::size_t end = 0;
};
std::optional<BerElement> read_ber(Bytes bytes, std::size_t at) noexcept;

// `last` is where the last content ended.
bool asn1_holds(Bytes bytes, std::size_t last, const Asn1Test& test) noexcept;

}  // namespace tocsin::rules::signature
