#include "responders/action/file_quarantine/manifest.h"

#include <boost/json.hpp>

#include "collectors/base/json.h"
#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

namespace json = boost::json;

std::string hex(std::string_view bytes) {
  return to_hex(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

// Paths and attribute names may hold any byte, so they are kept in hexadecimal beside a readable form.
std::optional<std::string> unhex(const json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  const auto bytes = parse_hex(std::string_view(value->get_string()));
  if (!bytes) return std::nullopt;
  return std::string(bytes->begin(), bytes->end());
}

template <class Integer>
bool read(const json::object& object, const char* name, Integer& out) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return false;
  boost::system::error_code problem;
  out = value->to_number<Integer>(problem);
  return !problem;
}

}  // namespace

std::string render_manifest(const QuarantineManifest& m) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object()
      .member("version", 1)
      .member("key", m.key)
      .member("path", m.path)
      .member("path_hex", hex(m.path))
      .member("device", m.device)
      .member("inode", m.inode)
      .member("owner", m.owner)
      .member("group", m.group)
      .member("mode", m.mode)
      .member("size", m.size)
      .member("accessed_seconds", m.accessed_seconds)
      .member("accessed_nanoseconds", m.accessed_nanoseconds)
      .member("modified_seconds", m.modified_seconds)
      .member("modified_nanoseconds", m.modified_nanoseconds)
      .member("sha256", m.sha256)
      .key("attributes")
      .begin_array();
  for (const auto& [name, value] : m.attributes)
    writer.begin_object().member("name_hex", hex(name)).member("value_hex", hex(value)).end_object();
  writer.end_array().end_object();
  out += '\n';
  return out;
}

Result<QuarantineManifest> parse_manifest(std::string_view text) {
  boost::system::error_code problem;
  const json::value root = json::parse(json::string_view(text.data(), text.size()), problem);
  const auto* object = problem ? nullptr : root.if_object();
  if (object == nullptr) return fail(Code::invalid, "the manifest of the quarantined file is damaged");
  QuarantineManifest m;
  const auto path = unhex(*object, "path_hex");
  const auto* key = object->if_contains("key");
  const auto* digest = object->if_contains("sha256");
  const bool whole = path && key != nullptr && key->is_string() && digest != nullptr && digest->is_string() &&
                     read(*object, "device", m.device) && read(*object, "inode", m.inode) &&
                     read(*object, "owner", m.owner) && read(*object, "group", m.group) &&
                     read(*object, "mode", m.mode) && read(*object, "size", m.size) &&
                     read(*object, "accessed_seconds", m.accessed_seconds) &&
                     read(*object, "accessed_nanoseconds", m.accessed_nanoseconds) &&
                     read(*object, "modified_seconds", m.modified_seconds) &&
                     read(*object, "modified_nanoseconds", m.modified_nanoseconds);
  if (!whole) return fail(Code::invalid, "the manifest of the quarantined file lacks a field");
  m.path = *path;
  m.key = std::string(std::string_view(key->get_string()));
  m.sha256 = std::string(std::string_view(digest->get_string()));
  if (const auto* list = object->if_contains("attributes"); list != nullptr && list->is_array())
    for (const json::value& item : list->get_array()) {
      const auto* pair = item.if_object();
      const auto name = pair == nullptr ? std::nullopt : unhex(*pair, "name_hex");
      const auto value = pair == nullptr ? std::nullopt : unhex(*pair, "value_hex");
      if (!name || !value) return fail(Code::invalid, "the manifest of the quarantined file lacks an attribute");
      m.attributes.emplace_back(*name, *value);
    }
  return m;
}

}  // namespace tocsin::responders
