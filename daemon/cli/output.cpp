#include "daemon/cli/output.h"

#include <algorithm>
#include <array>
#include <deque>
#include <ostream>
#include <set>
#include <string>

#include <boost/json.hpp>

#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "daemon/cli/table.h"
#include "daemon/cli/yaml.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 6> format_names{"table", "wide", "json", "ndjson", "csv", "yaml"};

// Our own writer: bytes that are not UTF-8 and control characters never reach the terminal through JSON.
void append_json(std::string& out, const json::value& value) {
  if (const auto* text = value.if_string()) return append_json_string(out, {text->data(), text->size()});
  if (const auto* list = value.if_array()) {
    out += '[';
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (i != 0) out += ',';
      append_json(out, (*list)[i]);
    }
    out += ']';
  } else if (const auto* object = value.if_object()) {
    out += '{';
    bool first = true;
    for (const auto& member : *object) {
      if (!first) out += ',';
      first = false;
      append_json_string(out, {member.key().data(), member.key().size()});
      out += ':';
      append_json(out, member.value());
    }
    out += '}';
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::optional<Format> parse_format(std::string_view name) noexcept {
  const auto* found = std::ranges::find(format_names, name);
  if (found == format_names.end()) return std::nullopt;
  return static_cast<Format>(found - format_names.begin());
}

std::string plain_text(const json::value& value) {
  if (value.is_null()) return {};
  if (const auto* text = value.if_string()) return std::string(*text);
  if (const auto* list = value.if_array()) {
    std::string out;
    std::set<std::string> said;  // a user who acts on himself is two entities and one name
    for (const auto& item : *list)
      if (auto text = plain_text(item); !item.is_object() || said.insert(text).second)
        out += (out.empty() ? "" : ", ") + text;
    return out;
  }
  if (const auto* object = value.if_object()) {
    // An entity reads better as its value.
    if (const auto* inner = object->if_contains("value"); inner != nullptr && inner->is_string())
      return plain_text(*inner);
    std::string out;
    append_json(out, value);
    return out;
  }
  return json::serialize(value);
}

const json::value* find_field(const json::object& row, std::string_view field) {
  if (const auto* whole = row.if_contains({field.data(), field.size()})) return whole;
  for (auto dot = field.find('.'); dot != std::string_view::npos; dot = field.find('.', dot + 1)) {
    const auto* inner = row.if_contains(json::string_view(field.substr(0, dot)));
    if (inner == nullptr || !inner->is_object()) continue;
    if (const auto* found = find_field(inner->get_object(), field.substr(dot + 1))) return found;
  }
  return nullptr;
}

namespace {

// A field somebody chose. "entities.value" of a list is what each of its items has there.
json::value value_of(const json::object& row, std::string_view field) {
  if (const auto* found = find_field(row, field)) return *found;
  for (auto dot = field.rfind('.'); dot != std::string_view::npos && dot != 0; dot = field.rfind('.', dot - 1)) {
    const auto* list = find_field(row, field.substr(0, dot));
    if (list == nullptr || !list->is_array()) continue;
    json::array out;
    for (const auto& item : list->get_array())
      if (item.is_object())
        if (auto value = value_of(item.get_object(), field.substr(dot + 1)); !value.is_null())
          out.push_back(std::move(value));
    return out;
  }
  return nullptr;
}

}  // namespace

struct Output::State {
  State(std::ostream& o, OutputOptions given) : out(o), options(std::move(given)), painter(options.color) {
    for (const auto& field : options.fields) own_columns.push_back({field, field, Style::plain, false, true});
    if (!own_columns.empty()) {
      // A field that is one of the command's columns keeps its style.
      for (auto& column : own_columns)
        for (const auto& known : options.columns)
          if (known.key == column.key && known.style != Style::id) column.style = known.style;
      columns = own_columns;
    } else {
      for (const auto& column : options.columns)
        if (!column.wide || options.format != Format::table) columns.push_back(column);
      if (options.format != Format::table)
        for (auto& column : columns)
          if (column.style == Style::id) column.style = Style::faint;
    }
  }

  json::object chosen(const json::object& row) const {
    if (options.fields.empty()) return row;
    json::object kept;
    for (const auto& field : options.fields) kept.emplace(field, value_of(row, field));
    return kept;
  }

  void csv_line(const json::object& row);

  std::ostream& out;
  OutputOptions options;
  Painter painter;
  std::deque<std::string> own_names;  // columns taken from the first row point here
  std::vector<Column> own_columns;
  std::vector<Column> columns;
  std::unique_ptr<Table> table;
  std::size_t rows = 0;
  bool finished = false;
};

void Output::State::csv_line(const json::object& row) {
  if (columns.empty())
    for (const auto& member : row)
      columns.push_back({own_names.emplace_back(member.key()), {}, Style::plain, false, false});
  std::string line;
  if (rows == 0) {
    for (const auto& column : columns)
      line +=
          (line.empty() ? "" : ",") + (column.key == "@timestamp" ? std::string(column.key) : escape_csv(column.key));
    line += "\r\n";
  }
  bool first = true;
  for (const auto& column : columns) {
    if (!first) line += ',';
    first = false;
    const auto* value = find_field(row, column.key);
    if (value != nullptr)
      line += value->is_number() ? json::serialize(*value) : escape_csv(escape_terminal(plain_text(*value)));
  }
  out << line << "\r\n";
}

Output::Output(std::ostream& out, OutputOptions options) : state_(std::make_unique<State>(out, std::move(options))) {}
Output::~Output() = default;

bool Output::for_people() const noexcept { return format() == Format::table || format() == Format::wide; }
bool Output::draws() const noexcept { return for_people() && state_->options.fields.empty(); }
bool Output::wide() const noexcept { return format() == Format::wide; }
Format Output::format() const noexcept { return state_->options.format; }
std::ostream& Output::text() noexcept { return state_->out; }
const Painter& Output::paint() const noexcept { return state_->painter; }
std::size_t Output::width() const noexcept { return state_->options.width; }
std::size_t Output::rows() const noexcept { return state_->rows; }

void Output::row(const json::object& row) {
  auto& s = *state_;
  std::string text;
  switch (s.options.format) {
    case Format::table:
    case Format::wide:
      if (!s.table) {
        if (s.columns.empty())
          for (const auto& member : row) {
            const auto& name = s.own_names.emplace_back(member.key());
            s.columns.push_back({name, name, Style::plain, false, true});
          }
        s.table = std::make_unique<Table>(s.out, s.columns, s.painter, s.options.width);
      }
      s.table->row(s.chosen(row));
      if (s.options.follow) s.table->flush();
      break;
    case Format::json:
      text = s.options.single ? "" : s.rows == 0 ? "[\n" : ",\n";
      append_json(text, s.chosen(row));
      s.out << text;
      if (s.options.single) s.out << '\n';
      break;
    case Format::ndjson:
      append_json(text, s.chosen(row));
      s.out << text << '\n';
      break;
    case Format::csv: s.csv_line(s.chosen(row)); break;
    case Format::yaml:
      s.out << render_yaml(s.chosen(row), s.options.single ? YamlShape::document : YamlShape::list_item);
      break;
  }
  ++s.rows;
  if (s.options.follow) s.out.flush();
}

Result<void> Output::row_json(std::string_view text) {
  json::error_code error;
  const auto value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) return fail(Code::invalid, "a result row is not a JSON object");
  row(value.get_object());
  return {};
}

void Output::finish() {
  auto& s = *state_;
  if (std::exchange(s.finished, true)) return;
  if (s.table) s.table->flush();
  if (s.options.format == Format::json && !s.options.single) s.out << (s.rows == 0 ? "[]\n" : "\n]\n");
  if (s.options.format == Format::yaml && !s.options.single && s.rows == 0) s.out << "[]\n";
  s.out.flush();
}

}  // namespace tocsin::daemon
