#include "responders/action/share_stix/limit.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "rules/marking_id.h"

namespace tocsin::responders {
namespace {

namespace json = boost::json;
using rules::Tlp;

std::string_view text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

// Of a marking that is none of TLP 2.0 we do not know whom it lets through.
Tlp marking_of(const json::object& object) {
  const auto* refs = object.if_contains("object_marking_refs");
  Tlp out = Tlp::none;
  if (refs == nullptr || !refs->is_array()) return out;
  constexpr std::string_view type = "marking-definition--";
  for (const auto& ref : refs->get_array()) {
    const auto id = ref.is_string() ? std::string_view(ref.get_string()) : std::string_view();
    const Tlp tlp = id.starts_with(type) ? rules::tlp_of_uuid(id.substr(type.size())) : Tlp::none;
    out = std::max(out, tlp == Tlp::none ? Tlp::red : tlp);
  }
  return out;
}

void withhold_incident(json::object& incident, Tlp marking) {
  std::string number = "An incident";
  if (const auto* references = incident.if_contains("external_references");
      references != nullptr && references->is_array() && !references->get_array().empty())
    if (const auto* first = references->get_array().front().if_object())
      if (const auto alias = text_of(*first, "external_id"); !alias.empty()) number = alias;
  incident["name"] = fmt::format("{}: withheld, {}", number, rules::tlp_label(marking));
  incident.erase("object_marking_refs");
}

void collect_refs(const json::object& object, std::set<std::string>& out) {
  for (const auto& [name, value] : object) {
    const std::string_view key = name;
    if (key.ends_with("_ref") && value.is_string()) out.emplace(value.get_string());
    if (key.ends_with("_refs") && value.is_array())
      for (const auto& item : value.get_array())
        if (item.is_string()) out.emplace(item.get_string());
  }
}

// Means nothing unless something else names it, and would tell what is left out.
bool is_dependent(std::string_view type) {
  return type == "marking-definition" || type == "identity" || type == "attack-pattern";
}

// One that is dropped may have been all that names another.
void drop_unnamed(json::array& objects) {
  constexpr int rounds_most = 8;
  for (int round = 0; round < rounds_most; ++round) {
    const std::size_t before = objects.size();
    std::set<std::string> named;
    for (const auto& value : objects) collect_refs(value.get_object(), named);
    const auto unnamed = [&](const json::value& value) {
      const auto& object = value.get_object();
      return is_dependent(text_of(object, "type")) && !named.contains(std::string(text_of(object, "id")));
    };
    objects.erase(std::remove_if(objects.begin(), objects.end(), unnamed), objects.end());
    if (objects.size() == before) return;
  }
}

}  // namespace

Result<LimitedStix> limit_stix(std::string_view bundle, Tlp most) {
  boost::system::error_code problem;
  json::value root = json::parse(bundle, problem);
  auto* outer = problem ? nullptr : root.if_object();
  auto* objects = outer == nullptr ? nullptr : outer->if_contains("objects");
  if (objects == nullptr || !objects->is_array() || text_of(*outer, "type") != "bundle")
    return fail(Code::invalid, "what is to be shared is no STIX bundle");
  LimitedStix out;
  json::array kept;
  for (auto& value : objects->get_array()) {
    auto* object = value.if_object();
    if (object == nullptr) return fail(Code::invalid, "an object of the bundle is none");
    if (const Tlp marking = marking_of(*object); marking > most) {
      ++out.withheld;
      if (text_of(*object, "type") != "incident") continue;
      withhold_incident(*object, marking);
    }
    kept.push_back(std::move(value));
  }
  drop_unnamed(kept);
  for (const auto& value : kept) {
    const auto type = text_of(value.get_object(), "type");
    if (type == "indicator") ++out.indicators;
    if (type != "marking-definition") ++out.objects;
  }
  *objects = std::move(kept);
  out.text = json::serialize(root);
  return out;
}

}  // namespace tocsin::responders
