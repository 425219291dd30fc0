#include "collectors/log/decoder/structured.h"

#include <array>
#include <string>

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"

namespace tocsin::collectors {

namespace {

constexpr auto npos = std::string_view::npos;

bool is_key(char c) {
  return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '-' || c == '.' || c == '/';
}

std::size_t closing_quote(std::string_view text, char quote) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    else if (text[i] == quote) return i;
  }
  return npos;
}

// A header part of CEF or LEEF up to the next bar not escaped with a backslash.
std::string_view take_part(std::string_view& text) {
  std::size_t i = 0;
  while (i < text.size() && text[i] != '|') i += text[i] == '\\' ? 2 : 1;
  i = std::min(i, text.size());
  const auto part = text.substr(0, i);
  text.remove_prefix(std::min(text.size(), i + 1));
  return part;
}

// Where the next "key=" of a CEF extension begins (at the key), npos at the end.
std::size_t next_cef_key(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
      continue;
    }
    if (text[i] != '=') continue;
    std::size_t start = i;
    while (start > from && is_key(text[start - 1])) --start;
    if (start < i && start > from && text[start - 1] == ' ') return start;
  }
  return npos;
}

std::string unescape_cef(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) {
      ++i;
      out += value[i] == 'n' ? '\n' : value[i];
    } else {
      out += value[i];
    }
  }
  return out;
}

void assign_extension(LineContext& line, const KeyMap& map, std::string_view text) {
  text = trim(text);
  std::size_t count = 0;
  while (!text.empty() && count++ < pairs_most) {
    const auto equals = text.find('=');
    if (equals == npos) return;
    const auto key = trim(text.substr(0, equals));
    const auto next = next_cef_key(text, equals + 1);
    const auto value = trim(text.substr(equals + 1, next == npos ? npos : next - equals - 1));
    if (value.find('\\') == npos) assign_key(line, map, key, value);
    else assign_key(line, map, key, unescape_cef(value));
    if (next == npos) return;
    text.remove_prefix(next);
  }
}

}  // namespace

void read_pairs(std::string_view text, char separator, char assign,
                const std::function<void(std::string_view, std::string_view)>& give) {
  std::size_t count = 0;
  while (!text.empty() && count < pairs_most) {
    const auto equals = text.find(assign);
    if (equals == npos) return;
    auto start = equals;
    while (start > 0 && is_key(text[start - 1])) --start;
    const auto key = text.substr(start, equals - start);
    text.remove_prefix(equals + 1);
    if (separator != ' ' || assign != '=')
      while (text.starts_with(' ')) text.remove_prefix(1);
    std::string_view value;
    if (text.starts_with('"') || text.starts_with('\'')) {
      const auto close = closing_quote(text.substr(1), text[0]);
      value = text.substr(1, close);
      text.remove_prefix(close == npos ? text.size() : close + 2);
    } else {
      const auto end = separator == ' ' ? text.find_first_of(" \t\x1d") : text.find(separator);
      value = text.substr(0, end);
      text.remove_prefix(end == npos ? text.size() : end);
      if (separator == ' ')
        while (value.ends_with(',') || value.ends_with(';')) value.remove_suffix(1);
    }
    if (key.empty()) continue;
    give(key, value);
    ++count;
  }
}

void assign_pairs(LineContext& line, const KeyMap& map, std::string_view text) {
  read_pairs(text, map.separator, map.assign,
             [&](std::string_view key, std::string_view value) { assign_key(line, map, key, value); });
}

void assign_cef(LineContext& line, const KeyMap& map, std::string_view text) {
  std::array<std::string_view, 7> head;
  for (auto& part : head) part = take_part(text);
  auto& builder = line.builder;
  builder.set(field::observer_vendor, head[1]);
  builder.set(field::observer_product, head[2]);
  builder.set(field::event_code, head[4]);
  if (head[5].find('\\') == npos) builder.set(field::rule_name, head[5]);
  else builder.set(field::rule_name, unescape_cef(head[5]));
  if (const auto severity = parse_signed(head[6])) builder.set(field::event_severity, *severity);
  else builder.set(field::log_level, head[6]);
  assign_extension(line, map, text);
}

// LEEF 2 names its separator as the character itself or in hex: ^, x5E, 0x5E; tab unless it does.
char leef_separator(std::string_view mark) {
  if (mark.size() == 1) return mark[0];
  const auto code = parse_hex(mark.substr(std::min(mark.size(), mark.starts_with("0x") ? 2UZ : 1UZ)));
  return code && code->size() == 1 ? static_cast<char>(code->front()) : '\t';
}

void assign_leef(LineContext& line, const KeyMap& map, std::string_view text) {
  const bool second = text.starts_with("2");
  std::array<std::string_view, 5> head;
  for (auto& part : head) part = take_part(text);
  auto& builder = line.builder;
  builder.set(field::observer_vendor, head[1]);
  builder.set(field::observer_product, head[2]);
  builder.set(field::event_code, head[4]);
  char separator = '\t';
  if (second && text.size() > 1 && (text[1] == '|' || text.starts_with("x") || text.starts_with("0x"))) {
    separator = leef_separator(take_part(text));
  }
  if (text.find(separator) == npos && text.find('\t') == npos) return assign_extension(line, map, text);
  std::size_t count = 0;
  while (!text.empty() && count++ < pairs_most) {
    const auto end = text.find(separator);
    const auto pair = text.substr(0, end);
    text.remove_prefix(end == npos ? text.size() : end + 1);
    if (const auto equals = pair.find('='); equals != npos)
      assign_key(line, map, trim(pair.substr(0, equals)), pair.substr(equals + 1));
  }
}

void assign_csv(LineContext& line, const KeyMap& map, std::string_view text) {
  std::string unquoted;
  for (const auto& column : map.columns) {
    std::string_view value;
    if (text.starts_with('"')) {
      unquoted.clear();
      std::size_t i = 1;
      for (; i < text.size(); ++i) {
        if (text[i] == '"' && (i + 1 >= text.size() || text[i + 1] != '"')) break;
        if (text[i] == '"') ++i;
        unquoted += text[i];
      }
      text.remove_prefix(std::min(text.size(), i + 1));
      value = unquoted;
      const auto comma = text.find(',');
      text.remove_prefix(comma == npos ? text.size() : comma + 1);
    } else {
      const auto comma = text.find(',');
      value = text.substr(0, comma);
      text.remove_prefix(comma == npos ? text.size() : comma + 1);
    }
    if (!column.empty() && column != "_") assign_key(line, map, column, value);
    if (text.empty()) return;
  }
}

}  // namespace tocsin::collectors
