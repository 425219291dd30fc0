// PCRE2 behind Expression: interpreter only (the default unit forbids writable code memory), with match limits.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

#include "collectors/log/decoder/pattern.h"

namespace tocsin::collectors {

namespace {
constexpr std::uint32_t steps_most = 20000;
constexpr std::uint32_t depth_most = 200;
constexpr std::size_t subject_most = 16 * 1024;
}  // namespace

struct Expression::State {
  pcre2_code* code = nullptr;
  pcre2_match_context* context = nullptr;
  ~State() {
    pcre2_match_context_free(context);
    pcre2_code_free(code);
  }
};

Expression::~Expression() = default;
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;

std::expected<Expression, std::string> Expression::compile(std::string_view text) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  Expression out;
  out.state_ = std::make_unique<State>();
  out.state_->code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), PCRE2_ANCHORED, &error, &offset, nullptr);
  if (out.state_->code == nullptr) {
    std::array<PCRE2_UCHAR, 128> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    return std::unexpected("expression: " + std::string(reinterpret_cast<const char*>(message.data())));
  }
  out.state_->context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(out.state_->context, steps_most);
  pcre2_set_depth_limit(out.state_->context, depth_most);
  return out;
}

std::size_t Expression::match(std::string_view text) const noexcept {
  text = text.substr(0, subject_most);
  auto* data = pcre2_match_data_create(1, nullptr);
  if (data == nullptr) return std::string_view::npos;
  const int found =
      pcre2_match(state_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, data, state_->context);
  const std::size_t length = found < 0 ? std::string_view::npos : pcre2_get_ovector_pointer(data)[1];
  pcre2_match_data_free(data);
  return length;
}

}  // namespace tocsin::collectors
