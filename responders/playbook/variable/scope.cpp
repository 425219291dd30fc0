#include "responders/playbook/variable/scope.h"

#include <fmt/format.h>

namespace tocsin::responders {
namespace {

bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

}  // namespace

Result<void> Scope::declare(std::string name, Variable variable) {
  const auto [at, fresh] = variables_.try_emplace(std::move(name), std::move(variable));
  if (!fresh) return fail(Code::denied, fmt::format("the variable {} is declared twice", at->first));
  return {};
}

Result<void> Scope::replace(std::string_view name, Variable variable) {
  const auto at = variables_.find(name);
  if (at == variables_.end()) return fail(Code::not_found, fmt::format("no variable {} is declared here", name));
  at->second = std::move(variable);
  return {};
}

const Variable* Scope::find(std::string_view name) const noexcept {
  const auto at = variables_.find(name);
  return at == variables_.end() ? nullptr : &at->second;
}

Result<void> Scope::assign(std::string_view name, std::string_view text) {
  const auto at = variables_.find(name);
  if (at == variables_.end()) return fail(Code::not_found, fmt::format("no variable {} is declared here", name));
  if (at->second.constant) return fail(Code::denied, fmt::format("the variable {} is a constant", name));
  auto value = parse_value(at->second.type, text);
  if (!value) return std::unexpected(std::move(value).error().within(fmt::format("while setting {}", name)));
  at->second.value = std::move(*value);
  return {};
}

Template::Template(std::string_view text) {
  std::size_t literal = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    if (!text.substr(i).starts_with("__")) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_name_character(text[end])) ++end;
    const std::string_view name = text.substr(i, end - i);
    if (!is_variable_name(name) || !text.substr(end).starts_with(":value")) {
      i = end;
      continue;
    }
    if (i != literal) pieces_.push_back({std::string(text.substr(literal, i - literal)), false});
    pieces_.push_back({std::string(name), true});
    uses_.emplace_back(std::string(name), i);
    i = end + 6;
    literal = i;
  }
  if (literal != text.size()) pieces_.push_back({std::string(text.substr(literal)), false});
}

Result<std::string> Template::fill(const Lookup& lookup) const {
  return fill(lookup, [](const Value& value, std::string_view) -> Result<std::string> { return value.text; });
}

Result<std::string> Template::fill(const Lookup& lookup, const Spelling& spell) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    if (!piece.variable) {
      out += piece.text;
    } else {
      const Variable* variable = lookup(piece.text);
      if (variable == nullptr) return fail(Code::not_found, fmt::format("no variable {} is declared here", piece.text));
      if (!variable->value) return fail(Code::invalid, fmt::format("the variable {} has no value", piece.text));
      TOCSIN_TRY(const std::string spelled, spell(*variable->value, out));
      out += spelled;
    }
    if (out.size() > value_bytes_most)
      return fail(Code::exhausted, "the text with its variables is longer than 64 KiB");
  }
  return out;
}

std::string Template::show(const Lookup& lookup) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    const Variable* variable = piece.variable ? lookup(piece.text) : nullptr;
    if (variable != nullptr && variable->value) out += variable->value->text;
    else out += piece.variable ? piece.text + ":value" : piece.text;
    if (out.size() > value_bytes_most) break;
  }
  return out;
}

}  // namespace tocsin::responders
