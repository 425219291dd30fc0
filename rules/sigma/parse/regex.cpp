#define PCRE2_CODE_UNIT_WIDTH 8
#include "rules/sigma/parse/regex.h"

#include <pcre2.h>

#include <algorithm>
#include <array>

namespace tocsin::rules::sigma {
namespace {

constexpr std::uint32_t match_limit = 200'000;
constexpr std::uint32_t depth_limit = 2'000;
constexpr std::uint32_t heap_limit_kib = 4'096;
constexpr std::size_t most_expression = 16'384;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::optional<std::string> find_unportable(std::string_view expression) {
  constexpr std::string_view known = "AbBdDsSwWZafnrtvxuUN";
  bool in_class = false;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\\') {
      if (i + 1 >= expression.size()) return "it ends in a backslash";
      const char next = expression[++i];
      if (is_letter(next) && known.find(next) == std::string_view::npos)
        return std::string("the escape \\") + next + " has no meaning in Sigma";
    } else if (c == '[') {
      in_class = true;
    } else if (c == ']') {
      in_class = false;
    } else if (!in_class && c == '(' && i > 0 && expression.substr(i).starts_with("(?")) {
      const auto end = expression.find_first_not_of("aiLmsux", i + 2);
      if (end != std::string_view::npos && end > i + 2 && expression[end] == ')')
        return "global flags stand after its start";
    }
  }
  return std::nullopt;
}

// \uXXXX and \UXXXXXXXX as PCRE2 writes them; \Z means the very end.
std::string translate(std::string_view expression) {
  std::string out;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] != '\\' || i + 1 >= expression.size()) {
      out += expression[i];
      continue;
    }
    const char next = expression[++i];
    const std::size_t digits = next == 'u' ? 4U : next == 'U' ? 8U : 0U;
    if (digits != 0 && i + digits < expression.size()) {
      out += "\\x{" + std::string(expression.substr(i + 1, digits)) + "}";
      i += digits;
    } else {
      out += '\\';
      out += next == 'Z' ? 'z' : next;
    }
  }
  return out;
}

struct MatchContext {
  MatchContext() : context(pcre2_match_context_create(nullptr)) {
    pcre2_set_match_limit(context, match_limit);
    pcre2_set_depth_limit(context, depth_limit);
    pcre2_set_heap_limit(context, heap_limit_kib);
  }
  ~MatchContext() { pcre2_match_context_free(context); }
  MatchContext(const MatchContext&) = delete;
  MatchContext& operator=(const MatchContext&) = delete;
  pcre2_match_context* context;
};

}  // namespace

std::optional<std::string> compile_regex(std::string_view expression, const RegexFlags& flags, Regex& out) {
  if (expression.size() > most_expression) return "it is longer than 16,384 characters";
  if (auto reason = find_unportable(expression)) return reason;
  const auto translated = translate(expression);
  std::uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;
  if (flags.ignore_case) options |= PCRE2_CASELESS;
  if (flags.multiline) options |= PCRE2_MULTILINE;
  if (flags.dot_all) options |= PCRE2_DOTALL;
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(), options, &error,
                             &offset, nullptr);
  if (code == nullptr) {
    std::array<PCRE2_UCHAR, 256> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    return std::string(reinterpret_cast<const char*>(message.data())) + " at offset " + std::to_string(offset);
  }
  out.code_ = std::shared_ptr<const void>(
      code, [](const void* c) { pcre2_code_free(static_cast<pcre2_code*>(const_cast<void*>(c))); });
  return std::nullopt;
}

bool Regex::search(std::string_view text) const {
  if (!code_) return false;
  thread_local const MatchContext limits;
  const auto* code = static_cast<const pcre2_code*>(code_.get());
  auto* data = pcre2_match_data_create(1, nullptr);
  const int found =
      pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, data, limits.context);
  pcre2_match_data_free(data);
  return found >= 0;
}

}  // namespace tocsin::rules::sigma
