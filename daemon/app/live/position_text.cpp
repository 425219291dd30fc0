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
  const auto read = [&]<class Number>(const char* key, Number& out) {
    const auto* found = object.if_contains(key);
    if (found == nullptr) return;
    json::error_code bad;
    const auto n = found->to_number<Number>(bad);
    if (!bad) out = n;
  };
  const auto string = [&](const char* key) {
    const auto* found = object.if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string{};
  };
  const auto seed = parse_digest128(string("seed"));
  if (!seed) return std::nullopt;
  collectors::Position out;
  out.path = string("path");
  read("device", out.identity.device);
  read("inode", out.identity.inode);
  read("birth", out.identity.birth);  // before 1970 where a clock was wrong
  read("head", out.identity.head);
  read("head_size", out.identity.head_size);
  read("offset", out.offset);
  read("generation", out.generation);
  out.seed = *seed;
  return out;
}

}  // namespace tocsin::daemon
