#include "daemon/app/share.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "responders/action/share_stix/limit.h"
#include "responders/action/table.h"
#include "responders/incident/change.h"
#include "responders/incident/stix.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
using responders::StixDeed;
using responders::StixMaterial;

constexpr std::size_t details_most = 500;
constexpr std::size_t export_bytes_most = 8U << 20U;

// What was done to the host; messages are not what others can learn from.
Result<std::vector<StixDeed>> deeds_of(StoreReader& reader, IncidentId id) {
  std::vector<StixDeed> out;
  TOCSIN_TRY(const auto records, reader.journal_of(id));
  for (const auto& record : records) {
    TOCSIN_TRY(const auto change, responders::parse_change(record.json));
    const auto* run = std::get_if<responders::change::RunRecorded>(&change.body);
    if (run == nullptr || run->phase != responders::change::RunPhase::step || run->mode != "apply" ||
        run->outcome != "applied")
      continue;
    const auto* action = responders::find_action(run->action);
    if (action == nullptr || action->spec.blast_radius == responders::BlastRadius::message) continue;
    out.push_back({change.time, run->playbook, run->step, run->action, run->text});
  }
  return out;
}

Result<void> export_incident(const std::filesystem::path& store, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto name, call.require("incident"));
  const auto limit = call.text("max_tlp").value_or(std::string(rules::tlp_name(rules::tlp_most)));
  const auto most = limit == "none" ? std::optional(rules::Tlp::none) : rules::parse_tlp(limit);
  if (!most) return fail(Code::usage, "--max-tlp is one of none, clear, green, amber, amber+strict, red");
  TOCSIN_TRY(const auto reader, StoreReader::open(store));
  TOCSIN_TRY(const auto id, reader->find_incident(name));
  TOCSIN_TRY(const auto bundle, stix_of(*reader, id, export_bytes_most));
  TOCSIN_TRY(const auto limited, responders::limit_stix(bundle, *most));
  json::object row;
  row["text"] = limited.text + "\n";
  reply.row(json::serialize(row));
  return {};
}

}  // namespace

Result<std::string> stix_of(StoreReader& reader, IncidentId id, std::size_t bytes_most) {
  static constexpr std::array<std::size_t, 5> alerts_tried{details_most, 200, 80, 30, 10};
  TOCSIN_TRY(const auto snapshot, reader.snapshot());
  StixMaterial material;
  TOCSIN_TRY(material.incident, reader.incident(id));
  if (material.incident.merged_into)
    return fail(Code::conflict, fmt::format("{} goes on as another incident; share that one", material.incident.alias));
  TOCSIN_TRY(material.deeds, deeds_of(reader, id));
  for (const auto& alert : material.incident.alerts) {
    if (material.details.size() == details_most) break;
    const auto row = reader.alert(render_digest(alert.id));
    auto whole = row ? rules::parse_alert(row->json) : Result<rules::Alert>(std::unexpected(row.error()));
    if (whole) material.details.push_back(std::move(*whole));
  }
  for (const auto alerts : alerts_tried)
    if (auto bundle = render_stix(material, alerts); bundle.size() <= bytes_most) return bundle;
  return fail(Code::exhausted, fmt::format("{} is too large to be shared", material.incident.alias));
}

Result<responders::Applied> SharingGateway::apply(const responders::ActionRequest& request) {
  const auto* action = responders::find_action(request.action);
  if (action == nullptr || action->spec.document() == nullptr) return guard_.apply(request);
  const bool own = std::ranges::any_of(request.parameters, [&](const auto& parameter) {
    return parameter.first == "incident" && parameter.second == request.incident;
  });
  if (!own) return fail(Code::denied, fmt::format("a run shares its own incident, {}, and no other", request.incident));
  responders::ActionRequest whole = request;
  TOCSIN_TRY(const auto reader, StoreReader::open(store_));
  TOCSIN_TRY(const auto id, reader->find_incident(request.incident));
  TOCSIN_TRY(whole.document, stix_of(*reader, id, responders::document_bytes_most));
  return guard_.apply(whole);
}

void add_share_methods(MethodTable& methods, const std::filesystem::path& store) {
  methods.add({"incident.export", Role::viewer, "an incident as STIX 2.1",
               [store](const Call& call, Reply& reply) { return export_incident(store, call, reply); }});
}

}  // namespace tocsin::daemon
