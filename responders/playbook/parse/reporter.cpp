#include "responders/playbook/parse/reporter.h"

#include <utility>

namespace tocsin::responders {

void Reporter::add(Severity severity, std::string_view code, std::uint32_t offset, std::string_view item,
                   std::string cause, std::string next_step) {
  if (severity == Severity::error) ++errors_;
  // A hostile document must not make a million lines; the count of errors stays right.
  if (++total_ > diagnostics_most) return;
  const Place place = document_.place(offset);
  out_.add({.severity = severity,
            .code = std::string(code),
            .file = file_,
            .line = place.line,
            .column = place.column,
            .item = std::string(item.substr(0, 300)),
            .cause = std::move(cause),
            .next_step = std::move(next_step)});
}

void Reporter::error(std::string_view code, std::uint32_t offset, std::string_view item, std::string cause,
                     std::string next_step) {
  add(Severity::error, code, offset, item, std::move(cause), std::move(next_step));
}
void Reporter::warning(std::string_view code, std::uint32_t offset, std::string_view item, std::string cause,
                       std::string next_step) {
  add(strictness_ == Strictness::strict ? Severity::error : Severity::warning, code, offset, item, std::move(cause),
      std::move(next_step));
}
void Reporter::note(std::string_view code, std::uint32_t offset, std::string_view item, std::string cause,
                    std::string next_step) {
  add(Severity::note, code, offset, item, std::move(cause), std::move(next_step));
}

}  // namespace tocsin::responders
