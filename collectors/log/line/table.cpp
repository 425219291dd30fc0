#include "collectors/log/line/table.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"

namespace tocsin::collectors {
namespace {

constexpr auto npos = std::string_view::npos;

std::optional<char> hex_byte(std::string_view digits) {
  unsigned value = 0;
  if (digits.size() != 2) return std::nullopt;
  const auto read = std::from_chars(digits.begin(), digits.end(), value, 16);
  if (read.ec != std::errc{} || read.ptr != digits.end()) return std::nullopt;
  return static_cast<char>(value);
}

// "\x09" → TAB, "\\" → \; anything else stays.
void unescape(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      if (text[i + 1] == '\\') {
        out += '\\';
        ++i;
        continue;
      }
      if (text[i + 1] == 'x')
        if (const auto byte = hex_byte(text.substr(i + 2, 2))) {
          out += *byte;
          i += 3;
          continue;
        }
    }
    out += text[i];
  }
}

bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// What follows a directive of Zeek: behind its separator, or behind a blank as in "#separator \x09".
std::optional<std::string_view> argument(std::string_view line, std::string_view word, char separator) {
  if (!take_word(line, word)) return std::nullopt;
  if (line.empty()) return line;
  if (line[0] != separator && line[0] != ' ') return std::nullopt;
  return line.substr(1);
}

}  // namespace

void LogTable::forget() noexcept {
  source_ = Source::unknown;
  columns_.clear();
  path_.clear();
  separator_ = '\t';
}

bool LogTable::header(DynamicFields& fields, std::string_view line) {
  if (source_ == Source::plain) return false;
  const bool taken = line.starts_with('#') && (zeek_header(fields, line) || w3c_header(fields, line));
  if (source_ == Source::unknown) source_ = taken ? Source::table : Source::plain;
  return taken;
}

bool LogTable::zeek_header(DynamicFields& fields, std::string_view line) {
  if (const auto given = argument(line, "#separator", separator_)) {
    unescape(*given, scratch_);
    separator_ = scratch_.size() == 1 ? scratch_[0] : '\t';
    form_ = Form::zeek;
    columns_.clear();
    return true;
  }
  if (const auto given = argument(line, "#set_separator", separator_)) {
    set_separator_.assign(given->empty() ? "," : *given);
  } else if (const auto empty = argument(line, "#empty_field", separator_)) {
    empty_.assign(*empty);
  } else if (const auto unset = argument(line, "#unset_field", separator_)) {
    unset_.assign(*unset);
  } else if (const auto path = argument(line, "#path", separator_)) {
    path_.assign(*path);
    path_field_ = fields.find("_path");
  } else if (const auto names = argument(line, "#fields", separator_)) {
    form_ = Form::zeek;
    name_columns(fields, *names, separator_);
  } else if (const auto types = argument(line, "#types", separator_)) {
    type_columns(*types);
  } else {
    return argument(line, "#open", separator_) || argument(line, "#close", separator_);
  }
  return true;
}

bool LogTable::w3c_header(DynamicFields& fields, std::string_view line) {
  if (take_word(line, "#Fields:")) {
    form_ = Form::w3c;
    unset_ = "-";
    path_.clear();
    name_columns(fields, trim(line), line.find('\t') == npos ? ' ' : '\t');
    return true;
  }
  for (const std::string_view word : {"#Software:", "#Version:", "#Date:", "#Start-Date:", "#End-Date:", "#Remark:"})
    if (line.starts_with(word)) return true;
  return false;
}

void LogTable::name_columns(DynamicFields& fields, std::string_view names, char separator) {
  columns_.clear();
  while (!names.empty()) {
    if (columns_.size() == columns_most) {
      columns_.clear();  // nobody's log: its rows are text
      return;
    }
    const auto end = std::min(names.find(separator), names.size());
    const auto name = names.substr(0, end);
    names.remove_prefix(std::min(end + 1, names.size()));
    if (name.empty() && separator == ' ') continue;
    columns_.push_back({.field = fields.find(name), .plus_is_blank = form_ == Form::w3c && name.starts_with("cs(")});
  }
  if (columns_.size() < 2) columns_.clear();  // any line would be a row of it
}

