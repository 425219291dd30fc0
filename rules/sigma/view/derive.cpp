#include "rules/sigma/view/derive.h"

#include <algorithm>
#include <array>

#include "collectors/base/text.h"

namespace tocsin::rules::sigma {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const char lower = to_lower_ascii(c);
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
  return std::nullopt;
}

bool percent_decode(std::string_view text, std::string& out) {
  if (text.find('%') == std::string_view::npos) return false;
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (high && low) {
        out += static_cast<char>(*high * 16 + *low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out != text;
}

std::string_view base(std::string_view text) {
  const auto slash = text.find_last_of('/');
  return slash == std::string_view::npos ? text : text.substr(slash + 1);
}

bool give(std::string_view text, std::string& out) {
  out.assign(text);
  return !text.empty();
}

// What a request asks of the host it names.
std::string_view target_of(std::string_view url) {
  const auto mark = url.find("://");
  if (mark == std::string_view::npos) return {};
  const auto slash = url.find('/', mark + 3);
  return slash == std::string_view::npos ? std::string_view{} : url.substr(slash);
}

// Of an outcome.
bool choose(std::string_view outcome, std::string_view good, std::string_view bad, std::string& out) {
  if (outcome != "success" && outcome != "failure") return false;
  return give(outcome == "success" ? good : bad, out);
}

}  // namespace

std::optional<Derivation> parse_derivation(std::string_view name) {
  static constexpr std::array<std::string_view, 12> names{"none",        "percent_decode", "basename", "extension",
                                                          "strip_query", "query",          "trim_hex", "lower",
                                                          "initiated",   "target",         "accepted", "blocked"};
  const auto found = std::ranges::find(names, name);
  if (found == names.end() || found == names.begin()) return std::nullopt;
  return static_cast<Derivation>(found - names.begin());
}

bool derive(Derivation derivation, std::string_view text, std::string& out) {
  const auto question = std::min(text.find('?'), text.size());
  switch (derivation) {
    case Derivation::none: return give(text, out);
    case Derivation::percent_decode: return percent_decode(text, out);
    case Derivation::basename: return give(base(text.substr(0, question)), out);
    case Derivation::extension: {
      const auto name = base(text.substr(0, question));
      const auto dot = name.find_last_of('.');
      return dot != std::string_view::npos && give(name.substr(dot + 1), out);
    }
    case Derivation::strip_query: return give(text.substr(0, question), out);
    case Derivation::query: return question < text.size() && give(text.substr(question + 1), out);
    case Derivation::trim_hex: {
      if (!text.starts_with("0x")) return give(text, out);
      const auto digits = text.find_first_not_of('0', 2);
      return give("0x" + std::string(digits == std::string_view::npos ? "0" : text.substr(digits)), out);
    }
    case Derivation::lower: return give(lower_ascii(text), out);
    case Derivation::initiated:
      if (text != "outbound" && text != "inbound") return false;
      return give(text == "outbound" ? "true" : "false", out);
    case Derivation::target: return give(target_of(text), out);
    case Derivation::accepted: return choose(text, "accept", "deny", out);
    case Derivation::blocked: return choose(text, "false", "true", out);
  }
  return false;
}

}  // namespace tocsin::rules::sigma
