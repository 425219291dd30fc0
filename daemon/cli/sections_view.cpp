#include "daemon/cli/sections_view.h"

#include <algorithm>
#include <deque>
#include <ostream>
#include <sstream>
#include <vector>

#include <boost/json.hpp>

#include "collectors/base/text.h"
#include "daemon/cli/output.h"
#include "daemon/cli/table.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

std::string key_text(const json::key_value_pair& member) {
  std::string out = escape_terminal({member.key().data(), member.key().size()});
  std::ranges::replace(out, '_', ' ');
  return out;
}

void draw_pairs(Output& output, const json::object& pairs) {
  std::size_t width = 0;
  for (const auto& member : pairs) width = std::max(width, display_width(key_text(member)));
  for (const auto& member : pairs) {
    const auto raw = plain_text(member.value());
    const auto text = member.key() == "time" || raw.ends_with('Z') ? short_time(raw) : raw;
    output.text() << "  " << output.paint()(Paint::faint, pad_to_width(key_text(member), width)) << "  "
                  << output.paint()(state_paint(text), escape_terminal(text)) << '\n';
  }
}

void draw_table(Output& output, const json::array& items) {
  std::deque<std::string> names;
  std::vector<Column> columns;
  for (const auto& item : items) {
    if (!item.is_object()) continue;
    for (const auto& member : item.get_object()) {
      const std::string name(member.key());
      if (std::ranges::find(names, name) != names.end()) continue;
      const auto& kept = names.emplace_back(name);
      const Style style = name == "state" ? Style::state : name == "severity" ? Style::severity : Style::plain;
      columns.push_back({kept, kept, style, false, true});
    }
  }
  std::ostringstream text;
  Table table(text, columns, output.paint(), output.width() > 4 ? output.width() - 2 : 0);
  for (const auto& item : items)
    if (item.is_object()) table.row(item.get_object());
  table.flush();
  const auto drawn = text.str();
  for (const auto line : split(drawn, '\n'))
    if (!line.empty()) output.text() << "  " << line << '\n';
}

}  // namespace

void draw_sections(Output& output, const json::object& row) {
  bool first = true;
  for (const auto& member : row) {
    if (!first) output.text() << '\n';
    first = false;
    const auto& value = member.value();
    const auto title = output.paint()(Paint::strong, key_text(member));
    if (const auto* pairs = value.if_object()) {
      output.text() << title << '\n';
      draw_pairs(output, *pairs);
    } else if (const auto* items = value.if_array();
               items != nullptr && !items->empty() && items->front().is_object()) {
      output.text() << title << '\n';
      draw_table(output, *items);
    } else {
      const auto text = plain_text(value);
      output.text() << title << "  " << (text.empty() ? "none" : escape_terminal(text)) << '\n';
    }
  }
}

}  // namespace tocsin::daemon
