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
constexpr std::size_t least_wished = 12;  // a flexible column is not cut below this
constexpr std::size_t least_of_all = 8;   // but where it does not fit otherwise
constexpr std::size_t id_shown = 12;

// "11-22 15:30:01" of "2026-11-22 15:30:01Z".
std::string without_year(const std::string& time) {
  return time.size() == 20 && time.back() == 'Z' ? time.substr(5, 14) : time;
}

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
      case Style::id:
        cell.paint = Paint::faint;
        cell.text.resize(std::min(cell.text.size(), id_shown));
        break;
      case Style::plain: break;
    }
    line.push_back(std::move(cell));
  }
  if (narrow_) shorten_times(line);
  held_.push_back(std::move(line));
  if (held_.size() >= held_most) flush();
}

std::size_t Table::total() const {
  return std::accumulate(widths_.begin(), widths_.end(), std::size_t{0}) + gap * (widths_.size() - 1);
}

void Table::measure() {
  widths_.clear();
  for (const auto& column : columns_) widths_.push_back(display_width(column.title));
  for (const auto& line : held_)
    for (std::size_t i = 0; i < line.size(); ++i) widths_[i] = std::max(widths_[i], display_width(line[i].text));
}

void Table::shorten_times(Line& line) const {
  for (std::size_t i = 0; i < line.size(); ++i)
    if (columns_[i].style == Style::time) line[i].text = without_year(line[i].text);
}

void Table::fix_widths() {
  measure();
  if (width_ == 0 || total() <= width_) return;
  squeeze(least_wished);
  if (total() <= width_) return;
  narrow_ = true;
  for (auto& line : held_) shorten_times(line);
  measure();
  squeeze(least_of_all);
}

// Takes from the widest flexible column, one at a time, until it fits.
void Table::squeeze(std::size_t least) {
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
