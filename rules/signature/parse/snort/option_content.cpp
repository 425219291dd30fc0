// What looks at bytes: content with its modifiers, expressions, sizes, BER, RPC.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "rules/signature/parse/snort/translation.h"
#include "rules/signature/parse/value.h"

namespace tocsin::rules::signature {
namespace {

constexpr std::string_view string_next = "Write content:\"text\"; with |41 42| for bytes";

// A string's escapes: \x41, \n and the like, any other character for itself.
std::optional<char> escaped(std::string_view text, std::size_t& at) {
  static constexpr std::string_view letters = "abfnrtv";
  static constexpr std::string_view values = "\a\b\f\n\r\t\v";
  const char c = text[at];
  if (const auto found = letters.find(c); found != std::string_view::npos) return values[found];
  if (c != 'x') return c;
  std::size_t digits = 0;
  while (digits < 2 && at + 1 + digits < text.size() && parse_number("0x" + std::string(1, text[at + 1 + digits])))
    ++digits;
  if (digits == 0) return std::nullopt;
  const auto value = parse_number("0x" + std::string(text.substr(at + 1, digits)));
  at += digits;
  return static_cast<char>(*value);
}

// "text |41 4| more": a byte may be written with one digit when a blank or the bar follows.
std::optional<std::string> content_bytes(std::string_view text) {
  std::string out;
  bool hex = false;
  std::string digits;
  const auto flush = [&] {
    if (!digits.empty()) out += static_cast<char>(*parse_number("0x" + digits));
    digits.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '|') {
      flush();
      hex = !hex;
    } else if (hex) {
      if (c == ' ' || digits.size() == 2) flush();
      if (c == ' ') continue;
      if (!parse_number("0x" + std::string(1, c))) return std::nullopt;
      digits += c;
    } else if (c == '\\') {
      if (++i >= text.size()) return std::nullopt;
      const auto byte = escaped(text, i);
      if (!byte) return std::nullopt;
      out += *byte;
    } else {
      out += c;
    }
  }
  if (hex) return std::nullopt;
  return out;
}

// As the tree writes bytes.
std::string content_text(std::string_view bytes) {
  static constexpr std::string_view special = "\"\\|;:";
  std::string out;
  bool hex = false;
  for (const char c : bytes) {
    const bool plain = c >= ' ' && c < 0x7F && special.find(c) == std::string_view::npos;
    if (plain == hex) out += '|';
    else if (!plain) out += ' ';
    hex = !plain;
    if (plain) out += c;
    else out += fmt::format("{:02X}", static_cast<unsigned char>(c));
  }
  if (hex) out += '|';
  return out;
}

std::string widened(std::string_view bytes, std::size_t width, bool little) {
  std::string out;
  for (const char c : bytes) {
    if (little) out += c;
    out.append(width - 1, '\0');
    if (!little) out += c;
  }
  return out;
}

struct Modifiers {
  std::string_view fast_offset, fast_length;
  bool fast = false;
  std::size_t width = 1;
  bool little = false;
};

// What changes the bytes or the choice of the prefilter is gathered, the rest follows the content as it is.
Translated gather(const SnortOption& option, Modifiers& found, std::vector<NamedItem>& rest) {
  for (std::size_t i = 1; i < option.items.size(); ++i) {
    const auto item = named_item(option.items[i].text);
    if (item.name == "fast_pattern") found.fast = true;
    else if (item.name == "fast_pattern_offset") found.fast_offset = item.value;
    else if (item.name == "fast_pattern_length") found.fast_length = item.value;
    else if (item.name == "width" && (item.value == "8" || item.value == "16" || item.value == "32"))
      found.width = item.value == "8" ? 1 : item.value == "16" ? 2 : 4;
    else if (item.name == "endian" && (item.value == "big" || item.value == "little"))
      found.little = item.value == "little";
    else if (item.value.empty()
                 ? item.name == "nocase"
                 : item.name == "offset" || item.name == "depth" || item.name == "distance" || item.name == "within")
      rest.push_back(item);
    else
      return std::unexpected(Mistake{"S0301", "content: '" + option.items[i].text + "' is not supported",
                                     "Use nocase, offset, depth, distance, within, fast_pattern, "
                                     "fast_pattern_offset, fast_pattern_length, width or endian",
                                     option.items[i].place});
  }
  return {};
}

// The first item is "[!]\"/expression/flags\"" → expression and flags; '!' may stand inside the quotes as well.
struct Expression {
  bool negated = false;
  std::string_view text;
  std::string flags;
};
std::optional<Expression> parse_expression(const SnortOption& option) {
  const auto quoted = option.items.empty() ? std::nullopt : parse_quoted(option.items[0].text);
  if (!quoted || !quoted->quoted) return std::nullopt;
  Expression out;
  out.negated = quoted->negated;
  std::string_view text = quoted->text;
  if (text.starts_with('!')) {
    out.negated = true;
    text.remove_prefix(1);
  }
  const auto end = text.rfind('/');
  if (!text.starts_with('/') || end == 0) return std::nullopt;
  out.text = text.substr(1, end - 1);
  out.flags = text.substr(end + 1);
  return out;
}

std::string pcre_value(const Expression& e) {
  return std::string(e.negated ? "!" : "") + "\"/" + std::string(e.text) + '/' + e.flags + '"';
}

}  // namespace

