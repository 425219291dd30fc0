#include "collectors/log/json/event_xml.h"

#include <array>
#include <string>
#include <utility>

#include "collectors/base/text.h"

namespace tocsin::collectors {

namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::string_view spaces = " \t\r\n";

bool in(std::string_view set, char c) { return set.find(c) != npos; }

// The five names of XML and numbers below 128; others stay as they are.
std::string unescape(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> names{
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto end = text[i] == '&' ? text.substr(i, 12).find(';') : npos;
    char plain = '\0';
    if (end != npos) {
      const auto name = text.substr(i + 1, end - 1);
      for (const auto& [known, c] : names)
        if (name == known) plain = c;
      if (name.starts_with('#'))
        if (const auto code = parse_unsigned(name.substr(1)); code && *code >= 32 && *code < 127)
          plain = static_cast<char>(*code);
    }
    if (plain == '\0') {
      out += text[i];
      continue;
    }
    out += plain;
    i += end;
  }
  return out;
}

std::string_view take_name(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && !in(" \t\r\n=/>", text[n])) ++n;
  const auto name = text.substr(0, n);
  text.remove_prefix(n);
  return name;
}

class Reader {
 public:
  Reader(LineContext& line, std::string_view text) : line_(line), text_(text) {}

  bool run() {
    bool system = false;
    for (std::size_t count = 0; count < event_elements_most; ++count) {
      const auto open = text_.find('<');
      if (open == npos) break;
      const auto before = text_.substr(0, open);
      text_.remove_prefix(open + 1);
      const auto close = text_.find('>');
      if (close == npos) break;
      auto tag = text_.substr(0, close);
      text_.remove_prefix(close + 1);
      if (tag.starts_with('/')) {
        leave(tag.substr(1), before);
        continue;
      }
      if (tag.starts_with('?') || tag.starts_with('!')) continue;
      const bool empty = tag.ends_with('/');
      if (empty) tag.remove_suffix(1);
      const auto name = take_name(tag);
      system = system || name == "System";
      enter(name, tag, empty);
    }
    return system;
  }

 private:
  enum class Part : std::uint8_t { none, system, data, user };

  void enter(std::string_view name, std::string_view attributes, bool empty) {
    if (name == "System") part_ = Part::system;
    else if (name == "EventData") part_ = Part::data;
    else if (name == "UserData") part_ = Part::user;
    else element_ = name;
    name_ = {};
    if (part_ == Part::none || element_ != name) return;
    for (std::size_t count = 0; count < 16; ++count) {
      while (!attributes.empty() && in(spaces, attributes.front())) attributes.remove_prefix(1);
      const auto key = take_name(attributes);
      if (key.empty() || attributes.size() < 3 || attributes[0] != '=') return;
      const char quote = attributes[1];
      const auto end = quote == '"' || quote == '\'' ? attributes.find(quote, 2) : npos;
      if (end == npos) return;
      const auto value = attributes.substr(2, end - 2);
      attributes.remove_prefix(end + 1);
      if (part_ == Part::system) system_attribute(name, key, value);
      else if (key == "Name" && !empty) name_ = value;
    }
  }

  void system_attribute(std::string_view element, std::string_view key, std::string_view value) {
    set(std::string(element) + "_" + std::string(key), value);
    if (element == "TimeCreated" && key == "SystemTime")
      if (const auto stamp = read_stamp(StampForm::iso, value))
        line_.observed = line_.clock.resolve(*stamp, line_.reference);
  }

  void leave(std::string_view name, std::string_view text) {
    if (name == "System" || name == "EventData" || name == "UserData") part_ = Part::none;
    if (part_ == Part::none || name != element_) return;
    if (!name_.empty()) set(name_, text);
    else set(name, text);
    element_ = {};
    name_ = {};
  }

  void set(std::string_view name, std::string_view text) {
    const Field field = line_.fields.find(name);
    const auto trimmed = trim(text);
    if (field == Field{} || trimmed.empty()) return;
    if (part_ != Part::data || name_.empty()) text = trimmed;  // a command line may end with a blank
    if (name == "EventID")
      if (const auto number = parse_unsigned(text)) return line_.builder.set(field, *number);
    if (text.find('&') == npos) line_.builder.set_typed(field, text);
    else line_.builder.set_typed(field, unescape(text));
  }

  LineContext& line_;
  std::string_view text_;
  Part part_ = Part::none;
  std::string_view element_;
  std::string_view name_;  // of a Data element
};

}  // namespace

bool looks_like_event_xml(std::string_view text) noexcept {
  if (text.starts_with("- ")) text.remove_prefix(2);  // as browsers copy it
  return text.starts_with("<Event ") || text.starts_with("<Event>");
}

bool flatten_event_xml(LineContext& line, std::string_view text) { return Reader(line, text).run(); }

}  // namespace tocsin::collectors
