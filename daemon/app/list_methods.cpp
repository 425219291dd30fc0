#include "daemon/app/list_methods.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/json.h"
#include "collectors/packet/protocol/table.h"
#include "daemon/app/asked.h"
#include "daemon/app/vocabulary.h"
#include "daemon/store/reader.h"
#include "daemon/store/segment/search.h"
#include "responders/action/table.h"
#include "rules/sigma/parse/modifier.h"
#include "rules/signature/keyword/keyword.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
using std::filesystem::path;

json::object named(std::string_view name, std::string_view kind, std::string_view summary) {
  json::object row;
  row["name"] = name;
  row["type"] = kind;
  row["summary"] = summary;
  return row;
}

// Does a stored event or alert have a member of this name? Only asked for names that nobody here knows.
bool is_stored(const path& store, const std::string& name) {
  std::string key;
  append_json_string(key, name);
  EventQuery query;
  query.text = key + ":";
  query.limit = 1;
  if (const auto hits = search_events(store / "events", query); hits && !hits->lines.empty()) return true;
  constexpr std::size_t pages_most = 20;
  const auto reader = StoreReader::open(store);
  AlertQuery alerts;
  alerts.limit = 500;
  for (std::size_t page = 0; reader && page < pages_most; ++page) {
    const auto found = (*reader)->alerts(alerts);
    if (!found) return false;
    for (const auto& alert : found->alerts)
      if (alert.json.find(query.text) != std::string::npos) return true;
    alerts.cursor = found->next;
    if (alerts.cursor.empty()) break;
  }
  return false;
}

Result<void> list_fields(const FieldNames& names, const path& store, const Call& call, Reply& reply) {
  TOCSIN_TRY(auto wanted, asked(call));
  if (!call.number("limit")) wanted.limit = 0;
  RowGate gate(wanted, reply);
  const auto fields = all_fields(names);
  const auto only = call.list("name");
  if (only.empty()) {
    for (const auto& field : fields)
      if (!gate.send(named(field.name, field.type, field.summary))) break;
    return {};
  }
  for (const auto& name : only) {
    const auto found = std::ranges::find(fields, name, &DescribedField::name);
    if (found != fields.end()) gate.send(named(name, found->type, found->summary));
    else if (!store.empty() && is_stored(store, name)) gate.send(named(name, "text", "Of a product; stored here"));
  }
  return {};
}

Result<void> list_actions(const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto wanted, asked(call));
  RowGate gate(wanted, reply);
  for (const auto& action : responders::all_actions()) {
    json::object row;
    row["name"] = action.spec.name;
    row["capability"] = responders::capability_name(action.spec.capability);
    row["reversible"] = responders::reversibility_name(action.spec.reversibility);
    row["blast_radius"] = responders::blast_radius_name(action.spec.blast_radius);
    row["summary"] = action.spec.summary;
    json::array parameters;
    for (const auto& parameter : action.spec.parameters) parameters.emplace_back(parameter.name);
    row["parameters"] = std::move(parameters);
    if (!gate.send(row)) break;
  }
  return {};
}

Result<void> list_protocols(const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto wanted, asked(call));
  RowGate gate(wanted, reply);
  for (const auto& protocol : collectors::protocol_table()) {
    std::string ports;
    for (const auto port : protocol.ports) ports += fmt::format("{}{}", ports.empty() ? "" : ", ", port);
    std::string over = protocol.over_stream ? "tcp" : "";
    if (protocol.over_datagram) over += over.empty() ? "udp" : ", udp";
    json::object row;
    row["name"] = collectors::protocol_name(protocol.protocol);
    row["over"] = over;
    row["ports"] = ports;
    row["buffers"] = protocol.buffers.size();
    if (!gate.send(row)) break;
  }
  return {};
}

Result<void> list_keywords(const Call& call, Reply& reply) {
  TOCSIN_TRY(auto wanted, asked(call));
  if (!call.number("limit")) wanted.limit = 0;
  RowGate gate(wanted, reply);
  for (const auto& keyword : rules::signature::keyword_table())
    if (!gate.send(named(keyword.name, "signature", keyword.doc))) return {};
  for (const auto& modifier : rules::sigma::modifier_table())
    if (!gate.send(named(modifier.name, "sigma", modifier.doc))) return {};
  return {};
}

}  // namespace

void add_list_methods(MethodTable& methods, const FieldNames& names, const path& store) {
  methods.add({"list.fields", Role::viewer, "fields of events and alerts",
               [&names, store](const Call& c, Reply& r) { return list_fields(names, store, c, r); }});
  methods.add({"list.actions", Role::viewer, "what playbooks can do",
               [](const Call& c, Reply& r) { return list_actions(c, r); }});
  methods.add({"list.protocols", Role::viewer, "protocols that are parsed",
               [](const Call& c, Reply& r) { return list_protocols(c, r); }});
  methods.add({"list.keywords", Role::viewer, "keywords of rules that are understood",
               [](const Call& c, Reply& r) { return list_keywords(c, r); }});
}

}  // namespace tocsin::daemon
