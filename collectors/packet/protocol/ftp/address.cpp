#include "collectors/packet/protocol/ftp/address.h"

#include <array>

#include "collectors/base/text.h"

namespace tocsin::collectors {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<FtpEndpoint> parse_ftp_port(std::string_view text) noexcept {
  std::array<std::uint32_t, 6> numbers{};
  std::size_t count = 0;
  bool inside = false;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : '\0';
    if (is_digit(c)) {
      if (!inside) numbers[count] = 0;
      inside = true;
      numbers[count] = numbers[count] * 10 + static_cast<std::uint32_t>(c - '0');
      if (numbers[count] > 255) {  // no part of an address: a code, a year
        count = 0;
        while (i + 1 < text.size() && is_digit(text[i + 1])) ++i;
        inside = false;
      }
      continue;
    }
    if (!inside) {
      if (c != ' ' && c != '(') count = 0;
      continue;
    }
    inside = false;
    if (++count == numbers.size()) {
      FtpEndpoint out;
      out.address = IpAddress::v4((numbers[0] << 24) | (numbers[1] << 16) | (numbers[2] << 8) | numbers[3]);
      out.port = static_cast<std::uint16_t>((numbers[4] << 8) | numbers[5]);
      return out;
    }
    if (c != ',') count = 0;
  }
  return std::nullopt;
}

std::optional<FtpEndpoint> parse_ftp_extended_port(std::string_view text) noexcept {
  // The delimiter may be any character; the port stands between the third and the fourth one.
  std::size_t begin = text.find('(');
  if (begin != std::string_view::npos) text.remove_prefix(begin + 1);
  text = trim(text);
  if (text.empty() || is_digit(text.front())) return std::nullopt;
  const char delimiter = text.front();
  std::array<std::string_view, 3> parts;
  text.remove_prefix(1);
  for (auto& part : parts) {
    const std::size_t end = text.find(delimiter);
    if (end == std::string_view::npos) return std::nullopt;
    part = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  const auto port = parse_unsigned(parts[2]);
  if (!port || *port == 0 || *port > 65'535) return std::nullopt;
  FtpEndpoint out;
  if (!parts[1].empty()) {
    const auto address = parse_address(parts[1]);
    if (!address) return std::nullopt;
    out.address = *address;
  }
  out.port = static_cast<std::uint16_t>(*port);
  return out;
}

}  // namespace tocsin::collectors
