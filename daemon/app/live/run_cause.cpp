#include "daemon/app/live/run_cause.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/address.h"
#include "responders/playbook/inputs.h"

namespace tocsin::daemon {
namespace {

using responders::GuardVerdict;
using responders::RunState;
using rules::Entity;
using rules::EntityKind;

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

bool is_of(const AssetConfig& asset, const Entity& entity) {
  if (entity.kind == EntityKind::host) return holds(asset.hosts, entity.value);
  if (entity.kind == EntityKind::user) return holds(asset.users, entity.value);
  const auto address = entity.kind == EntityKind::address ? parse_address(entity.value) : std::nullopt;
  return address && std::ranges::any_of(asset.networks, [&](const std::string& text) {
           const auto network = parse_network(text, HostBits::refuse);
           return network && network->contains(address->unmapped());
         });
}

std::string_view next_step_of(std::string_view rule) {
  if (rule == "mode") return "; the policy of tocsin-responder (/etc/tocsin/responder.yaml) sets `mode`";
  if (rule == "role")
    return "; the policy of tocsin-responder gives tocsind's user the role responder, and tocsin-runner's the role "
           "reader";
  if (rule == "rate" || rule == "live") return "; wait, or undo what is not needed: tocsin action list";
  if (rule == "type" || rule == "signature" || rule == "host" || rule == "path")
    return "; the policy of tocsin-runner is /etc/tocsin/commands.yaml";
  return "";
}

}  // namespace

Result<void> may_begin(const responders::Rehearsal& rehearsal) {
  for (const auto& step : rehearsal.steps)
    for (const auto& command : step.commands)
      if (command.verdict.kind == GuardVerdict::Kind::refused)
        return fail(Code::denied,
                    fmt::format("nothing was done: the guard refuses \"{}\" ({}): {}{}", step.label,
                                command.verdict.rule, command.verdict.reason, next_step_of(command.verdict.rule)));
  if (rehearsal.result == RunState::completed) return {};
  for (const auto& step : rehearsal.steps)
    if (step.status != responders::StepStatus::done && !step.note.empty())
      return fail(Code::conflict, fmt::format("nothing was done: \"{}\" {}", step.label, step.note));
  return fail(Code::conflict, "nothing was done: the playbook would fail; see tocsin playbook rehearse");
}

std::uint8_t asset_level(const responders::Incident& incident, std::span<const AssetConfig> assets) {
  std::uint32_t out = 0;
  for (const AssetConfig& asset : assets)
    if (holds(asset.hosts, incident.host) ||
        std::ranges::any_of(incident.entities, [&](const Entity& entity) { return is_of(asset, entity); }))
      out = std::max(out, asset.level);
  return static_cast<std::uint8_t>(out);
}

responders::RunSpec spec_for(responders::PlanRef plan, const responders::Incident& incident, std::string_view here,
                             std::span<const AssetConfig> assets) {
  responders::RunSpec out;
  out.id = "forecast";
  out.plan = std::move(plan);
  out.inputs = responders::inputs_from_incident(incident, here);
  out.incident = incident.alias;
  out.tlp = incident.tlp;
  out.reason = "rehearsal";
  out.marked = incident.exercise == Exercise::yes ? responders::Marked::exercise : responders::Marked::real;
  out.cause = responders::cause_of(incident, here);
  out.cause.asset_level = asset_level(incident, assets);
  return out;
}

Result<std::vector<BegunResponse>> begun_responses(Records& records, IncidentId incident) {
  std::vector<BegunResponse> out;
  TOCSIN_TRY(const auto runs, records.runs(incident));
  for (const RunRow& run : runs) {
    if (run.mode != "apply") continue;
    TOCSIN_TRY(const auto steps, records.run_steps(run.id));
    if (steps.empty()) continue;
    TOCSIN_TRY(const auto started, responders::parse_run_record(steps.front().json));
    responders::Cause cause;
    for (const auto& [name, value] : started.outputs) responders::read_cause(name, value, cause);
    if (!cause.rule.empty())  // else a person asked for it
      out.push_back({started.detail.substr(0, started.detail.find(' ')), started.time, cause.depth});
  }
  return out;
}

std::uint8_t depth_after(std::span<const BegunResponse> begun, Time alert) noexcept {
  std::uint8_t out = 0;
  for (const BegunResponse& one : begun)
    if (one.time <= alert) out = std::max<std::uint8_t>(out, one.depth == UINT8_MAX ? UINT8_MAX : one.depth + 1);
  return out;
}

}  // namespace tocsin::daemon
