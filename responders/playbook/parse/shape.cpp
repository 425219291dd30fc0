#include "responders/playbook/parse/shape.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::responders {

using Kind = JsonNode::Kind;

Shape::Shape(const JsonNode& node, std::string_view item, Reporter& reporter, Unknown unknown)
    : node_(node), item_(item), reporter_(reporter), unknown_(unknown), usable_(node.is(Kind::object)) {
  if (!usable_)
    reporter_.error("P0102", node.offset, item_,
                    fmt::format("an object is expected, {} is there", kind_name(node.kind)));
}

Shape::~Shape() {
  if (!usable_ || unknown_ == Unknown::allow) return;
  for (const JsonMember& member : node_.members)
    if (!asked_.contains(member.name))
      reporter_.warning("P0103", member.offset, item_,
                        fmt::format("the property \"{}\" is not in the specification", member.name.substr(0, 100)),
                        "remove it, or move it into an extension");
}

const JsonNode* Shape::any(std::string_view name) {
  if (!usable_) return nullptr;
  asked_.insert(name);
  return node_.find(name);
}

const JsonNode* Shape::get(std::string_view name, Kind kind) {
  const JsonNode* found = any(name);
  if (found == nullptr) return nullptr;
  if (found->kind == kind) return found;
  reporter_.error("P0102", found->offset, item_,
                  fmt::format("\"{}\" must be {}, {} is there", name, kind_name(kind), kind_name(found->kind)));
  return nullptr;
}

Placed Shape::text(std::string_view name) {
  const JsonNode* found = get(name, Kind::string);
  if (found == nullptr) return {};
  return {found->text, found->offset, true};
}

std::vector<Placed> Shape::texts(std::string_view name) {
  std::vector<Placed> out;
  const JsonNode* found = get(name, Kind::array);
  if (found == nullptr) return out;
  if (found->items.empty())
    reporter_.warning("P0104", found->offset, item_, fmt::format("\"{}\" must not be an empty list", name),
                      "leave the property out");
  for (const JsonNode& item : found->items) {
    if (item.is(Kind::string)) out.push_back({item.text, item.offset, true});
    else
      reporter_.error("P0102", item.offset, item_,
                      fmt::format("\"{}\" must hold strings, {} is there", name, kind_name(item.kind)));
  }
  return out;
}

std::optional<bool> Shape::boolean(std::string_view name) {
  const JsonNode* found = get(name, Kind::boolean);
  if (found == nullptr) return std::nullopt;
  return found->boolean;
}

std::optional<std::int64_t> Shape::whole(std::string_view name, std::int64_t least, std::int64_t most) {
  const JsonNode* found = get(name, Kind::integer);
  if (found == nullptr) return std::nullopt;
  // A number too long for 64 bits is out of every range.
  const std::int64_t number = parse_signed(found->text).value_or(found->text.starts_with('-') ? INT64_MIN : INT64_MAX);
  if (number < least || number > most)
    reporter_.warning("P0105", found->offset, item_, fmt::format("\"{}\" must be between {} and {}", name, least, most),
                      "the nearest value of the range is taken");
  return std::clamp(number, least, most);
}

const JsonNode* Shape::object(std::string_view name) { return get(name, Kind::object); }
const JsonNode* Shape::array(std::string_view name) { return get(name, Kind::array); }

}  // namespace tocsin::responders
