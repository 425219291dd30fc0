#include "rules/signature/match/transform.h"

#include <algorithm>

#include <zlib.h>

#include "collectors/base/digest.h"
#include "rules/signature/match/host_name.h"
#include "rules/signature/match/http_part.h"
#include "rules/signature/match/regex.h"
#include "rules/signature/match/search.h"

namespace tocsin::rules::signature {
namespace {

using Out = std::vector<std::uint8_t>;

bool is_space(std::uint8_t c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

int hex_value(std::uint8_t c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const std::uint8_t lower = lower_byte(c);
  if (lower >= 'a' && lower <= 'f') return lower - 'a' + 10;
  return -1;
}

void compress_whitespace(Bytes in, Out& out) {
  bool space = false;
  for (const auto c : in) {
    if (!is_space(c) || !space) out.push_back(c);
    space = is_space(c);
  }
}

void url_decode(Bytes in, Out& out) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] == '%' && i + 2 < in.size() && hex_value(in[i + 1]) >= 0 && hex_value(in[i + 2]) >= 0) {
      out.push_back(static_cast<std::uint8_t>(hex_value(in[i + 1]) * 16 + hex_value(in[i + 2])));
      i += 2;
    } else {
      out.push_back(in[i] == '+' ? std::uint8_t{' '} : in[i]);
    }
  }
}

// Header names only: up to the colon of each line.
void lower_header_names(Bytes in, Out& out) {
  bool name = true;
  for (const auto c : in) {
    if (c == ':') name = false;
    out.push_back(name ? lower_byte(c) : c);
    if (c == '\n') name = true;
  }
}

// HTTP/2 pseudo headers are lines that start with a colon.
void strip_pseudo_headers(Bytes in, Out& out) {
  std::size_t start = 0;
  while (start < in.size()) {
    std::size_t end = start;
    while (end < in.size() && in[end] != '\n') ++end;
    if (end < in.size()) ++end;
    if (in[start] != ':')
      out.insert(out.end(), in.begin() + static_cast<std::ptrdiff_t>(start),
                 in.begin() + static_cast<std::ptrdiff_t>(end));
    start = end;
  }
}

int base64_value(std::uint8_t c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

void subslice(const Transform& transform, Bytes in, Out& out) {
  const auto size = static_cast<std::int64_t>(in.size());
  const std::int64_t start = transform.first < 0 ? std::max<std::int64_t>(0, size + transform.first) : transform.first;
  std::int64_t end = size;
  if (transform.mode >= 1) {
    end = transform.second < 0 ? size + transform.second : start + transform.second;
    if (end > size) {
      if (transform.mode == 1) return;
      end = size;
    }
  }
  if (start >= end) return;
  out.assign(in.begin() + start, in.begin() + end);
}

// window bits: 15 + 16 = gzip, 15 = zlib.
void inflate_bytes(Bytes in, int window_bits, std::size_t most, Out& out) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) return;
  out.resize(most);
  stream.next_in = const_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(in.size(), 1U << 30));
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(most);
  const int status = inflate(&stream, Z_SYNC_FLUSH);
  const bool usable = status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR;
  out.resize(usable ? most - stream.avail_out : 0);
  inflateEnd(&stream);
}

template <class Digest>
void assign_digest(const Digest& digest, Out& out) {
  out.assign(digest.begin(), digest.end());
}

}  // namespace

void decode_base64(Bytes in, bool skip_foreign, std::size_t most, Out& out) {
  std::uint32_t bits = 0;
  int count = 0;
  for (const auto c : in) {
    if (out.size() >= most) return;
    const int value = base64_value(c);
    if (value < 0) {
      if (skip_foreign && c != '=') continue;
      break;
    }
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<std::uint8_t>((bits >> count) & 0xFFU));
    }
  }
}

namespace {

void change(const Transform& transform, Bytes in, Out& out, RegexScratch& scratch) {
  switch (transform.kind) {
    case TransformKind::dotprefix:
      out.push_back('.');
      out.insert(out.end(), in.begin(), in.end());
      return;
    case TransformKind::to_lowercase:
      for (const auto c : in) out.push_back(lower_byte(c));
      return;
    case TransformKind::to_uppercase:
      for (const auto c : in) out.push_back(c >= 'a' && c <= 'z' ? static_cast<std::uint8_t>(c - 32) : c);
      return;
    case TransformKind::strip_whitespace:
      std::ranges::copy_if(in, std::back_inserter(out), [](std::uint8_t c) { return !is_space(c); });
      return;
    case TransformKind::compress_whitespace: return compress_whitespace(in, out);
    case TransformKind::url_decode: return url_decode(in, out);
    case TransformKind::to_md5: return assign_digest(md5(in), out);
    case TransformKind::to_sha1: return assign_digest(sha1(in), out);
    case TransformKind::to_sha256: return assign_digest(sha256(in), out);
    case TransformKind::xor_:
      for (std::size_t i = 0; i < in.size(); ++i)
        out.push_back(static_cast<std::uint8_t>(in[i] ^ transform.key[i % transform.key.size()]));
      return;
    case TransformKind::header_lowercase: return lower_header_names(in, out);
    case TransformKind::strip_pseudo_headers: return strip_pseudo_headers(in, out);
    case TransformKind::pcrexform:
      if (const auto found = transform.regex->find_group(in, scratch))
        out.assign(in.begin() + static_cast<std::ptrdiff_t>(found->start),
                   in.begin() + static_cast<std::ptrdiff_t>(found->end));
      return;
    case TransformKind::from_base64: {
      const auto start = std::min<std::size_t>(static_cast<std::size_t>(transform.first), in.size());
      Bytes part = in.subspan(start);
      if (transform.second > 0) part = part.first(std::min(part.size(), static_cast<std::size_t>(transform.second)));
      return decode_base64(part, transform.mode == 1, part.size(), out);
    }
    case TransformKind::subslice: return subslice(transform, in, out);
    case TransformKind::gunzip: return inflate_bytes(in, 15 + 16, static_cast<std::size_t>(transform.first), out);
    case TransformKind::domain: return registered_name(in, NamePart::domain, out);
    case TransformKind::tld: return registered_name(in, NamePart::suffix, out);
    case TransformKind::header_field:
    case TransformKind::uri_part:
    case TransformKind::uri_parameter: return;
    case TransformKind::zlib_deflate: return inflate_bytes(in, 15, static_cast<std::size_t>(transform.first), out);
  }
}

}  // namespace

bool apply_transform(const Transform& transform, Bytes in, Out& out, RegexScratch& scratch) {
  out.clear();
  switch (transform.kind) {
    case TransformKind::header_field: return header_field(in, as_text(transform.key), out);
    case TransformKind::uri_part: return uri_part(in, static_cast<UriPart>(transform.mode), out);
    case TransformKind::uri_parameter: return uri_parameter(in, as_text(transform.key), transform.mode != 0, out);
    default: change(transform, in, out, scratch); return true;
  }
}

}  // namespace tocsin::rules::signature
