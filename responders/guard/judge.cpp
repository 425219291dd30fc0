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
  return std::nullopt;
}

}  // namespace

bool has_role(const RoleMembers& role, const Peer& peer) noexcept {
  if (role.users.contains(peer.uid) || role.groups.contains(peer.gid)) return true;
  return std::any_of(peer.groups.begin(), peer.groups.end(), [&](std::uint32_t g) { return role.groups.contains(g); });
}

bool may_look(const Policy& policy, const Peer& peer) noexcept {
  return peer.uid == 0 || (peer.uid == policy.own_user && peer.uid != UINT32_MAX) || has_role(policy.viewers, peer) ||
         has_role(policy.responders, peer) || has_role(policy.approvers, peer);
}

GuardVerdict judge(const Policy& policy, const Facts& facts, const ActionSpec& spec, const Parameters& parameters,
                   const ActionRequest& request, const Peer& peer) {
  // What is wrong for everyone comes first: it is what the reader must know.
  if (auto verdict = judge_target(policy, facts, spec, parameters)) return *verdict;
  if (request.marked == Marked::exercise)
    return refused("exercise", "the request carries the exercise mark: it is never applied");
  if (facts.halted) return refused("halted", "all automation is halted; `tocsin action resume` lifts it");
  const GuardMode mode = policy.mode_of(spec.name);
  if (mode == GuardMode::observe || mode == GuardMode::rehearse)
    return refused("mode",
                   fmt::format("the policy's mode for {} is {}: nothing is applied", spec.name, guard_mode_name(mode)));
  if (!has_role(policy.responders, peer) && !has_role(policy.approvers, peer))
    return refused("role", fmt::format("uid {} has neither the role responder nor approver", peer.uid));
  if (trim(request.reason).empty()) return refused("reason", "applying needs a reason");
  if (facts.in_last_minute >= policy.per_minute)
    return refused("rate", fmt::format("{} was applied {} times in the last minute, the policy allows {}", spec.name,
                                       facts.in_last_minute, policy.per_minute));
  if (facts.live >= policy.live_most)
    return refused("live", fmt::format("{} effects are live, the policy allows {}", facts.live, policy.live_most));
  if (mode == GuardMode::approve)
    return {Kind::needs_approval, "mode", "an approver who is not the requester must agree"};
  return {Kind::allowed, "mode", fmt::format("the policy's mode for {} is automatic", spec.name)};
}

}  // namespace tocsin::responders
