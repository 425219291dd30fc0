#pragma once
// Rows on stdout, in the form asked for. Attacker text is escaped in every form. One thread.

#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "collectors/base/result.h"
#include "daemon/cli/command.h"
#include "daemon/cli/terminal.h"

namespace tocsin::daemon {

enum class Format : std::uint8_t { table, wide, json, ndjson, csv, yaml };
std::optional<Format> parse_format(std::string_view name) noexcept;

struct OutputOptions {
  Format format = Format::table;
  std::vector<std::string> fields;  // --fields; empty: the command's columns (table, csv) or all (json, yaml)
  std::span<const Column> columns;
  bool single = false;
  bool color = false;
  bool follow = false;    // print each row as it comes
  std::size_t width = 0;  // 0: unlimited
};

class Output {
 public:
  Output(std::ostream& out, OutputOptions options);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // For people (table, wide): a handler may draw its own screen on text() instead of rows.
  bool for_people() const noexcept;
  // For people, and nobody chose fields: the whole of it may be drawn.
  bool draws() const noexcept;
  bool wide() const noexcept;
  Format format() const noexcept;
  std::ostream& text() noexcept;
  const Painter& paint() const noexcept;
  std::size_t width() const noexcept;

  void row(const boost::json::object& row);
  // A row as JSON text; one that is not an object is a bug of the caller and reported as `invalid`.
  Result<void> row_json(std::string_view json_object);
  // Ends the table or list; called by the runner after the handler, harmless twice.
  void finish();
  std::size_t rows() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One value as one line of plain text: lists with commas, objects as JSON; not escaped.
std::string plain_text(const boost::json::value& value);
// "a.b" as one key, or keys inside keys; null when absent.
const boost::json::value* find_field(const boost::json::object& row, std::string_view field);

}  // namespace tocsin::daemon
