#include "collectors/packet/protocol/http2/hpack.h"

#include <algorithm>
#include <array>

namespace tocsin::collectors {
namespace {

// Appendix A.
constexpr auto fixed_table = std::to_array<std::pair<std::string_view, std::string_view>>({
    {":authority", ""},
    {":method", "GET"},
    {":method", "POST"},
    {":path", "/"},
    {":path", "/index.html"},
    {":scheme", "http"},
    {":scheme", "https"},
    {":status", "200"},
    {":status", "204"},
    {":status", "206"},
    {":status", "304"},
    {":status", "400"},
    {":status", "404"},
    {":status", "500"},
    {"accept-charset", ""},
    {"accept-encoding", "gzip, deflate"},
    {"accept-language", ""},
    {"accept-ranges", ""},
    {"accept", ""},
    {"access-control-allow-origin", ""},
    {"age", ""},
    {"allow", ""},
    {"authorization", ""},
    {"cache-control", ""},
    {"content-disposition", ""},
    {"content-encoding", ""},
    {"content-language", ""},
    {"content-length", ""},
    {"content-location", ""},
    {"content-range", ""},
    {"content-type", ""},
    {"cookie", ""},
    {"date", ""},
    {"etag", ""},
    {"expect", ""},
    {"expires", ""},
    {"from", ""},
    {"host", ""},
    {"if-match", ""},
    {"if-modified-since", ""},
    {"if-none-match", ""},
    {"if-range", ""},
    {"if-unmodified-since", ""},
    {"last-modified", ""},
    {"link", ""},
    {"location", ""},
    {"max-forwards", ""},
    {"proxy-authenticate", ""},
    {"proxy-authorization", ""},
    {"range", ""},
    {"referer", ""},
    {"refresh", ""},
    {"retry-after", ""},
    {"server", ""},
    {"set-cookie", ""},
    {"strict-transport-security", ""},
    {"transfer-encoding", ""},
    {"user-agent", ""},
    {"vary", ""},
    {"via", ""},
    {"www-authenticate", ""},
});
static_assert(fixed_table.size() == 61);

// Appendix B: the code is canonical, so that its lengths say it all. The 257th symbol ends a text.
constexpr std::array<std::uint8_t, 257> code_lengths{
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
    28, 28, 28, 6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,  5,  5,  5,  6,  6,  6,  6,  6,  6,  6,
    7,  8,  15, 6,  12, 10, 13, 6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,
    7,  8,  7,  8,  13, 19, 13, 14, 6,  15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,  6,  7,  6,  5,
    5,  6,  7,  7,  7,  7,  7,  15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24,
    24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22,
    23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26,
    27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23,
    22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30};
constexpr unsigned longest = 30;

// Canonical decoding: of each length the first code, and where its symbols begin in order.
struct CodeTable {
  std::array<std::uint32_t, longest + 2> first{};
  std::array<std::uint16_t, longest + 2> count{};
  std::array<std::uint16_t, longest + 2> begin{};
  std::array<std::uint16_t, 257> symbols{};
};
constexpr CodeTable codes = [] {
  CodeTable out;
  for (const auto length : code_lengths) ++out.count[length];
  std::uint32_t code = 0;
  std::uint16_t at = 0;
  for (unsigned length = 1; length <= longest; ++length) {
    code <<= 1U;
    out.first[length] = code;
    out.begin[length] = at;
    for (std::uint16_t symbol = 0; symbol < 257; ++symbol)
      if (code_lengths[symbol] == length) out.symbols[at++] = symbol;
    code += out.count[length];
  }
  return out;
}();
static_assert(codes.first[longest] + codes.count[longest] == 1U << longest, "the code is complete");

enum class Number : std::uint8_t { whole, cut, overflow };
// Section 5.1.
Number read_number(ByteReader& reader, std::uint8_t first, unsigned prefix, std::uint64_t& out) noexcept {
  const std::uint64_t mask = (1U << prefix) - 1U;
  out = first & mask;
  if (out < mask) return Number::whole;
  for (unsigned shift = 0; shift <= 28; shift += 7) {
    const std::uint8_t next = reader.u8();
    if (!reader.ok()) return Number::cut;
    out += std::uint64_t{next & 0x7FU} << shift;
    if ((next & 0x80U) == 0) return out > 0xFFFFFFFFU ? Number::overflow : Number::whole;
  }
  return Number::overflow;
}

HpackFault read_text(ByteReader& reader, std::string& out) {
  const std::uint8_t first = reader.u8();
  if (!reader.ok()) return HpackFault::malformed;
  std::uint64_t size = 0;
  const auto number = read_number(reader, first, 7, size);
  if (number == Number::overflow) return HpackFault::integer_overflow;
  if (number == Number::cut || size > reader.remaining()) return HpackFault::malformed;
  const Bytes bytes = reader.take(static_cast<std::size_t>(size));
  if ((first & 0x80U) == 0) {
    out = as_text(bytes);
    return HpackFault::none;
  }
  auto text = decode_huffman(bytes);
  if (!text) return HpackFault::malformed;
  out = std::move(*text);
  return HpackFault::none;
}

}  // namespace

std::optional<std::string> decode_huffman(Bytes bytes) {
  static constexpr std::uint16_t end_mark = 256;
  std::string out;
  std::uint32_t code = 0;
  unsigned length = 0;
  for (const auto byte : bytes) {
    for (int bit = 7; bit >= 0; --bit) {
      code = (code << 1U) | ((byte >> bit) & 1U);
      if (++length > longest) return std::nullopt;
      const std::uint32_t offset = code - codes.first[length];
      if (code < codes.first[length] || offset >= codes.count[length]) continue;
      const auto symbol = codes.symbols[codes.begin[length] + offset];
      if (symbol == end_mark) return std::nullopt;
      out += static_cast<char>(symbol);
      code = 0;
      length = 0;
    }
  }
  // What is left are ones, fewer than a byte.
  if (length >= 8 || code != (1U << length) - 1U) return std::nullopt;
  return out;
}

void HpackDecoder::limit(std::size_t size) {
  size_most_ = std::min(size, table_most_);
  evict();
}

void HpackDecoder::evict() {
  while (size_ > size_most_ && !table_.empty()) {
    size_ -= table_.back().size();
    table_.pop_back();
  }
}

void HpackDecoder::store(const Http2Field& field) {
  Entry entry{field.name, field.value};
  if (entry.size() > size_most_) {  // empties the table: section 4.4
    table_.clear();
    size_ = 0;
    return;
  }
  size_ += entry.size();
  table_.push_front(std::move(entry));
  evict();
}

bool HpackDecoder::lookup(std::uint64_t index, Http2Field& out) const {
  if (index == 0) return false;
  if (index <= fixed_table.size()) {
    out.name = fixed_table[index - 1].first;
    out.value = fixed_table[index - 1].second;
    return true;
  }
  index -= fixed_table.size() + 1;
  if (index >= table_.size()) return false;
  out.name = table_[index].name;
  out.value = table_[index].value;
  return true;
}

HpackFault HpackDecoder::literal(ByteReader& reader, unsigned prefix, bool keep, Http2Field& out) {
  const std::uint8_t first = reader.u8();
  std::uint64_t index = 0;
  const auto number = read_number(reader, first, prefix, index);
  if (number == Number::overflow) return HpackFault::integer_overflow;
  if (number == Number::cut) return HpackFault::malformed;
  if (index != 0) {
    if (!lookup(index, out)) return HpackFault::malformed;
    out.value.clear();
  } else if (const auto fault = read_text(reader, out.name); fault != HpackFault::none) {
    return fault;
  }
  if (const auto fault = read_text(reader, out.value); fault != HpackFault::none) return fault;
  if (keep) store(out);
  return HpackFault::none;
}

HpackFault HpackDecoder::decode(Bytes block, std::size_t bytes_most, std::vector<Http2Field>& out) {
  ByteReader reader(block);
  std::size_t decoded = 0;
  while (reader.remaining() > 0) {
    const std::uint8_t first = reader.rest().front();
    Http2Field field;
    auto fault = HpackFault::none;
    if ((first & 0x80U) != 0 || (first & 0xE0U) == 0x20U) {
      reader.skip(1);
      std::uint64_t value = 0;
      const bool indexed = (first & 0x80U) != 0;
      const auto number = read_number(reader, first, indexed ? 7 : 5, value);
      if (number == Number::overflow) fault = HpackFault::integer_overflow;
      else if (number == Number::cut || (indexed && !lookup(value, field))) fault = HpackFault::malformed;
      else if (!indexed) {
        field.table_size = value;
        limit(static_cast<std::size_t>(value));
      }
    } else if ((first & 0x40U) != 0) {
      fault = literal(reader, 6, true, field);
    } else {
      fault = literal(reader, 4, false, field);
    }
    if (fault != HpackFault::none) return fault;
    decoded += field.name.size() + field.value.size() + 32;
    // A few bytes may stand for many: the table multiplies.
    if (decoded > bytes_most) return HpackFault::too_much;
    out.push_back(std::move(field));
  }
  return HpackFault::none;
}

}  // namespace tocsin::collectors
