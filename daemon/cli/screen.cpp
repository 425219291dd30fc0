#include "daemon/cli/screen.h"

#include <algorithm>
#include <array>
#include <ostream>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "collectors/base/text.h"

namespace tocsin::daemon {

namespace json = boost::json;

std::string text_in(const json::object& row, std::string_view field) {
  const auto* value = find_field(row, field);
  return value == nullptr ? std::string{} : escape_terminal(plain_text(*value));
}

unsigned number_in(const json::object& row, std::string_view field) {
  const auto* value = find_field(row, field);
  if (value == nullptr || !value->is_number()) return 0;
  json::error_code error;
  const auto number = value->to_number<std::uint32_t>(error);
  return error ? 0U : number;
}

const json::array* list_in(const json::object& row, std::string_view field) {
  const auto* value = find_field(row, field);
  const auto* list = value == nullptr ? nullptr : value->if_array();
  return list != nullptr && !list->empty() ? list : nullptr;
}

const json::object* object_in(const json::object& row, std::string_view field) {
  const auto* value = find_field(row, field);
  return value == nullptr ? nullptr : value->if_object();
}

std::vector<std::string> fold(std::string_view text, std::size_t width) {
  if (width == 0 || display_width(text) <= width) return {std::string(text)};
  std::vector<std::string> lines(1);
  for (const auto word : split(text, ' ')) {
    std::string rest(word);
    auto have = display_width(lines.back());
    if (have != 0 && have + 1 + display_width(rest) > width) {
      lines.emplace_back();
      have = 0;
    }
    if (have != 0) lines.back() += ' ';
    std::size_t taken = have;
    for (const char c : rest) {
      const bool starts = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
      if (starts && have == 0 && taken >= width) {
        lines.emplace_back();
        taken = 0;
      }
      if (starts) ++taken;
      lines.back() += c;
    }
  }
  return lines;
}

void Screen::title(std::string_view text) { output_.text() << '\n' << output_.paint()(Paint::strong, text) << '\n'; }

void Screen::pair(std::string_view key, std::string_view value) {
  if (value.empty()) return;
  constexpr std::size_t column = 18;
  const auto width = output_.width() > column + 20 ? output_.width() - column : 0;
  bool first = true;
  for (const auto& line : fold(value, width)) {
    output_.text() << output_.paint()(Paint::faint, pad_to_width(first ? "  " + std::string(key) : "", column)) << line
                   << '\n';
    first = false;
  }
}

void Screen::line(std::string_view text, std::size_t indent) {
  const auto width = output_.width() > indent + 20 ? output_.width() - indent : 0;
  for (const auto& part : fold(text, width)) output_.text() << std::string(indent, ' ') << part << '\n';
}

void draw_entities(Screen& screen, const json::array& entities) {
  for (const std::string_view role : {"actor", "target", "related"}) {
    // One line a kind: an incident may have met hundreds.
    std::vector<std::pair<std::string, std::string>> kinds;
    for (const auto& item : entities) {
      const auto* entity = item.if_object();
      if (entity == nullptr || text_in(*entity, "role") != role) continue;
      const auto kind = text_in(*entity, "kind");
      auto found = std::ranges::find(kinds, kind, &std::pair<std::string, std::string>::first);
      if (found == kinds.end()) found = kinds.insert(kinds.end(), {kind, kind});
      found->second += (found->second.size() == kind.size() ? " " : " · ") + text_in(*entity, "value");
      if (const auto count = number_in(*entity, "count"); count > 1) found->second += " ×" + std::to_string(count);
    }
    for (std::string_view key = role; const auto& [kind, text] : kinds) screen.pair(std::exchange(key, ""), text);
  }
}

}  // namespace tocsin::daemon