Translated translate_content(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  const auto quoted = option.items.empty() ? std::nullopt : parse_quoted(option.items[0].text);
  if (!quoted || !quoted->quoted)
    return std::unexpected(
        Mistake{"S0320", "the content is not in double quotes", std::string(string_next), option.value_place});
  auto bytes = content_bytes(quoted->text);
  if (!bytes)
    return std::unexpected(Mistake{"S0321", "the content has a bad escape or hexadecimal block",
                                   std::string(string_next), option.value_place});
  Modifiers found;
  std::vector<NamedItem> rest;
  if (auto done = gather(option, found, rest); !done) return done;
  if (found.width > 1) *bytes = widened(*bytes, found.width, found.little);
  out.emit(option, row.word, std::string(quoted->negated ? "!" : "") + '"' + content_text(*bytes) + '"');
  if (!found.fast_offset.empty() || !found.fast_length.empty()) {
    const auto from = found.fast_offset.empty() ? std::optional(std::uint64_t{0}) : parse_unsigned(found.fast_offset);
    const auto length = found.fast_length.empty() && from && *from < bytes->size()
                            ? std::optional<std::uint64_t>(bytes->size() - *from)
                            : parse_unsigned(found.fast_length);
    if (!from || !length || *from + *length > bytes->size())
      return refuse_option(option, "fast_pattern_offset and fast_pattern_length are not inside the content");
    out.emit(option, "fast_pattern", std::to_string(*from) + ',' + std::to_string(*length));
  } else if (found.fast) {
    out.emit(option, "fast_pattern");
  }
  for (const auto& item : rest) {
    if (item.value.empty()) out.emit(option, item.name);
    else out.emit(option, item.name, std::string(item.value));
  }
  return {};
}

Translated translate_pcre(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  const auto expression = option.items.size() == 1 ? parse_expression(option) : std::nullopt;
  if (!expression)
    return refuse_option(option, "is not of the form \"/expression/flags\"", "Put it between slashes, in quotes");
  const auto foreign = expression->flags.find_first_not_of("ismxAEGRO");
  if (foreign != std::string::npos)
    return refuse_option(option, std::string("has no flag '") + expression->flags[foreign] + "' in Snort 3",
                         "Known flags: i s m x A E G R O; choose a buffer with http_uri and the like");
  out.emit(option, row.word, pcre_value(*expression));
  return {};
}

// regex:"/expression/flags",fast_pattern,nocase,relative: Hyperscan's expressions are PCRE's too.
Translated translate_regex(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  auto expression = parse_expression(option);
  const auto bad = [&](std::string_view what) {
    return refuse_option(option, "'" + std::string(what) + "' is not understood",
                         "Write regex:\"/expression/\",nocase,dotall,multiline,relative;");
  };
  if (!expression || expression->flags.find_first_not_of("ismR") != std::string::npos) return bad(option.raw);
  const auto add = [&](char flag) {
    if (expression->flags.find(flag) == std::string::npos) expression->flags += flag;
  };
  for (std::size_t i = 1; i < option.items.size(); ++i) {
    const auto& word = option.items[i].text;
    if (word == "nocase") add('i');
    else if (word == "dotall") add('s');
    else if (word == "multiline") add('m');
    else if (word == "relative") add('R');
    else if (word != "fast_pattern") return bad(word);
  }
  out.emit(option, row.word, pcre_value(*expression));
  return {};
}

