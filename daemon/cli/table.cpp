#include "daemon/cli/table.h"

#include <algorithm>
#include <numeric>
#include <ostream>

#include <boost/json.hpp>

#include "collectors/base/text.h"
#include "daemon/cli/output.h"

namespace tocsin::daemon {
namespace {

constexpr std::size_t held_most = 1000;
constexpr std::size_t gap = 2;
constexpr std::size_t least = 12;  // a flexible column is not cut below this

}  // namespace

std::string short_time(std::string_view time) {
  if (time.size() < 20 || time[10] != 'T' || time.back() != 'Z') return std::string(time);
  return std::string(time.substr(0, 10)) + " " + std::string(time.substr(11, 8)) + "Z";
}

void Table::row(const boost::json::object& row) {
  Line line;
  for (const auto& column : columns_) {
    Cell cell;
    if (const auto* value = find_field(row, column.key)) cell.text = escape_terminal(plain_text(*value));
    switch (column.style) {
      case Style::time: cell.text = short_time(cell.text); break;
      case Style::severity:
        cell.paint = severity_paint(static_cast<unsigned>(parse_unsigned(cell.text).value_or(0)));
        break;
      case Style::state: cell.paint = state_paint(cell.text); break;
      case Style::strong: cell.paint = Paint::strong; break;
      case Style::faint: cell.paint = Paint::faint; break;
      case Style::plain: break;
    }
    line.push_back(std::move(cell));
  }
  held_.push_back(std::move(line));
  if (held_.size() >= held_most) flush();
}

void Table::fix_widths() {
  widths_.clear();
  for (const auto& column : columns_) widths_.push_back(display_width(column.title));
  for (const auto& line : held_)
    for (std::size_t i = 0; i < line.size(); ++i) widths_[i] = std::max(widths_[i], display_width(line[i].text));
  if (width_ == 0) return;
  const auto total = [&] {
    return std::accumulate(widths_.begin(), widths_.end(), std::size_t{0}) + gap * (widths_.size() - 1);
  };
  // Take from the widest flexible column, one at a time, until it fits.
  while (total() > width_) {
    std::size_t widest = columns_.size();
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (columns_[i].flexible && widths_[i] > least && (widest == columns_.size() || widths_[i] > widths_[widest]))
        widest = i;
    if (widest == columns_.size()) return;
    const auto over = total() - width_;
    std::size_t second = least;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (i != widest && columns_[i].flexible) second = std::max(second, std::min(widths_[i], widths_[widest] - 1));
    widths_[widest] -= std::min(over, std::max<std::size_t>(widths_[widest] - second, 1));
  }
}

void Table::print(const Line& line) const {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool last = i + 1 == line.size();
    auto cell = width_ == 0 ? line[i].text : cut_to_width(line[i].text, widths_[i]);
    const auto blank = last ? 0 : widths_[i] + gap - std::min(widths_[i] + gap - 1, display_width(cell));
    text += paint_(line[i].paint, cell);
    text.append(blank, ' ');
  }
  out_ << text << '\n';
}

void Table::flush() {
  if (widths_.empty()) {
    fix_widths();
    Line titles;
    for (const auto& column : columns_) titles.push_back({std::string(column.title), Paint::strong});
    print(titles);
  }
  for (const auto& line : held_) print(line);
  held_.clear();
}

}  // namespace tocsin::daemon
