#pragma once
// The line of a CSV text that names its columns: the first line, or the last comment before the first row, as some
// feeds have it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/indicator/indicator.h"

namespace tocsin::rules::indicator {

enum class ColumnUse : std::uint8_t {
  none,
  value,
  type,
  confidence,
  tlp,
  from,
  until,
  title,
  reference,
  origin,
  enabled
};

struct Column {
  std::string name;
  ColumnUse use = ColumnUse::none;
  std::optional<Kind> kind;  // of values; none: told by their form, or by the column of types
  bool one_host = false;     // a host's name, not all of a domain
};

struct CsvHeader {
  std::vector<Column> columns;
  char separator = ',';
  std::size_t rows_at = 0;      // offset of what follows
  std::uint32_t rows_line = 1;  // its line
};

// `named_csv`: the file says it is CSV, so that one known column is enough.
std::optional<CsvHeader> find_csv_header(std::string_view text, bool named_csv);

// One record of RFC 4180 from the front of `text`, which is cut; blanks before a quote are passed over. False: a quote
// is not closed or the record is too long; then `text` is cut behind the line.
bool take_csv_record(std::string_view& text, char separator, std::vector<std::string>& fields, std::uint32_t& lines);

}  // namespace tocsin::rules::indicator
