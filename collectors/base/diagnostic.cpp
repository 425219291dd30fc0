#include "collectors/base/diagnostic.h"

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin {

void Diagnostics::add(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::error) ++errors_;
  items_.push_back(std::move(diagnostic));
}

void Diagnostics::append(Diagnostics other) {
  for (auto& d : other.items_) add(std::move(d));
}

std::string render_text(const Diagnostic& d) {
  static constexpr const char* names[] = {"note", "warning", "error"};
  std::string out = d.file.empty() ? std::string("<input>") : escape_terminal(d.file);
  if (d.line != 0) out += fmt::format(":{}", d.line);
  if (d.line != 0 && d.column != 0) out += fmt::format(":{}", d.column);
  out += fmt::format(": {}[{}]: ", names[static_cast<std::size_t>(d.severity)], d.code);
  if (!d.item.empty()) out += escape_terminal(d.item) + ": ";
  out += escape_terminal(d.cause);
  if (!d.next_step.empty()) out += "\n  next: " + escape_terminal(d.next_step);
  return out;
}

}  // namespace tocsin
