#include "rules/sigma/parse/pattern.h"

#include <algorithm>

#include "collectors/base/wildcard.h"

namespace tocsin::rules::sigma {
namespace {

using Kind = PatternPart::Kind;

bool is_placeholder_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

Pattern Pattern::literal(std::string_view bytes) {
  Pattern out;
  if (!bytes.empty()) out.parts_.push_back({Kind::literal, std::string(bytes)});
  return out;
}

Pattern Pattern::parse(std::string_view sigma) {
  Pattern out;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) out.parts_.push_back({Kind::literal, std::move(literal)});
    literal.clear();
  };
  for (std::size_t i = 0; i < sigma.size(); ++i) {
    const char c = sigma[i];
    if (c == '\\' && i + 1 < sigma.size() && (sigma[i + 1] == '*' || sigma[i + 1] == '?' || sigma[i + 1] == '\\')) {
      literal += sigma[++i];
    } else if (c == '*' || c == '?') {
      flush();
      out.parts_.push_back({c == '*' ? Kind::any_run : Kind::any_one, {}});
    } else {
      literal += c;
    }
  }
  flush();
  return out;
}

bool Pattern::is_literal() const noexcept {
  return std::ranges::all_of(parts_, [](const auto& part) { return part.kind == Kind::literal; });
}
bool Pattern::has_wildcard() const noexcept {
  return std::ranges::any_of(parts_,
                             [](const auto& part) { return part.kind == Kind::any_run || part.kind == Kind::any_one; });
}
bool Pattern::has_placeholder() const noexcept {
  return std::ranges::any_of(parts_, [](const auto& part) { return part.kind == Kind::placeholder; });
}
bool Pattern::starts_open() const noexcept { return !parts_.empty() && parts_.front().kind == Kind::any_run; }
bool Pattern::ends_open() const noexcept { return !parts_.empty() && parts_.back().kind == Kind::any_run; }

std::string Pattern::literal_text() const {
  std::string out;
  for (const auto& part : parts_)
    if (part.kind == Kind::literal) out += part.text;
  return out;
}

std::string Pattern::render() const { return render_escaping("*?"); }
std::string Pattern::render_exact() const { return render_escaping("*?\\"); }

std::string Pattern::render_escaping(std::string_view special) const {
  std::string out;
  for (const auto& part : parts_) {
    if (part.kind == Kind::any_run) out += '*';
    if (part.kind == Kind::any_one) out += '?';
    if (part.kind == Kind::placeholder) out += '%' + part.text + '%';
    if (part.kind != Kind::literal) continue;
    for (const char c : part.text) {
      if (special.find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

void Pattern::open_start() {
  if (!starts_open()) parts_.insert(parts_.begin(), {Kind::any_run, {}});
}
void Pattern::open_end() {
  if (!ends_open()) parts_.push_back({Kind::any_run, {}});
}

void Pattern::append(PatternPart part) {
  if (part.kind == Kind::literal && part.text.empty()) return;
  if (part.kind == Kind::literal && !parts_.empty() && parts_.back().kind == Kind::literal) {
    parts_.back().text += part.text;
    return;
  }
  parts_.push_back(std::move(part));
}

void Pattern::append(const Pattern& other) {
  for (const auto& part : other.parts_) append(part);
}

void Pattern::find_placeholders() {
  Pattern out;
  for (const auto& part : parts_) {
    if (part.kind != Kind::literal) {
      out.append(part);
      continue;
    }
    std::string_view rest = part.text;
    std::string literal;
    while (!rest.empty()) {
      if (rest.starts_with("\\%")) {
        literal += '%';
        rest.remove_prefix(2);
        continue;
      }
      const auto end = rest[0] == '%' ? rest.find('%', 1) : std::string_view::npos;
      if (end != std::string_view::npos && is_placeholder_name(rest.substr(1, end - 1))) {
        out.append({Kind::literal, std::move(literal)});
        literal.clear();
        out.append({Kind::placeholder, std::string(rest.substr(1, end - 1))});
        rest.remove_prefix(end + 1);
        continue;
      }
      literal += rest[0];
      rest.remove_prefix(1);
    }
    out.append({Kind::literal, std::move(literal)});
  }
  *this = std::move(out);
}

bool matches(const Pattern& pattern, std::string_view value) { return matches_wildcard(pattern.parts(), value); }

}  // namespace tocsin::rules::sigma
