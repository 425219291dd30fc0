#pragma once
// Transforms: a buffer changed before it is matched. Output never exceeds the input by more than one byte, except for
// the decompressors, which are capped by their option.

#include <vector>

#include "collectors/base/bytes.h"
#include "rules/signature/compile/signature.h"

namespace tocsin::rules::signature {

class RegexScratch;

// Replaces the content of `out`; `in` must not point into it. False: what the transform looks for is not there, so that
// there is no buffer to match.
bool apply_transform(const Transform& transform, Bytes in, std::vector<std::uint8_t>& out, RegexScratch& scratch);

// Decodes until the first byte that is not of the alphabet; `skip_foreign` goes on past such bytes (RFC 2045).
void decode_base64(Bytes in, bool skip_foreign, std::size_t most, std::vector<std::uint8_t>& out);

}  // namespace tocsin::rules::signature