// sd_pattern:"us_social",threshold 2: numbers of people, or an expression, so often.
Translated translate_sensitive(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  const auto quoted = option.items.empty() ? std::nullopt : parse_quoted(option.items[0].text);
  if (!quoted || !quoted->quoted || quoted->negated || quoted->text.empty() || option.items.size() > 2)
    return refuse_option(option, "'" + option.raw + "' is not understood",
                         "Write sd_pattern:\"us_social\",threshold 2;");
  std::uint64_t times = 1;
  if (option.items.size() == 2) {
    const auto [name, value] = named_item(option.items[1].text);
    const auto number = parse_unsigned(value);
    if (name != "threshold" || !number || *number == 0 || *number > 1'000)
      return refuse_option(option, "threshold must be 1-1000");
    times = *number;
  }
  std::string text(quoted->text);
  if (text == "credit_card")
    return refuse_option(option, "check digits of credit_card are not calculated here",
                         "Write an expression of your own");
  // Areas 000, 666 and 9xx, group 00 and serial 0000 were never given out.
  if (text == "us_social") text = R"((?<!\d)(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?!\d))";
  if (text == "us_social_nodashes") text = R"((?<!\d)(?!000|666|9\d\d)\d{3}(?!00)\d{2}(?!0000)\d{4}(?!\d))";
  if (times > 1) text = "(?:(?:" + text + ").*?){" + std::to_string(times) + '}';
  out.emit(option, row.word, "\"/" + text + "/s\"");
  return {};
}

Translated translate_bufferlen(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  const bool relative = option.items.size() == 2 && option.items[1].text == "relative";
  const auto range = option.items.empty() ? std::nullopt : parse_range(option.items[0].text);
  auto text = option.items.empty() ? std::nullopt : translate_range(option.items[0].text, row.ends);
  if (!text || option.items.size() > 2 || (option.items.size() == 2 && !relative))
    return refuse_option(option, "'" + option.raw + "' is not a size", "Write 10, >10, 5<>10 or 5<=>10, then relative");
  if (!relative) {
    // Of the payload there is a keyword of its own.
    out.emit(option, out.in_payload() ? "dsize" : row.word, std::move(*text));
    return {};
  }
  using Kind = NumberRange::Kind;
  if (!range)
    return refuse_option(option, "'" + option.raw + "' cannot be relative", "Write >10,relative or 10,relative");
  const auto at_least = [&](std::int64_t bytes, bool negated = false) {
    out.emit(option, "isdataat", (negated ? "!" : "") + std::to_string(bytes) + ",relative");
  };
  switch (range->kind) {
    case Kind::greater: at_least(range->low + 1); break;
    case Kind::greater_equal: at_least(range->low); break;
    case Kind::less: at_least(range->low, true); break;
    case Kind::less_equal: at_least(range->low + 1, true); break;
    case Kind::equal:
      at_least(range->low);
      at_least(range->low + 1, true);
      break;
    case Kind::between:
      at_least(range->low + 1);
      at_least(range->high, true);
      break;
    default:
      return refuse_option(option, "'" + option.raw + "' cannot be relative", "Write >10,relative or 10,relative");
  }
  return {};
}

// rpc:100083,*,3: a call's program, version and procedure. RFC 5531, section 9; over TCP a record mark comes first.
Translated translate_rpc(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  const auto& transport = out.ast.protocol.text;
  if (option.items.empty() || option.items.size() > 3 || (transport != "tcp" && transport != "udp"))
    return refuse_option(option, "needs program[,version[,procedure]] in a rule of tcp or udp",
                         "Write rpc:100083,*,3;");
  const std::int64_t start = transport == "tcp" ? 4 : 0;
  if (!out.in_payload()) out.emit(option, "pkt_data");
  const auto is = [&](std::int64_t offset, std::string_view value) {
    out.emit(option, row.word, fmt::format("4,=,{},{}", value, start + offset));
  };
  is(4, "0");
  for (std::size_t i = 0; i < option.items.size(); ++i) {
    const std::string_view item = option.items[i].text;
    if (item == "*" && i > 0) continue;
    if (!parse_unsigned(item)) return refuse_option(option, "'" + std::string(item) + "' is not a number");
    is(12 + static_cast<std::int64_t>(i) * 4, item);
  }
  if (!out.in_payload()) out.restore(option);
  return {};
}

Translated translate_ber(Translation& out, const SnortOption& option, const SnortOptionRow& row) {
  const auto type = option.items.empty() ? std::nullopt : parse_number(option.items[0].text);
  const bool optional = option.items.size() == 2 && option.items[1].text == "optional" && row.name == "ber_skip";
  if (!type || *type < 0 || *type > 255 || option.items.size() > (optional ? 2U : 1U))
    return refuse_option(option, "'" + option.raw + "' is not a type", "Write " + option.name.text + ":0x30;");
  out.emit(option, row.word, std::to_string(*type) + (optional ? ",optional" : ""));
  return {};
}

}  // namespace tocsin::rules::signature
