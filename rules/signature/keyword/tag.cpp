// tag and asn1.
#include <algorithm>

#include "collectors/base/text.h"
#include "rules/signature/keyword/keyword.h"

namespace tocsin::rules::signature {
namespace {

Outcome wrong(const OptionAst& option, const std::string& what) {
  return refuse("S0386", option.name + ": " + what, "See Suricata's documentation, " + option.name);
}

}  // namespace

// asn1:bitstring_overflow, oversize_length 500, relative_offset 0
Outcome read_asn1(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  Asn1Test test;
  test.text = option.name + ":" + option.value;
  bool any = false;
  for (const auto comma_item : split_items(option.value)) {
    const auto blank = comma_item.find_first_of(" \t");
    const auto key = comma_item.substr(0, blank);
    const auto number = blank == std::string_view::npos ? std::nullopt : parse_signed(trim(comma_item.substr(blank)));
    if (key == "bitstring_overflow") test.bit_string_overflow = any = true;
    else if (key == "double_overflow") test.double_overflow = any = true;
    else if (key == "oversize_length" && number && *number >= 0 && *number <= 0xFFFFFFFF) {
      test.oversize_length = static_cast<std::uint32_t>(*number);
      any = true;
    } else if (key == "absolute_offset" && number) test.absolute_offset = *number;
    else if (key == "relative_offset" && number) test.relative_offset = *number;
    else return wrong(option, "'" + std::string(comma_item) + "' is not understood");
  }
  if (!any) return wrong(option, "asks for nothing");
  if (test.absolute_offset && test.relative_offset) return wrong(option, "has two offsets");
  rule.add(std::move(test));
  return {};
}

// tag:session,50,packets  tag:host,100,packets,src
Outcome read_tag(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  static constexpr std::size_t tags_most = 8;
  const auto items = split_items(option.value);
  Tag tag;
  const bool host = items[0] == "host";
  if (!host && items[0] != "session") return wrong(option, "must be session or host");
  std::size_t at = 1;
  if (at < items.size() && items[at] != "src" && items[at] != "dst") {
    const auto count = parse_unsigned(items[at]);
    if (!count || *count == 0 || *count > 0xFFFFFFFFU || at + 1 >= items.size())
      return wrong(option, "needs a count and packets, seconds or bytes");
    tag.count = static_cast<std::uint32_t>(*count);
    const auto metric = items[at + 1];
    if (metric == "packets") tag.metric = Tag::Metric::packets;
    else if (metric == "seconds") tag.metric = Tag::Metric::seconds;
    else if (metric == "bytes") tag.metric = Tag::Metric::bytes;
    else return wrong(option, "'" + std::string(metric) + "' is not packets, seconds or bytes");
    at += 2;
  }
  if (host) {
    if (at >= items.size() || (items[at] != "src" && items[at] != "dst")) return wrong(option, "host needs src or dst");
    tag.scope = items[at] == "src" ? Tag::Scope::source : Tag::Scope::destination;
    ++at;
  } else if (at < items.size() && (items[at] == "src" || items[at] == "dst")) {
    ++at;  // a session has both
  }
  if (at != items.size()) return wrong(option, "'" + option.value + "' is not understood");
  if (rule.info.tags_after.size() >= tags_most) return wrong(option, "the rule has more than 8 tags");
  rule.info.tags_after.push_back(tag);
  return {};
}

}  // namespace tocsin::rules::signature
