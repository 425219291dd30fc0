#pragma once
// Aligned columns. Rows are held back (at most 1000) until the widths are known; then the widths stay. One thread.

#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

#include "daemon/cli/command.h"
#include "daemon/cli/terminal.h"

namespace tocsin::daemon {

class Table {
 public:
  // `columns` outlive the table. `width` 0: nothing is cut.
  Table(std::ostream& out, std::span<const Column> columns, const Painter& paint, std::size_t width)
      : out_(out), columns_(columns), paint_(paint), width_(width) {}
  void row(const boost::json::object& row);
  void flush();

 private:
  struct Cell {
    std::string text;
    Paint paint = Paint::plain;
  };
  using Line = std::vector<Cell>;
  std::size_t total() const;
  void measure();
  void squeeze(std::size_t least);
  void shorten_times(Line& line) const;
  void fix_widths();
  void print(const Line& line) const;

  std::ostream& out_;
  std::span<const Column> columns_;
  const Painter& paint_;
  std::size_t width_;
  std::vector<Line> held_;
  std::vector<std::size_t> widths_;  // empty until fixed
  bool narrow_ = false;              // times go without their year
};

// "2026-11-22 15:30:01Z" from RFC 3339; other text unchanged.
std::string short_time(std::string_view time);

}  // namespace tocsin::daemon
