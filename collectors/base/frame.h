#pragma once
// A message on a stream socket: 4 bytes of big-endian length, then that many bytes. Pure; any thread.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

inline constexpr std::size_t frame_header_bytes = 4;

// Header and body in one string. The caller keeps the body within the cap of its protocol.
std::string encode_frame(std::string_view body);
// What the header at the front of `bytes` promises; nothing when it is not whole or promises more than `most`.
std::optional<std::size_t> frame_length(std::string_view bytes, std::size_t most) noexcept;

}  // namespace tocsin
