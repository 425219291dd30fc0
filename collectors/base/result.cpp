#include "collectors/base/result.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace tocsin {
namespace {

struct CodeRow {
  Code code;
  std::string_view name;
  int exit_status;
  int http_status;
};

constexpr std::array<CodeRow, 10> code_table{{
    {Code::failure, "failure", 1, 500},
    {Code::usage, "usage", 2, 400},
    {Code::not_found, "not_found", 3, 404},
    {Code::denied, "denied", 4, 403},
    {Code::conflict, "conflict", 5, 409},
    {Code::unreachable, "unreachable", 6, 503},
    {Code::partial, "partial", 7, 207},
    {Code::timed_out, "timed_out", 8, 504},
    {Code::invalid, "invalid", 1, 422},
    {Code::exhausted, "exhausted", 1, 507},
}};

const CodeRow& row(Code code) noexcept { return code_table[static_cast<std::size_t>(code)]; }

}  // namespace

int exit_status(Code code) noexcept { return row(code).exit_status; }
int http_status(Code code) noexcept { return row(code).http_status; }
std::string_view code_name(Code code) noexcept { return row(code).name; }

Code parse_code(std::string_view name) noexcept {
  for (const auto& r : code_table)
    if (r.name == name) return r.code;
  return Code::failure;
}

std::string Error::text() const {
  std::string out = message;
  if (context.empty()) return out;
  out += " (";
  for (std::size_t i = 0; i < context.size(); ++i) {
    if (i != 0) out += "; ";
    out += context[i];
  }
  out += ')';
  return out;
}

std::unexpected<Error> fail_errno(std::string what, int error_number) {
  Code code = Code::failure;
  switch (error_number) {
    case EACCES:
    case EPERM:
    case EROFS: code = Code::denied; break;
    case ENOENT:
    case ENODEV:
    case ESRCH: code = Code::not_found; break;
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EMFILE: code = Code::exhausted; break;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case ENETUNREACH:
    case EHOSTUNREACH: code = Code::unreachable; break;
    case ETIMEDOUT: code = Code::timed_out; break;
    case EEXIST:
    case EBUSY: code = Code::conflict; break;
    default: break;
  }
  what += ": ";
  what += std::generic_category().message(error_number);
  return fail(code, std::move(what));
}

}  // namespace tocsin
