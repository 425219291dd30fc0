// rooms: playbook
// Texts for shells: compiled or refused with a place inside the text; every use of a variable is gone from what is run,
// and a value is never part of it.
#include <cstdlib>

#include "responders/playbook/command/shell.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::responders;
  if (size == 0) return 0;
  const auto kind = (data[0] & 1U) != 0 ? ShellKind::powershell : ShellKind::posix;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const ShellText compiled = compile_shell(kind, text);
  if (!compiled.unsafe.empty()) {
    if (compiled.offset > text.size()) std::abort();
    return 0;
  }
  if (!Template(compiled.text).uses().empty() && kind == ShellKind::posix) std::abort();
  const std::string value = "$(touch x)";
  Variable variable;
  variable.value = Value{VariableType::string, value, std::monostate{}};
  const auto values = shell_values(kind, compiled, [&](std::string_view) { return &variable; });
  if (!values) return 0;
  const bool written = text.find(value) != std::string_view::npos;
  if (!written && remote_script(kind, compiled, *values).find(value) != std::string::npos) std::abort();
  return 0;
}
