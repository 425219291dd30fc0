#pragma once
// Lane two of failure: what can be expected to fail. `Result<T>` is std::expected<T, Error>.
// Mistakes in somebody's rule, playbook or configuration are lane three: see diagnostic.h.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin {

// Closed set; each maps to one CLI exit code and one HTTP status (see the table in result.cpp).
enum class Code : std::uint8_t {
  failure,  // anything without a better name
  usage,    // the caller's words are wrong
  not_found,
  denied,       // not allowed, or an approval is needed first
  conflict,     // stale version, or the state does not permit it
  unreachable,  // the daemon, a peer or a device does not answer
  partial,      // some targets done, some not
  timed_out,
  invalid,    // input that cannot be understood
  exhausted,  // a cap, the disk or memory
};

// DESIGN section 8: 0 ok, 1 failure, 2 usage, 3 not found, 4 denied, 5 conflict, 6 unreachable, 7 partial, 8 timed out.
int exit_status(Code code) noexcept;
int http_status(Code code) noexcept;
std::string_view code_name(Code code) noexcept;
// The inverse of code_name; `failure` for an unknown name.
Code parse_code(std::string_view name) noexcept;

struct Error {
  Code code = Code::failure;
  std::string message;               // what happened and what to do next, one sentence each
  std::vector<std::string> context;  // innermost first: "while reading /etc/tocsin/tocsin.yaml"

  Error() = default;
  Error(Code c, std::string m) : code(c), message(std::move(m)) {}

  Error within(std::string where) && {
    context.push_back(std::move(where));
    return std::move(*this);
  }
  // "message (while …; while …)"
  std::string text() const;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected<Error>(Error(code, std::move(message)));
}
// From errno: "cannot open /x: Permission denied"; EACCES/EPERM → denied, ENOENT → not_found, ENOSPC → exhausted.
std::unexpected<Error> fail_errno(std::string what, int error_number);

}  // namespace tocsin

#define TOCSIN_CONCAT_INNER(a, b) a##b
#define TOCSIN_CONCAT(a, b) TOCSIN_CONCAT_INNER(a, b)
// `TOCSIN_TRY(auto x, f());` binds the value or returns the error to the caller.
#define TOCSIN_TRY(declaration, expression) TOCSIN_TRY_IMPL(TOCSIN_CONCAT(try_, __LINE__), declaration, expression)
#define TOCSIN_TRY_IMPL(temporary, declaration, expression)                              \
  auto temporary = (expression);                                                         \
  if (!temporary) return std::unexpected<::tocsin::Error>(std::move(temporary).error()); \
  declaration = std::move(*temporary)
// For Result<void>.
#define TOCSIN_CHECK(expression)                                                \
  do {                                                                          \
    if (auto check_result = (expression); !check_result)                        \
      return std::unexpected<::tocsin::Error>(std::move(check_result).error()); \
  } while (false)
