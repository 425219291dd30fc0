#pragma once
// Text made comparable: valid UTF-8, without case. ASCII costs one pass; other letters use Unicode simple folding, so
// that the length in code points stays the same and `?` still means one of them.

#include <cstdint>
#include <string>
#include <string_view>

namespace tocsin::rules::sigma {

bool is_ascii(std::string_view text) noexcept;
// What has to be done to a text before it can be compared without case.
enum class Letters : std::uint8_t { folded_ascii, ascii, other };
Letters letters_of(std::string_view text) noexcept;
// Of ASCII, into `storage`.
std::string_view fold_ascii(std::string_view text, std::string& storage);

// `text` itself when it is valid UTF-8, else a copy in `storage` with U+FFFD for each bad byte.
std::string_view make_valid(std::string_view text, std::string& storage);
// Folded copy in `storage`; `text` itself when nothing changes. Bytes that are not UTF-8 are kept as they are.
std::string_view fold(std::string_view text, std::string& storage);
std::string folded(std::string_view text);

}  // namespace tocsin::rules::sigma
