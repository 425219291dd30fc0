#pragma once
// Logs that are tables: a header of lines that begin with # names the columns of the rows below it. Zeek's ASCII logs
// (#separator, #fields, #types, #path …) and the W3C extended log format (#Fields:, of IIS, proxies and CDNs).
// Rows become what the same record is as a JSON object, so decoders see one form of both.
//
// Only a source whose first line is part of such a header is a table: a # further down in any other log is text. A
// header may come again and change (a daemon that restarts, another #Fields:); the last one holds. Rows that do not
// have its number of columns are no rows. One owner, one thread; nothing is allocated or looked up by name per row.

#include <string>
#include <string_view>
#include <vector>

#include "collectors/log/decoder/assign.h"

namespace tocsin::collectors {

class LogTable {
 public:
  static constexpr std::size_t columns_most = 512;
  static constexpr std::size_t items_most = 256;  // of one set or vector

  // The source starts anew: its next line decides.
  void forget() noexcept;
  // True when the line belongs to a header; it is taken in.
  bool header(DynamicFields& fields, std::string_view line);
  // False: there is no header, or the line is no row of it; then nothing was set.
  bool row(LineContext& line, std::string_view text);
  bool has_columns() const noexcept { return !columns_.empty(); }

 private:
  enum class Source : std::uint8_t { unknown, table, plain };
  enum class Form : std::uint8_t { zeek, w3c };
  enum class Kind : std::uint8_t { text, count, real, boolean, list };
  struct Column {
    Field field{};
    Kind kind = Kind::text;
    bool plus_is_blank = false;  // IIS writes blanks of a header field so
  };

  bool zeek_header(DynamicFields& fields, std::string_view line);
  bool w3c_header(DynamicFields& fields, std::string_view line);
  void name_columns(DynamicFields& fields, std::string_view names, char separator);
  void type_columns(std::string_view types);
  bool split(std::string_view text);
  void set(EventBuilder& builder, const Column& column, std::string_view cell);
  void set_list(EventBuilder& builder, const Column& column, std::string_view cell);
  std::string_view plain(std::string_view cell);

  Source source_ = Source::unknown;
  Form form_ = Form::zeek;
  char separator_ = '\t';
  std::string set_separator_ = ",";
  std::string empty_ = "(empty)";
  std::string unset_ = "-";
  std::string path_;
  Field path_field_{};
  std::vector<Column> columns_;
  std::vector<std::string_view> cells_;
  std::vector<Field> members_;
  std::string scratch_;
};

}  // namespace tocsin::collectors
