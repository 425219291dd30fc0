#include "collectors/packet/record/detail.h"

#include <fmt/format.h>

#include "collectors/base/utf8.h"

namespace tocsin::collectors {

namespace {

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto length = next_code_point(text).length;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

std::string record_text(Bytes bytes) {
  const auto text = as_text(bytes);
  if (is_utf8(text)) return std::string(text);
  std::string out;
  for (const auto byte : bytes) {
    if (byte < 0x80) out += static_cast<char>(byte);
    else out += fmt::format("\\x{:02x}", byte);
  }
  return out;
}

std::string record_address(const IpAddress& address) {
  if (!address.is_v6()) return render_address(address);
  std::string out;
  const auto bytes = address.bytes();
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    if (i != 0) out += ':';
    out += fmt::format("{:02x}{:02x}", bytes[i], bytes[i + 1]);
  }
  return out;
}

}  // namespace tocsin::collectors
