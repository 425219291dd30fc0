#include "daemon/app/live/position_text.h"

#include <boost/json.hpp>

#include "collectors/base/digest.h"

namespace tocsin::daemon {

namespace json = boost::json;

std::pair<std::string, std::string> render_position(const collectors::Position& position) {
  const std::string key = "file:" + render_digest(position.seed);
  if (position.finished) return {key, {}};
  json::object out;
  out["path"] = position.path;
  out["device"] = position.identity.device;
  out["inode"] = position.identity.inode;
  out["birth"] = position.identity.birth;
  out["head"] = position.identity.head;
  out["head_size"] = position.identity.head_size;
  out["offset"] = position.offset;
  out["generation"] = position.generation;
  out["seed"] = render_digest(position.seed);
  return {key, json::serialize(out)};
}

std::optional<collectors::Position> parse_position(const std::string& text) {
  json::error_code error;
  const auto value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  const auto& object = value.get_object();
  const auto number = [&](const char* key) -> std::uint64_t {
    const auto* found = object.if_contains(key);
    if (found == nullptr) return 0;
    json::error_code bad;
    const auto n = found->to_number<std::uint64_t>(bad);
    return bad ? 0 : n;
  };
  const auto string = [&](const char* key) {
    const auto* found = object.if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string{};
  };
  const auto seed = parse_digest128(string("seed"));
  if (!seed) return std::nullopt;
  collectors::Position out;
  out.path = string("path");
  out.identity.device = number("device");
  out.identity.inode = number("inode");
  out.identity.birth = static_cast<std::int64_t>(number("birth"));
  out.identity.head = number("head");
  out.identity.head_size = static_cast<std::uint32_t>(number("head_size"));
  out.offset = number("offset");
  out.generation = number("generation");
  out.seed = *seed;
  return out;
}

}  // namespace tocsin::daemon
