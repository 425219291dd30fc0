#include "rules/signature/match/asn1.h"

namespace tocsin::rules::signature {
namespace {

// As many elements as Suricata's asn1-max-frames looks at.
constexpr int elements_most = 256;
constexpr std::uint8_t tag_bit_string = 3, tag_real = 9;
constexpr std::uint64_t real_most = 256;

struct Element {
  std::uint32_t tag = 0;
  bool universal = false;
  bool constructed = false;
  bool indefinite = false;
  std::uint64_t length = 0;
  std::size_t content = 0;  // where it begins
};

bool read_tag(Bytes bytes, std::size_t& at, Element& out) noexcept {
  if (at >= bytes.size()) return false;
  const std::uint8_t first = bytes[at++];
  out.universal = (first & 0xC0U) == 0;
  out.constructed = (first & 0x20U) != 0;
  out.tag = first & 0x1FU;
  if (out.tag != 0x1F) return true;
  out.tag = 0;
  for (int i = 0; i < 5; ++i) {
    if (at >= bytes.size()) return false;
    const std::uint8_t next = bytes[at++];
    out.tag = (out.tag << 7U) | (next & 0x7FU);
    if ((next & 0x80U) == 0) return true;
  }
  return false;
}

bool read_length(Bytes bytes, std::size_t& at, Element& out) noexcept {
  if (at >= bytes.size()) return false;
  const std::uint8_t first = bytes[at++];
  out.length = first;
  if (first < 0x80) return true;
  const std::size_t count = first & 0x7FU;
  out.indefinite = count == 0;
  out.length = 0;
  if (count > 8 || count > bytes.size() - at) return false;
  for (std::size_t i = 0; i < count; ++i) out.length = (out.length << 8U) | bytes[at++];
  return true;
}

bool suspicious(Bytes bytes, const Element& element, const Asn1Test& test) noexcept {
  if (test.oversize_length && element.length > *test.oversize_length) return true;
  const bool primitive = element.universal && !element.constructed;
  const bool has_content = element.length != 0 && element.content < bytes.size();
  if (!primitive || !has_content) return false;
  const std::uint8_t first = bytes[element.content];
  if (test.bit_string_overflow && element.tag == tag_bit_string && (element.length - 1) * 8 < first) return true;
  // A decimal encoding longer than anybody's buffer.
  return test.double_overflow && element.tag == tag_real && (first & 0xC0U) == 0 && element.length > real_most;
}

}  // namespace

std::optional<BerElement> read_ber(Bytes bytes, std::size_t at) noexcept {
  if (at >= bytes.size()) return std::nullopt;
  BerElement out;
  out.type = bytes[at];
  Element element;
  if (!read_tag(bytes, at, element) || !read_length(bytes, at, element) || element.indefinite) return std::nullopt;
  if (element.length > 0xFFFFFFFFU) return std::nullopt;
  out.content = at;
  out.end = at + static_cast<std::size_t>(element.length);
  return out;
}

bool asn1_holds(Bytes bytes, std::size_t last, const Asn1Test& test) noexcept {
  std::int64_t start = 0;
  if (test.absolute_offset) start = *test.absolute_offset;
  else if (test.relative_offset) start = static_cast<std::int64_t>(last) + *test.relative_offset;
  if (start < 0 || start >= static_cast<std::int64_t>(bytes.size())) return false;
  auto at = static_cast<std::size_t>(start);
  for (int i = 0; i < elements_most; ++i) {
    Element element;
    if (!read_tag(bytes, at, element) || !read_length(bytes, at, element)) return false;
    element.content = at;
    if (suspicious(bytes, element, test)) return true;
    // What is constructed is walked into: its elements follow at once.
    if (element.constructed || element.indefinite) continue;
    if (element.length >= bytes.size() - at) return false;
    at += static_cast<std::size_t>(element.length);
  }
  return false;
}

}  // namespace tocsin::rules::signature
