#include "responders/action/table.h"

#include <array>

#include <fmt/format.h>

#include "responders/action/collect_packets/collect_packets.h"
#include "responders/action/collect_triage/collect_triage.h"
#include "responders/action/cron_disable/cron_disable.h"
#include "responders/action/file_quarantine/file_quarantine.h"
#include "responders/action/network_block_address/network_block_address.h"
#include "responders/action/network_block_port/network_block_port.h"
#include "responders/action/network_isolate_host/network_isolate_host.h"
#include "responders/action/network_kill_flow/network_kill_flow.h"
#include "responders/action/network_limit_rate/network_limit_rate.h"
#include "responders/action/network_sinkhole/network_sinkhole.h"
#include "responders/action/notify/notify.h"
#include "responders/action/process_dump_maps/process_dump_maps.h"
#include "responders/action/process_kill/process_kill.h"
#include "responders/action/process_lend_memory/process_lend_memory.h"
#include "responders/action/process_stop/process_stop.h"
#include "responders/action/service_mask/service_mask.h"
#include "responders/action/service_stop/service_stop.h"
#include "responders/action/share_stix/share_stix.h"
#include "responders/action/ssh_revoke_key/ssh_revoke_key.h"
#include "responders/action/ticket_open/ticket_open.h"
#include "responders/action/user_expire/user_expire.h"
#include "responders/action/user_kill_sessions/user_kill_sessions.h"
#include "responders/action/user_lock/user_lock.h"

namespace tocsin::responders {
namespace {

constexpr auto action_table = std::to_array<ActionRow>({
    {network_block_address_spec, &make_network_block_address, &describe_network_block_address},
    {network_block_port_spec, &make_network_block_port, &describe_network_block_port},
    {network_limit_rate_spec, &make_network_limit_rate, &describe_network_limit_rate},
    {network_kill_flow_spec, &make_network_kill_flow, &describe_network_kill_flow},
    {network_sinkhole_spec, &make_network_sinkhole, &describe_network_sinkhole},
    {network_isolate_host_spec, &make_network_isolate_host, &describe_network_isolate_host},
    {file_quarantine_spec, &make_file_quarantine, &describe_file_quarantine},
    {cron_disable_spec, &make_cron_disable, &describe_cron_disable},
    {process_stop_spec, &make_process_stop, &describe_process_stop},
    {process_dump_maps_spec, &make_process_dump_maps, &describe_process_dump_maps},
    {process_lend_memory_spec, &make_process_lend_memory, &describe_process_lend_memory},
    {process_kill_spec, &make_process_kill, &describe_process_kill},
    {user_lock_spec, &make_user_lock, &describe_user_lock},
    {user_expire_spec, &make_user_expire, &describe_user_expire},
    {user_kill_sessions_spec, &make_user_kill_sessions, &describe_user_kill_sessions},
    {ssh_revoke_key_spec, &make_ssh_revoke_key, &describe_ssh_revoke_key},
    {service_stop_spec, &make_service_stop, &describe_service_stop},
    {service_mask_spec, &make_service_mask, &describe_service_mask},
    {collect_triage_spec, &make_collect_triage, &describe_collect_triage},
    {collect_packets_spec, nullptr, &describe_collect_packets},
    {notify_spec, &make_notify, &describe_notify},
    {ticket_open_spec, &make_ticket_open, &describe_ticket_open},
    {share_stix_spec, &make_share_stix, &describe_share_stix},
});

struct Reserved {
  std::string_view network;
  std::string_view what;
};
// RFC 6890 and successors: blocking these hits the host itself or everyone on the link.
constexpr std::array<Reserved, 9> reserved_table{{
    {"0.0.0.0/8", "this network"},
    {"127.0.0.0/8", "loopback"},
    {"224.0.0.0/4", "multicast"},
    {"255.255.255.255/32", "broadcast"},
    {"::/128", "the unspecified address"},
    {"::1/128", "loopback"},
    {"fe80::/10", "link-local, where neighbour discovery and routers live"},
    {"ff00::/8", "multicast"},
    {"::ffff:0:0/96", "IPv4 written as IPv6"},
}};

}  // namespace

std::span<const ActionRow> all_actions() noexcept { return action_table; }

const ActionRow* find_action(std::string_view name) noexcept {
  for (const ActionRow& row : action_table)
    if (row.spec.name == name) return &row;
  return nullptr;
}

std::string_view guard_verdict_name(GuardVerdict::Kind kind) noexcept {
  static constexpr std::array<std::string_view, 4> names{"allowed", "needs_approval", "refused", "unasked"};
  return names[static_cast<std::size_t>(kind)];
}

std::optional<std::string> reserved_reason(const Network& network) {
  for (const Reserved& row : reserved_table) {
    const auto reserved = parse_network(row.network, HostBits::refuse);
    if (reserved && reserved->overlaps(network)) return fmt::format("{} is {}", row.network, row.what);
  }
  return std::nullopt;
}

Result<Rehearsed> OfflineGateway::rehearse(const ActionRequest& request) {
  const ActionRow* row = find_action(request.action);
  if (row == nullptr) return fail(Code::not_found, fmt::format("there is no action {}", request.action));
  TOCSIN_TRY(const Parameters parameters, parse_parameters(row->spec, request.parameters));
  Rehearsed out;
  out.forecast = row->describe(parameters);
  out.verdict = {GuardVerdict::Kind::unasked, "offline", "no guard was asked"};
  for (const ParameterSpec& spec : row->spec.parameters)
    // What the daemon only looks for cuts nobody off.
    if (row->make != nullptr && spec.type == ParameterType::network && parameters.has(spec.name))
      if (auto reason = reserved_reason(parameters.network(spec.name)))
        out.verdict = {GuardVerdict::Kind::refused, "never_touch", std::move(*reason)};
  if (request.marked == Marked::exercise && out.verdict.kind != GuardVerdict::Kind::refused)
    out.verdict = {GuardVerdict::Kind::refused, "exercise",
                   "the request carries the exercise mark: it is never applied"};
  return out;
}

Result<Applied> OfflineGateway::apply(const ActionRequest&) {
  return fail(Code::denied, "nothing is applied offline; start tocsin-responder and run against it");
}
Result<Verification> OfflineGateway::verify(const std::string& key) {
  return fail(Code::not_found, fmt::format("nothing was applied under the key {}", key));
}
Result<Outcome> OfflineGateway::undo(const std::string& key, const std::string&) {
  return fail(Code::not_found, fmt::format("nothing was applied under the key {}", key));
}

}  // namespace tocsin::responders