void LogTable::type_columns(std::string_view types) {
  for (auto& column : columns_) {
    const auto end = std::min(types.find(separator_), types.size());
    const auto type = types.substr(0, end);
    types.remove_prefix(std::min(end + 1, types.size()));
    if (type == "count" || type == "int" || type == "port") column.kind = Kind::count;
    else if (type == "double" || type == "interval" || type == "time") column.kind = Kind::real;
    else if (type == "bool") column.kind = Kind::boolean;
    else if (type.starts_with("set[") || type.starts_with("vector[")) column.kind = Kind::list;
    else column.kind = Kind::text;
  }
}

// The cells of a row; false when there are more or fewer than columns.
bool LogTable::split(std::string_view text) {
  cells_.clear();
  char separator = separator_;
  if (form_ == Form::w3c) separator = text.find('\t') == npos ? ' ' : '\t';
  for (;;) {
    if (cells_.size() == columns_.size()) return false;
    std::size_t end = std::min(text.find(separator), text.size());
    if (form_ == Form::w3c && text.starts_with('"')) {
      const auto quote = text.find('"', 1);
      if (quote != npos && (quote + 1 == text.size() || text[quote + 1] == separator)) end = quote + 1;
    }
    cells_.push_back(text.substr(0, end));
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
  }
  return cells_.size() == columns_.size();
}

bool LogTable::row(LineContext& line, std::string_view text) {
  if (columns_.empty() || text.starts_with('#') || !split(text)) return false;
  members_.clear();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto& column = columns_[i];
    auto cell = cells_[i];
    if (column.field == Field{} || cell == unset_) continue;
    if (form_ == Form::w3c && cell.size() >= 2 && cell.starts_with('"') && cell.ends_with('"'))
      cell = cell.substr(1, cell.size() - 2);
    set(line.builder, column, cell);
    members_.push_back(column.field);
  }
  if (!path_.empty() && path_field_ != Field{}) {
    line.builder.set(path_field_, path_);
    members_.push_back(path_field_);
  }
  line.members = &members_;
  return true;
}

void LogTable::set(EventBuilder& builder, const Column& column, std::string_view cell) {
  if (FieldNames::known(column.field)) {  // a column with a name of ours: read as its type
    builder.set_typed(column.field, plain(cell));
    return;
  }
  switch (column.kind) {
    case Kind::count:
      if (const auto number = parse_unsigned(cell)) {
        builder.set(column.field, std::uint64_t{*number});
        return;
      }
      break;
    case Kind::real: {
      double number = 0;
      const auto read = std::from_chars(cell.data(), cell.data() + cell.size(), number);
      if (read.ec == std::errc{} && read.ptr == cell.data() + cell.size()) {
        builder.set(column.field, number);
        return;
      }
      break;
    }
    case Kind::boolean:
      if (cell == "T" || cell == "F") {
        builder.set(column.field, cell == "T");
        return;
      }
      break;
    case Kind::list: set_list(builder, column, cell); return;
    case Kind::text: break;
  }
  if (cell == empty_ && form_ == Form::zeek) cell = {};
  auto text = plain(cell);
  if (column.plus_is_blank && text.find('+') != npos && text.find(' ') == npos) {
    scratch_.assign(text);
    std::ranges::replace(scratch_, '+', ' ');
    text = scratch_;
  }
  builder.set(column.field, text);
}

void LogTable::set_list(EventBuilder& builder, const Column& column, std::string_view cell) {
  if (cell == empty_) return;
  for (std::size_t items = 0; items < items_most; ++items) {
    const auto end = std::min(cell.find(set_separator_), cell.size());
    builder.append(column.field, plain(cell.substr(0, end)));
    if (end == cell.size()) return;
    cell.remove_prefix(end + set_separator_.size());
  }
}

// Valid until the next call.
std::string_view LogTable::plain(std::string_view cell) {
  if (form_ != Form::zeek || cell.find('\\') == npos) return cell;
  unescape(cell, scratch_);
  return scratch_;
}

}  // namespace tocsin::collectors
