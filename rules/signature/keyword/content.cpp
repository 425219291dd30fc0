// content and what modifies it, pcre, and the size of a buffer.
#include <algorithm>

#include "collectors/base/text.h"
#include "rules/signature/keyword/keyword.h"
#include "rules/signature/match/regex.h"

namespace tocsin::rules::signature {

using collectors::Buffer;
using collectors::BufferSide;

namespace {

constexpr std::size_t content_most = 65'535;

std::expected<ContentTest, Mistake> make_content(const OptionAst& option) {
  const auto quoted = parse_quoted(option.value);
  if (!quoted || !quoted->quoted)
    return refuse("S0320", "the content is not in double quotes", "Write content:\"text\";");
  auto bytes = parse_content(quoted->text);
  if (!bytes)
    return refuse("S0321", "the content has a bad escape or hexadecimal block",
                  "Escape ; : \" \\ with a backslash, write bytes as |41 42|");
  if (bytes->empty()) return refuse("S0322", "the content is empty", "Give at least one byte");
  if (bytes->size() > content_most) return refuse("S0323", "the content is longer than 65535 bytes", "Shorten it");
  ContentTest test;
  test.pattern = std::move(*bytes);
  test.negated = quoted->negated;
  test.text = option.value;
  return test;
}

Outcome no_content(std::string_view keyword) {
  return refuse("S0311", "'" + std::string(keyword) + "' follows no content", "Put it after the content it belongs to");
}

struct RegexBuffer {
  char flag;
  Buffer buffer;
  BufferSide side;
  collectors::Protocol protocol;
};
constexpr RegexBuffer regex_buffers[] = {
    {'U', Buffer::http_uri, BufferSide::to_server, collectors::Protocol::http},
    {'I', Buffer::http_uri_raw, BufferSide::to_server, collectors::Protocol::http},
    {'P', Buffer::http_request_body, BufferSide::to_server, collectors::Protocol::http},
    {'Q', Buffer::http_response_body, BufferSide::to_client, collectors::Protocol::http},
    {'H', Buffer::http_header, BufferSide::both, collectors::Protocol::http},
    {'D', Buffer::http_header_raw, BufferSide::both, collectors::Protocol::http},
    {'M', Buffer::http_method, BufferSide::to_server, collectors::Protocol::http},
    {'C', Buffer::http_cookie, BufferSide::both, collectors::Protocol::http},
    {'V', Buffer::http_user_agent, BufferSide::to_server, collectors::Protocol::http},
    {'W', Buffer::http_host, BufferSide::to_server, collectors::Protocol::http},
    {'Z', Buffer::http_host_raw, BufferSide::to_server, collectors::Protocol::http},
    {'Y', Buffer::http_stat_msg, BufferSide::to_client, collectors::Protocol::http},
    {'S', Buffer::http_stat_code, BufferSide::to_client, collectors::Protocol::http},
};

struct PcreFlags {
  RegexFlags regex;
  bool relative = false;
  const RegexBuffer* buffer = nullptr;
};

std::expected<PcreFlags, Mistake> parse_pcre_flags(std::string_view text) {
  PcreFlags out;
  for (const char c : text) {
    switch (c) {
      case 'i': out.regex.caseless = true; continue;
      case 'm': out.regex.multiline = true; continue;
      case 's': out.regex.dot_all = true; continue;
      case 'x': out.regex.extended = true; continue;
      case 'A': out.regex.anchored = true; continue;
      case 'E': out.regex.dollar_end_only = true; continue;
      case 'G': out.regex.ungreedy = true; continue;
      case 'R': out.relative = true; continue;
      case 'B':            // raw bytes: what payload matching does anyway
      case 'O':            // override of the match limit: ours holds for all
      case 'L': continue;  // old name of the same
      default: break;
    }
    const auto found = std::ranges::find(regex_buffers, c, &RegexBuffer::flag);
    if (found == std::end(regex_buffers))
      return refuse("S0331", std::string("pcre has no flag '") + c + "'",
                    "Known flags: i m s x A E G R B O U I P Q H D M C V W Z Y S");
    if (out.buffer != nullptr)
      return refuse("S0332", "pcre has two flags that choose a buffer", "Keep one, or use a sticky buffer");
    out.buffer = &*found;
  }
  return out;
}

}  // namespace

Outcome read_content(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  auto test = make_content(option);
  if (!test) return std::unexpected(std::move(test.error()));
  rule.add(std::move(*test));
  return {};
}

Outcome read_uricontent(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  if (auto done = read_content(rule, option, row); !done) return done;
  if (auto done = rule.require_protocol(collectors::Protocol::http, option.name); !done) return done;
  return rule.move_last_content(Buffer::http_uri, BufferSide::to_server);
}

Outcome read_nocase(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  auto* content = rule.last_content();
  if (content == nullptr) return no_content(option.name);
  content->nocase = true;
  for (auto& byte : content->pattern) byte = static_cast<std::uint8_t>(to_lower_ascii(static_cast<char>(byte)));
  return {};
}

Outcome read_position(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  auto* content = rule.last_content();
  if (content == nullptr) return no_content(option.name);
  const auto value = parse_quoted(option.value);
  const auto number = value ? rule.operand(value->text) : std::nullopt;
  if (!number || value->negated)
    return refuse("S0324", "'" + option.value + "' is neither a number nor a variable defined before",
                  "Give a number, or define the variable with byte_extract first");
  const auto keyword = static_cast<PositionKeyword>(row.argument);
  const bool relative = keyword == PositionKeyword::distance || keyword == PositionKeyword::within;
  if (content->starts_with)
    return refuse("S0325", "'" + option.name + "' cannot be combined with startswith", "Remove one of them");
  auto& place = keyword == PositionKeyword::offset     ? content->offset
                : keyword == PositionKeyword::depth    ? content->depth
                : keyword == PositionKeyword::distance ? content->distance
                                                       : content->within;
  if (place) return refuse("S0326", "the content has '" + option.name + "' twice", "Remove one of them");
  const auto length = static_cast<std::int64_t>(content->pattern.size());
  const bool bounded = keyword == PositionKeyword::depth || keyword == PositionKeyword::within;
  if (number->variable < 0) {
    if (bounded && number->value < length)
      return refuse("S0327", option.name + " is smaller than the content", "Make it at least the content's length");
    if (!relative && (number->value < 0 || number->value > 65'535))
      return refuse("S0328", option.name + " must be 0-65535", "Use distance and within for relative places");
    if (relative && (number->value < -1'048'576 || number->value > 1'048'576))
      return refuse("S0328", option.name + " must be within 1 MiB", "Choose a smaller number");
  }
  place = *number;
  return {};
}

Outcome read_startswith(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  auto* content = rule.last_content();
  if (content == nullptr) return no_content(option.name);
  if (content->offset || content->depth || content->relative())
    return refuse("S0325", "startswith cannot be combined with offset, depth, distance or within",
                  "Remove one of them");
  content->starts_with = true;
  return {};
}

Outcome read_endswith(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  auto* content = rule.last_content();
  if (content == nullptr) return no_content(option.name);
  content->ends_with = true;
  return {};
}

Outcome read_fast_pattern(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  auto* content = rule.last_content();
  if (content == nullptr) return no_content(option.name);
  if (!option.has_value || option.value.empty()) {
    content->fast = ContentTest::Fast::wanted;
    return {};
  }
  if (option.value == "only") {
    content->fast = ContentTest::Fast::only;
    return {};
  }
  const auto items = split_items(option.value);
  const auto offset = items.size() == 2 ? parse_unsigned(items[0]) : std::nullopt;
  const auto length = items.size() == 2 ? parse_unsigned(items[1]) : std::nullopt;
  if (!offset || !length || *length == 0 || *offset + *length > content->pattern.size())
    return refuse("S0329", "fast_pattern takes nothing, 'only', or 'offset,length' inside the content",
                  "Correct the value");
  content->fast = ContentTest::Fast::chop;
  content->chop_offset = static_cast<std::uint16_t>(*offset);
  content->chop_length = static_cast<std::uint16_t>(*length);
  return {};
}

// Payload is matched raw here anyway.
Outcome read_rawbytes(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  if (rule.last_content() == nullptr) return no_content(option.name);
  return {};
}

// The rule loads as it does in Suricata where nothing is inline; that nothing is changed is said.
Outcome read_replace(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto* content = rule.last_content();
  if (content == nullptr) return no_content(option.name);
  const auto quoted = parse_quoted(option.value);
  const auto bytes = quoted ? parse_content(quoted->text) : std::nullopt;
  if (!bytes || quoted->negated || bytes->size() != content->pattern.size())
    return refuse("S0338", "replace is not a text of the content's length", "Write as many bytes as the content has");
  rule.remarks.push_back({"S0339", "replace: traffic is watched here, not changed", "The rule alerts", option.place});
  return {};
}

namespace {

struct ScopeName {
  std::string_view name;
  PcreTest::CaptureScope scope;
};
constexpr ScopeName scope_names[]{{"flow", PcreTest::CaptureScope::flow},
                                  {"pkt", PcreTest::CaptureScope::packet},
                                  {"alert", PcreTest::CaptureScope::alert}};

// "flow:user" or "flow_user", by `separator`.
void add_capture(std::string_view word, char separator, std::uint32_t group, PcreTest& test) {
  const auto end = word.find(separator);
  if (end == std::string_view::npos || group == 0 || group > test.regex->groups()) return;
  for (const auto& row : scope_names)
    if (row.name == word.substr(0, end)) test.captures.push_back({group, row.scope, std::string(word.substr(end + 1))});
}

// Names for captured parts: after the flags in the order of the groups, "flow:user, pkt:host, alert:path", or in the
// expression as groups named flow_user, pkt_host and alert_path.
void read_captures(std::string_view names, std::string_view expression, PcreTest& test) {
  std::uint32_t group = 0;
  if (!names.empty())
    for (const auto name : split(names, ',')) add_capture(trim(name), ':', ++group, test);
  static constexpr std::string_view opening = "(?P<";
  for (auto at = expression.find(opening); at != std::string_view::npos; at = expression.find(opening, at + 1)) {
    const auto rest = expression.substr(at + opening.size());
    const auto close = rest.find('>');
    if (close == std::string_view::npos) return;
    const auto name = rest.substr(0, close);
    add_capture(name, '_', test.regex->group_number(std::string(name)), test);
  }
}

}  // namespace

Outcome read_pcre(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto quoted = parse_quoted(option.value);
  if (!quoted) return refuse("S0330", "the quotes of pcre do not match", "Write pcre:\"/expression/flags\";");
  std::string_view text = quoted->text;
  const auto slash = text.rfind('/');
  if (!text.starts_with('/') || slash == 0)
    return refuse("S0330", "pcre is not of the form \"/expression/flags\"", "Put the expression between slashes");
  std::string_view flag_text = text.substr(slash + 1);
  const auto comma = flag_text.find(',');
  const std::string_view names = comma == std::string_view::npos ? std::string_view{} : flag_text.substr(comma + 1);
  flag_text = trim(flag_text.substr(0, comma));
  const auto flags = parse_pcre_flags(flag_text);
  if (!flags) return std::unexpected(flags.error());
  auto regex = Regex::compile(text.substr(1, slash - 1), flags->regex);
  if (!regex)
    return refuse("S0333", "pcre does not compile: " + regex.error(), "Correct the expression (PCRE2 syntax)");
  PcreTest test;
  test.regex = std::move(*regex);
  test.negated = quoted->negated;
  test.relative = flags->relative;
  test.text = option.value;
  read_captures(names, text.substr(1, slash - 1), test);
  if (flags->buffer == nullptr) {
    rule.add(std::move(test));
    return {};
  }
  if (auto done = rule.require_protocol(flags->buffer->protocol, "pcre"); !done) return done;
  rule.add_to(flags->buffer->buffer, flags->buffer->side, std::move(test));
  return {};
}

Outcome read_bsize(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  if (!rule.selected()) return refuse("S0334", "bsize follows no sticky buffer", "Select a buffer before bsize");
  const auto range = parse_range(option.value);
  if (!range) return refuse("S0335", "'" + option.value + "' is not a size", "Write 10, >10, <10 or 5<>10");
  rule.add(SizeTest{*range, "bsize:" + option.value});
  return {};
}

Outcome read_urilen(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto items = split_items(option.value);
  const auto range = parse_range(items[0]);
  const bool raw = items.size() == 2 && items[1] == "raw";
  if (!range || items.size() > 2 || (items.size() == 2 && !raw && items[1] != "norm"))
    return refuse("S0335", "'" + option.value + "' is not a length", "Write 10, >10, <10 or 5<>10, then ,norm or ,raw");
  if (auto done = rule.require_protocol(collectors::Protocol::http, option.name); !done) return done;
  rule.add_to(raw ? Buffer::http_uri_raw : Buffer::http_uri, BufferSide::to_server,
              SizeTest{*range, "urilen:" + option.value});
  return {};
}

Outcome read_absent(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  if (!rule.in_transaction())
    return refuse("S0334", "absent follows no sticky buffer of a protocol", "Select a buffer before absent");
  if (option.has_value && option.value != "or_else")
    return refuse("S0336", "absent takes nothing or 'or_else'", "Remove the value");
  rule.add(AbsentTest{option.has_value});
  return {};
}

Outcome read_entropy(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  EntropyTest test;
  bool has_value = false;
  for (const auto item : split_items(option.value)) {
    const auto blank = item.find(' ');
    const auto key = item.substr(0, blank);
    const auto rest = blank == std::string_view::npos ? std::string_view{} : trim(item.substr(blank));
    if (key == "bytes" || key == "offset") {
      const auto number = parse_unsigned(rest);
      if (!number) return refuse("S0337", "entropy: '" + std::string(item) + "' is not understood", "Give a number");
      (key == "bytes" ? test.bytes : test.offset) = *number;
      continue;
    }
    if (key != "value")
      return refuse("S0337", "entropy has no option '" + std::string(key) + "'", "Use bytes, offset and value");
    using Operator = EntropyTest::Operator;
    static constexpr std::pair<std::string_view, Operator> operators[] = {
        {"<=", Operator::less_equal}, {">=", Operator::greater_equal}, {"!=", Operator::not_equal},
        {"<", Operator::less},        {">", Operator::greater},        {"=", Operator::equal}};
    std::string_view number_text = rest;
    test.operator_ = Operator::equal;
    for (const auto& [sign, operation] : operators) {
      if (!rest.starts_with(sign)) continue;
      test.operator_ = operation;
      number_text = trim(rest.substr(sign.size()));
      break;
    }
    const bool outside = rest.starts_with('!') && !rest.starts_with("!=");
    if (const auto dash = rest.find('-', 1); test.operator_ == Operator::equal && dash != std::string_view::npos) {
      const auto low = parse_real(trim(rest.substr(outside ? 1 : 0, dash - (outside ? 1 : 0))));
      const auto high = parse_real(trim(rest.substr(dash + 1)));
      if (!low || !high) return refuse("S0337", "entropy: the range is not two numbers", "Write value 4-5");
      test.operator_ = outside ? Operator::outside : Operator::within;
      test.value = *low;
      test.high = *high;
      has_value = true;
      continue;
    }
    const auto number = parse_real(number_text);
    if (!number) return refuse("S0337", "entropy: the value is not a number", "Write value >= 4.5");
    test.value = *number;
    has_value = true;
  }
  if (!has_value) return refuse("S0337", "entropy has no value", "Write entropy:bytes 0, value >= 4.5;");
  rule.add(test);
  return {};
}

Outcome read_prefilter(RuleBuilder& rule, const OptionAst&, const KeywordRow&) {
  if (auto* content = rule.last_content()) content->fast = ContentTest::Fast::wanted;
  rule.signature.prefilter_wanted = true;
  return {};
}

}  // namespace tocsin::rules::signature
