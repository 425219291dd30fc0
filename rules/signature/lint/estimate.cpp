// The estimate: how often the rule is evaluated, times what one evaluation costs.
#include <algorithm>
#include <array>
#include <cmath>

#include "collectors/base/text.h"
#include "rules/signature/compile/compiler.h"
#include "rules/signature/lint/expression.h"
#include "rules/signature/lint/lint.h"

namespace tocsin::rules::signature {
namespace {

// Found in nearly every message of their protocols; lower case.
constexpr std::array<std::string_view, 24> common_patterns{
    "http",         "http/1.1",  "http/1.0", "get ",     "post ",    "get",         "post",     "host:",
    "host",         "www.",      ".com",     "http://",  "https://", "mozilla/5.0", "mozilla/", "user-agent",
    "content-type", "text/html", "\r\n",     "\r\n\r\n", "accept",   "connection",  "/index",   "login"};

// A buffer of this many bytes is what patterns are looked for in.
constexpr double buffer_bytes = 600;

// Bits of surprise of a byte of traffic: letters and blanks are common, other bytes less so.
double surprise(std::uint8_t byte, bool nocase) noexcept {
  const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  if (letter) return nocase ? 3.2 : 4.2;
  if (byte == 0 || byte == 0xFF || byte == ' ') return 3.0;
  return byte > 0x20 && byte < 0x7F ? 5.0 : 6.5;
}

// Share of buffers that hold the prefilter's pattern by chance.
double chance(const ContentTest& content) {
  const auto [offset, length] = fast_part(content);
  if (is_common_pattern(as_text(Bytes(content.pattern).subspan(offset, length)))) return 1;
  double bits = 0;
  std::uint8_t before = 0;
  for (std::size_t i = 0; i < length; ++i) {
    const std::uint8_t byte = content.pattern[offset + i];
    // A repeated byte says little.
    bits += i > 0 && byte == before ? 1.0 : surprise(byte, content.nocase);
    before = byte;
  }
  return std::clamp(buffer_bytes * std::exp2(-bits), 0.0005, 1.0);
}

double cost_of(const Test& test) {
  if (const auto* c = std::get_if<ContentTest>(&test)) return c->starts_with || c->depth || c->within ? 0.3 : 1.0;
  if (const auto* p = std::get_if<PcreTest>(&test)) {
    const auto shape = look_at_expression(expression_of(*p));
    if (shape.nested) return 60;
    if (shape.anchored || p->relative) return 2;
    return shape.leading_wildcard ? 25 : 6;
  }
  if (std::holds_alternative<EntropyTest>(test)) return 4;
  if (const auto* b = std::get_if<std::shared_ptr<Base64Test>>(&test)) {
    double sum = 2;
    for (const auto& inner : (*b)->data) sum += cost_of(inner);
    return sum;
  }
  return 0.1;
}

}  // namespace

bool is_common_pattern(std::string_view pattern) {
  if (pattern.empty() || std::ranges::all_of(pattern, [&](char c) { return c == pattern.front(); })) return true;
  return std::ranges::find(common_patterns, std::string_view(lower_ascii(pattern))) != common_patterns.end();
}

double estimate_cost(const Signature& signature) {
  double share = 1;
  if (signature.fast_chain >= 0) {
    const auto& chain = signature.chains[static_cast<std::size_t>(signature.fast_chain)];
    share = chance(std::get<ContentTest>(chain.tests[static_cast<std::size_t>(signature.fast_test)]));
  }
  double work = 0.1 + 0.02 * static_cast<double>(signature.packet_tests.size());
  double reached = 1;
  for (const auto& chain : signature.chains) {
    work += 0.5 * static_cast<double>(chain.transforms.size());
    for (const auto& test : chain.tests) {
      work += reached * cost_of(test);
      // Most evaluations end with the first test that fails.
      reached *= 0.5;
    }
  }
  return 100 * share * work;
}

}  // namespace tocsin::rules::signature
