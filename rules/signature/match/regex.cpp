#include "rules/signature/match/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "collectors/base/assert.h"

namespace tocsin::rules::signature {

struct RegexScratch::State {
  explicit State(const RegexLimits& limits)
      : data(pcre2_match_data_create(32, nullptr)), context(pcre2_match_context_create(nullptr)) {
    TOCSIN_ASSERT(data != nullptr && context != nullptr);
    pcre2_set_match_limit(context, limits.matches);
    pcre2_set_depth_limit(context, limits.depth);
    pcre2_set_heap_limit(context, limits.heap_kib);
  }
  ~State() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  pcre2_match_data* data;
  pcre2_match_context* context;
};

RegexScratch::RegexScratch(const RegexLimits& limits) : state_(std::make_unique<State>(limits)) {}
RegexScratch::~RegexScratch() = default;

std::expected<std::shared_ptr<const Regex>, std::string> Regex::compile(std::string_view pattern,
                                                                        const RegexFlags& flags) {
  std::uint32_t options = PCRE2_NEVER_BACKSLASH_C;
  if (flags.caseless) options |= PCRE2_CASELESS;
  if (flags.multiline) options |= PCRE2_MULTILINE;
  if (flags.dot_all) options |= PCRE2_DOTALL;
  if (flags.extended) options |= PCRE2_EXTENDED;
  if (flags.anchored) options |= PCRE2_ANCHORED;
  if (flags.dollar_end_only) options |= PCRE2_DOLLAR_ENDONLY;
  if (flags.ungreedy) options |= PCRE2_UNGREEDY;
  int error = 0;
  PCRE2_SIZE place = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options, &error, &place, nullptr);
  if (code == nullptr) {
    char message[160] = {};
    pcre2_get_error_message(error, reinterpret_cast<PCRE2_UCHAR*>(message), sizeof message);
    return std::unexpected(std::string(message) + " at offset " + std::to_string(place));
  }
  std::shared_ptr<Regex> regex(new Regex);
  regex->code_ = code;
  return regex;
}

Regex::~Regex() { pcre2_code_free(static_cast<pcre2_code*>(code_)); }

std::uint32_t Regex::groups() const noexcept {
  std::uint32_t count = 0;
  pcre2_pattern_info(static_cast<const pcre2_code*>(code_), PCRE2_INFO_CAPTURECOUNT, &count);
  return count;
}

std::optional<Regex::Span> Regex::run(Bytes subject, std::size_t from, std::size_t group, RegexScratch& scratch) const {
  if (from > subject.size()) return std::nullopt;
  static constexpr std::uint8_t nothing = 0;
  const auto* data = subject.empty() ? &nothing : subject.data();
  const int count = pcre2_match(static_cast<const pcre2_code*>(code_), data, subject.size(), from, 0,
                                scratch.state_->data, scratch.state_->context);
  if (count < 0) {
    if (count != PCRE2_ERROR_NOMATCH) ++scratch.limited_;
    return std::nullopt;
  }
  const PCRE2_SIZE* pairs = pcre2_get_ovector_pointer(scratch.state_->data);
  if (count != 0 && group >= static_cast<std::size_t>(count)) return std::nullopt;
  const auto start = pairs[2 * group];
  const auto end = pairs[2 * group + 1];
  if (start == PCRE2_UNSET || end == PCRE2_UNSET || end > subject.size() || start > end) return std::nullopt;
  return Span{start, end};
}

std::optional<Regex::Span> Regex::group(std::size_t number, std::size_t size, const RegexScratch& scratch) const {
  if (number > groups() || number >= pcre2_get_ovector_count(scratch.state_->data)) return std::nullopt;
  const PCRE2_SIZE* pairs = pcre2_get_ovector_pointer(scratch.state_->data);
  const auto start = pairs[2 * number];
  const auto end = pairs[2 * number + 1];
  if (start == PCRE2_UNSET || end == PCRE2_UNSET || end > size || start > end) return std::nullopt;
  return Span{start, end};
}

std::uint32_t Regex::group_number(const std::string& name) const noexcept {
  const int number = pcre2_substring_number_from_name(static_cast<const pcre2_code*>(code_),
                                                      reinterpret_cast<PCRE2_SPTR>(name.c_str()));
  return number > 0 ? static_cast<std::uint32_t>(number) : 0;
}

std::optional<Regex::Span> Regex::find(Bytes subject, std::size_t from, RegexScratch& scratch) const {
  return run(subject, from, 0, scratch);
}
std::optional<Regex::Span> Regex::find_group(Bytes subject, RegexScratch& scratch) const {
  return run(subject, 0, 1, scratch);
}

}  // namespace tocsin::rules::signature
