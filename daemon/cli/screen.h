#pragma once
// Small pieces of drawn screens, and safe reading of the rows behind them. All texts they give are escaped.

#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "daemon/cli/output.h"

namespace tocsin::daemon {

std::string text_in(const boost::json::object& row, std::string_view field);  // escaped; empty when absent
unsigned number_in(const boost::json::object& row, std::string_view field);   // 0 when absent
const boost::json::array* list_in(const boost::json::object& row, std::string_view field);  // null when absent or empty
const boost::json::object* object_in(const boost::json::object& row, std::string_view field);  // null when absent

class Screen {
 public:
  explicit Screen(Output& output) : output_(output) {}
  void title(std::string_view text);
  // Two columns; nothing when `value` is empty. Both escaped by the caller.
  void pair(std::string_view key, std::string_view value);
  // Indented, folded at the width of the terminal under its own start.
  void line(std::string_view text, std::size_t indent = 2);
  Output& output() noexcept { return output_; }

 private:
  Output& output_;
};

// Entities by role: "actor  address 203.0.113.9, user root".
void draw_entities(Screen& screen, const boost::json::array& entities);

// Words broken into lines of at most `width` columns (0: one line); words longer than that are cut into pieces.
std::vector<std::string> fold(std::string_view text, std::size_t width);

}  // namespace tocsin::daemon
