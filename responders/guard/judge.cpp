#include "responders/guard/judge.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/action/table.h"

namespace tocsin::responders {
namespace {

using Kind = GuardVerdict::Kind;

GuardVerdict refused(std::string rule, std::string reason) {
  return {Kind::refused, std::move(rule), std::move(reason)};
}

std::optional<std::string> network_reason(const Policy& policy, const Facts& facts, const Network& network) {
  if (auto reason = reserved_reason(network)) return reason;
  for (const ProtectedNetwork& item : facts.protected_networks)
    if (item.network.overlaps(network)) return fmt::format("{} is {}", render_network(item.network), item.reason);
  for (const IpAddress& address : facts.login_addresses)
    if (network.contains(address)) return fmt::format("{} is where you are logged in from", render_address(address));
  for (const Network& item : policy.never_touch)
    if (item.overlaps(network)) return fmt::format("{} is on the configured never-touch list", render_network(item));
  return std::nullopt;
}

std::optional<std::string> path_reason(const Policy& policy, const std::string& path) {
  // Doubled slashes and dots must not hide a protected folder.
  std::string plain;
  for (const std::string_view part : split(path, '/'))
    if (!part.empty() && part != ".") plain += "/" + std::string(part);
  for (const std::string& item : policy.never_touch_paths)
    if (plain == item || plain.starts_with(item + "/") || item == "/")
      return fmt::format("{} is on the never-touch list", item);
  return std::nullopt;
}

// Why a program may not do by itself what it could otherwise; a person may.
std::optional<std::string> automation_reason(const Policy& policy, const Facts& facts, const ActionSpec& spec,
                                             const Parameters& parameters, const ActionRequest& request) {
  if (facts.tripped) return fmt::format("automation of {} was stopped after too much trouble", spec.name);
  for (const MaintenanceWindow& window : policy.maintenance)
    if (window.holds(facts.now)) return "a maintenance window is open";
  if (facts.since_same && *facts.since_same < policy.cooldown)
    return fmt::format("the same, done to the same, ended {} ago", render_duration(*facts.since_same));
  if (request.source == SourceProof::handshake) return std::nullopt;
  for (const ParameterSpec& parameter : spec.parameters)
    if (parameter.type == ParameterType::network && parameters.has(parameter.name))
      return request.source == SourceProof::spoofable
                 ? "the source address can be forged: nothing shows that it is the sender's"
                 : "nobody says whether the source address can be forged";
  return std::nullopt;
}

GuardVerdict judge_mode(const Policy& policy, const Facts& facts, const ActionSpec& spec, const Parameters& parameters,
                        const ActionRequest& request, const Peer& peer) {
  const GuardMode mode = policy.mode_of(spec.name, request.rule, request.asset_level);
  if (mode == GuardMode::approve)
    return {Kind::needs_approval, "mode", "an approver who is not the requester must agree"};
  if (!is_person(request, peer))
    if (auto reason = automation_reason(policy, facts, spec, parameters, request))
      return {Kind::needs_approval, "automation", std::move(*reason) + "; an approver must agree"};
  if (policy.quorum[static_cast<std::size_t>(spec.blast_radius)] > 1)
    return {Kind::needs_approval, "quorum",
            fmt::format("{} approvers must agree", policy.quorum[static_cast<std::size_t>(spec.blast_radius)])};
  return {Kind::allowed, "mode", fmt::format("the policy's mode for {} is automatic", spec.name)};
}

}  // namespace

bool is_person(const ActionRequest& request, const Peer& peer) noexcept {
  return request.behalf.uid != UINT32_MAX || (peer.login_uid != UINT32_MAX && request.rule.empty());
}

std::optional<GuardVerdict> judge_target(const Policy& policy, const Facts& facts, const ActionSpec& spec,
                                         const Parameters& parameters) {
  for (const ParameterSpec& parameter : spec.parameters) {
    if (!parameters.has(parameter.name)) continue;
    if (parameter.type == ParameterType::path)
      if (auto reason = path_reason(policy, parameters.text(parameter.name))) return refused("never_touch", *reason);
    if (parameter.type == ParameterType::duration && parameters.duration(parameter.name) > policy.ttl_most)
      return refused(
          "ttl", fmt::format("{} is longer than {}, the most the policy allows",
                             render_duration(parameters.duration(parameter.name)), render_duration(policy.ttl_most)));
    if (parameter.type != ParameterType::network) continue;
    const Network& network = parameters.network(parameter.name);
    if (!facts.unknown.empty()) return refused("never_touch", facts.unknown);
    if (auto reason = network_reason(policy, facts, network)) return refused("never_touch", *reason);
    const std::uint8_t least = network.base.is_v4() ? policy.prefix_least_v4 : policy.prefix_least_v6;
    if (network.prefix < least)
      return refused("prefix",
                     fmt::format("{} is wider than /{}, the widest the policy allows", render_network(network), least));
  }
  if (!facts.protected_targets.empty()) return refused("never_touch", facts.protected_targets.front());
  return std::nullopt;
}

bool has_role(const RoleMembers& role, const Peer& peer) noexcept {
  if (role.users.contains(peer.uid) || role.groups.contains(peer.gid)) return true;
  return std::any_of(peer.groups.begin(), peer.groups.end(), [&](std::uint32_t g) { return role.groups.contains(g); });
}

bool may_look(const Policy& policy, const Peer& peer) noexcept {
  return peer.uid == 0 || (peer.uid == policy.own_user && peer.uid != UINT32_MAX) || has_role(policy.viewers, peer) ||
         has_role(policy.responders, peer) || has_role(policy.approvers, peer);
}

bool may_rehearse(const Policy& policy, const ActionRequest& request, const Peer& peer) noexcept {
  const ActionRow* row = find_action(request.action);
  return may_look(policy, peer) ||
         (row != nullptr && row->spec.gives == Gives::descriptors && has_role(policy.readers, peer));
}

GuardVerdict judge(const Policy& policy, const Facts& facts, const ActionSpec& spec, const Parameters& parameters,
                   const ActionRequest& request, const Peer& peer) {
  // What is wrong for everyone comes first: it is what the reader must know.
  if (auto verdict = judge_target(policy, facts, spec, parameters)) return *verdict;
  if (request.marked == Marked::exercise)
    return refused("exercise", "the request carries the exercise mark: it is never applied");
  if (facts.halted)
    return refused("halted",
                   "all automation is halted; an approver lifts it: tocsin action halt --resume --reason \"…\"");
  const GuardMode mode = policy.mode_of(spec.name, request.rule, request.asset_level);
  if (mode == GuardMode::observe || mode == GuardMode::rehearse)
    return refused("mode", fmt::format("the policy's mode for {}{} is {}: nothing is applied", spec.name,
                                       mode == policy.mode_of(spec.name) ? "" : " here", guard_mode_name(mode)));
  if (request.depth > policy.depth_most)
    return refused("loop", fmt::format("this is a response to a response, {} deep; the policy allows {}", request.depth,
                                       policy.depth_most));
  if (spec.gives == Gives::descriptors && !has_role(policy.readers, peer) && !has_role(policy.approvers, peer))
    return refused("role", fmt::format("uid {} has not the role reader; a yara command of a playbook asks for it by "
                                       "the runner, which has",
                                       peer.uid));
  if (spec.gives == Gives::outcome && !has_role(policy.responders, peer) && !has_role(policy.approvers, peer))
    return refused("role", fmt::format("uid {} has neither the role responder nor approver", peer.uid));
  if (trim(request.reason).empty()) return refused("reason", "applying needs a reason");
  if (facts.in_last_minute >= policy.per_minute)
    return refused("rate", fmt::format("{} was applied {} times in the last minute, the policy allows {}", spec.name,
                                       facts.in_last_minute, policy.per_minute));
  if (facts.live >= policy.live_most)
    return refused("live", fmt::format("{} effects are live, the policy allows {}", facts.live, policy.live_most));
  if (!request.rule.empty() && facts.rule_in_last_minute >= policy.rule_per_minute)
    return refused("rate", fmt::format("{} set off {} actions in the last minute, the policy allows {}", request.rule,
                                       facts.rule_in_last_minute, policy.rule_per_minute));
  const std::uint32_t most = policy.blast_most[static_cast<std::size_t>(spec.blast_radius)];
  if (spec.reversibility != Reversibility::irreversible && facts.live_of_radius >= most)
    return refused("blast", fmt::format("{} effects that reach a {} are live, the policy allows {}",
                                        facts.live_of_radius, blast_radius_name(spec.blast_radius), most));
  return judge_mode(policy, facts, spec, parameters, request, peer);
}

}  // namespace tocsin::responders
