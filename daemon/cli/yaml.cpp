#include "daemon/cli/yaml.h"

#include <string_view>

#include <boost/json.hpp>

#include "collectors/base/json.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

bool is_plain(std::string_view text) {
  if (text.empty() || text.size() > 80) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@'; };
  if (!letter(text.front()) || text.front() == '@') return false;
  for (const char c : text)
    if (!letter(c) && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '/') return false;
  for (const std::string_view word :
       {"true", "false", "null",  "yes",  "no",  "on", "off", "True", "False", "Null", "Yes", "No", "On",
        "Off",  "TRUE",  "FALSE", "NULL", "YES", "NO", "ON",  "OFF",  "y",     "n",    "Y",   "N"})
    if (text == word) return false;
  return true;
}

void append_text(std::string& out, std::string_view text) {
  if (is_plain(text)) out += text;
  else append_json_string(out, text);
}

void append_object(std::string& out, const json::object& object, std::size_t indent, bool first_in_place);

void append_value(std::string& out, const json::value& value, std::size_t indent) {
  if (const auto* text = value.if_string()) {
    out += ' ';
    append_text(out, {text->data(), text->size()});
    out += '\n';
  } else if (const auto* list = value.if_array()) {
    if (list->empty()) {
      out += " []\n";
      return;
    }
    out += '\n';
    for (const auto& item : *list) {
      out.append(indent, ' ');
      out += '-';
      if (const auto* object = item.if_object(); object != nullptr && !object->empty()) {
        out += ' ';
        append_object(out, *object, indent + 2, true);
      } else {
        append_value(out, item, indent + 2);
      }
    }
  } else if (const auto* object = value.if_object()) {
    if (object->empty()) {
      out += " {}\n";
      return;
    }
    out += '\n';
    append_object(out, *object, indent, false);
  } else {
    out += ' ' + json::serialize(value) + '\n';
  }
}

void append_object(std::string& out, const json::object& object, std::size_t indent, bool first_in_place) {
  for (const auto& member : object) {
    if (!first_in_place) out.append(indent, ' ');
    first_in_place = false;
    append_text(out, {member.key().data(), member.key().size()});
    out += ':';
    append_value(out, member.value(), indent + 2);
  }
}

}  // namespace

// Depth is bounded by the JSON parser (32).
std::string render_yaml(const json::object& object, YamlShape shape) {
  std::string out;
  if (object.empty()) return shape == YamlShape::document ? "{}\n" : "- {}\n";
  if (shape == YamlShape::list_item) out += "- ";
  append_object(out, object, shape == YamlShape::list_item ? 2 : 0, shape == YamlShape::list_item);
  return out;
}

}  // namespace tocsin::daemon
