#include "responders/playbook/command/shell.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/base64.h"
#include "responders/playbook/command/scanner.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t value_suffix = 6;  // ":value"

bool is_free_text(VariableType type) noexcept {
  return type == VariableType::string || type == VariableType::uri || type == VariableType::dictionary;
}

std::string octal_of(std::string_view value) {
  std::string out;
  for (const char c : value) out += fmt::format("\\{:03o}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

ShellText ShellScanner::run() {
  while (!done() && out_.unsafe.empty()) {
    if (use_here() && escaped_) refuse("after a backslash");
    else if (use_here()) on_use();
    else step();
  }
  if (out_.unsafe.empty()) on_end();
  return std::move(out_);
}

std::size_t ShellScanner::take(std::size_t length) {
  std::size_t last = 0;
  for (std::size_t i = 0; i < length && !done(); ++i) {
    escaped_ = i != 0 && use_here();
    if (escaped_) break;
    last = static_cast<unsigned char>(text_[here_]);
    out_.text += text_[here_++];
  }
  return last;
}

std::string ShellScanner::environment() const {
  const std::string& name = variables_.uses()[next_].first;
  // A hyphen is no part of a shell's name; the number keeps two such names apart.
  if (name.find('-') == std::string::npos) return name;
  return fmt::format("__value_{}__", next_);
}

void ShellScanner::put_reference(const std::string& reference, bool begins_word) {
  const std::string& name = variables_.uses()[next_].first;
  if (!reference.empty()) out_.uses.push_back({name, environment(), begins_word, false});
  out_.text += reference;
  here_ += name.size() + value_suffix;
  ++next_;
}

void ShellScanner::keep_narrow() {
  for (ShellUse& use : out_.uses) use.narrow = true;
}

void ShellScanner::refuse_at(std::size_t offset, std::string_view where) {
  const std::string& name = variables_.uses()[std::min(next_, variables_.uses().size() - 1)].first;
  out_.unsafe = fmt::format("{} is used {}", name, where);
  out_.offset = offset;
}

ShellText compile_shell(ShellKind kind, std::string_view command) {
  return kind == ShellKind::powershell ? compile_powershell(command) : compile_posix(command);
}

Result<std::vector<std::pair<std::string, std::string>>> shell_values(ShellKind kind, const ShellText& text,
                                                                      const Lookup& lookup) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const ShellUse& use : text.uses) {
    const Variable* variable = lookup(use.variable);
    if (variable == nullptr) return fail(Code::not_found, fmt::format("no variable {} is declared here", use.variable));
    if (!variable->value) return fail(Code::invalid, fmt::format("the variable {} has no value", use.variable));
    const std::string& value = variable->value->text;
    if (value.find('\0') != std::string::npos)
      return fail(Code::denied, fmt::format("the value of {} holds a NUL byte", use.variable));
    if (kind == ShellKind::powershell && value.find('"') != std::string::npos)
      return fail(Code::denied,
                  fmt::format("the value of {} holds a double quote, which programs of Windows read as the end of an "
                              "argument",
                              use.variable));
    // A negative number too: "kill -9 -1" ends everything.
    if (use.begins_word && value.starts_with('-'))
      return fail(Code::denied, fmt::format("the value of {} begins with '-' and would be read as an option; write -- "
                                            "before it",
                                            use.variable));
    if (use.narrow && is_free_text(variable->type))
      return fail(Code::denied, fmt::format("{} is free text, and a program here reads its arguments in a language of "
                                            "its own; give it a narrower type, such as ipv4-addr or integer",
                                            use.variable));
    if (std::none_of(out.begin(), out.end(), [&](const auto& known) { return known.first == use.environment; }))
      out.emplace_back(use.environment, value);
  }
  return out;
}

std::string remote_script(ShellKind kind, const ShellText& text,
                          const std::vector<std::pair<std::string, std::string>>& values) {
  std::string out;
  for (const auto& [name, value] : values)
    if (kind == ShellKind::powershell)
      out += fmt::format("${{{}}} = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{}'))\n", name,
                         to_base64(value));
    else  // The dot keeps the newlines that $(…) would drop.
      out += fmt::format("{0}=$(printf '{1}.')\n{0}=${{{0}%.}}\nexport {0}\n", name, octal_of(value));
  out += text.text;
  out += '\n';
  return out;
}

}  // namespace tocsin::responders
