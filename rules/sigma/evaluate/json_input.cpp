#include "rules/sigma/evaluate/json_input.h"

#include <simdjson.h>

#include "collectors/base/digest.h"

namespace tocsin::rules::sigma {
namespace {

constexpr std::size_t most_depth = 64;

Node convert(simdjson::dom::element element, std::size_t depth) {
  Node node;
  using Type = simdjson::dom::element_type;
  switch (element.type()) {
    case Type::NULL_VALUE: break;
    case Type::BOOL:
      node.kind = Node::Kind::boolean;
      node.boolean = element.get_bool().value_unsafe();
      node.text = node.boolean ? "true" : "false";
      break;
    case Type::INT64:
      node.kind = Node::Kind::integer;
      node.integer = element.get_int64().value_unsafe();
      node.real = static_cast<double>(node.integer);
      node.text = std::to_string(node.integer);
      break;
    case Type::UINT64:
    case Type::DOUBLE:
      node.kind = Node::Kind::real;
      node.real = element.get_double().value_unsafe();
      node.text = simdjson::minify(element);
      break;
    case Type::STRING:
      node.kind = Node::Kind::text;
      node.text = element.get_string().value_unsafe();
      break;
    case Type::ARRAY: {
      node.kind = Node::Kind::list;
      const simdjson::dom::array list = element.get_array().value_unsafe();
      if (depth < most_depth)
        for (const auto item : list) node.items.push_back(convert(item, depth + 1));
      break;
    }
    case Type::OBJECT: {
      node.kind = Node::Kind::map;
      const simdjson::dom::object object = element.get_object().value_unsafe();
      if (depth < most_depth)
        for (const auto member : object)
          node.members.emplace_back(std::string(member.key), convert(member.value, depth + 1));
      break;
    }
  }
  return node;
}

Value scalar_value(const Node& node, Arena& arena) {
  switch (node.kind) {
    case Node::Kind::boolean: return Value::boolean(node.boolean);
    case Node::Kind::integer: return Value::integer(node.integer);
    case Node::Kind::real: return Value::real(node.real);
    case Node::Kind::text: return Value::text(arena.copy(node.text));
    default: return {};
  }
}

class Flattener {
 public:
  Flattener(EventBatch& batch, FieldNames& names) : arena_(batch.arena()), builder_(batch), names_(names) {}

  void add(const std::string& name, const Node& node) {
    if (node.is_map()) {
      for (const auto& [key, value] : node.members) add(name.empty() ? key : name + '.' + key, value);
      return;
    }
    const auto field = names_.intern(name);
    if (field == Field{}) return;
    if (!node.is_list()) {
      builder_.put(field, scalar_value(node, arena_));
      return;
    }
    std::vector<Value> items;
    for (const auto& item : node.items) {
      if (item.is_scalar()) items.push_back(scalar_value(item, arena_));
      else if (item.is_map()) add_each(name, item);
    }
    if (!items.empty() || node.items.empty())
      builder_.put(field, Value::list(arena_.copy(std::span<const Value>(items))));
  }

  const Event& finish(const EventHeader& header, std::string_view original) {
    return builder_.finish(header, original);
  }

 private:
  // Objects in a list: every one adds its values.
  void add_each(const std::string& name, const Node& object) {
    for (const auto& [key, value] : object.members) {
      const auto full = name + '.' + key;
      if (value.is_scalar()) builder_.append(names_.intern(full), value.text);
      else add(full, value);
    }
  }

  Arena& arena_;
  EventBuilder builder_;
  FieldNames& names_;
};

}  // namespace

Result<Node> parse_json(std::string_view text) {
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(text);
  simdjson::dom::element root;
  if (const auto error = parser.parse(padded).get(root))
    return fail(Code::invalid, std::string("not JSON: ") + simdjson::error_message(error));
  return convert(root, 0);
}

const Event& build_event(const Node& object, EventBatch& batch, FieldNames& names, Time observed) {
  Flattener flattener(batch, names);
  std::string_view original;
  for (const auto& [key, value] : object.members) {
    if (key == "_raw" && value.is_text()) original = value.text;
    else if (key != "_raw") flattener.add(key, value);
  }
  EventHeader header;
  header.observed = observed;
  header.id = hash128(std::to_string(batch.size()) + ' ' + std::to_string(observed.time_since_epoch().count()));
  return flattener.finish(header, original);
}

}  // namespace tocsin::rules::sigma
