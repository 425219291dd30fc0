#include "daemon/eve/fast_log.h"

#include <chrono>

#include <fmt/format.h>

#include "daemon/eve/header.h"
#include "rules/signature/compile/signature.h"

namespace tocsin::daemon {

namespace {

// Addresses of version 6 at full length, as that log has them.
std::string full_address(const IpAddress& address) {
  if (!address.is_v6()) return render_address(address);
  std::string out;
  const auto bytes = address.bytes();
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
    out += fmt::format("{}{:02x}{:02x}", i == 0 ? "" : ":", bytes[i], bytes[i + 1]);
  return out;
}

std::string fast_time(Time time) {
  const auto micro = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  const std::chrono::sys_time<std::chrono::microseconds> at{std::chrono::microseconds(micro)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto clock = (at - day).count();
  return fmt::format("{:02}/{:02}/{:04}-{:02}:{:02}:{:02}.{:06}", static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), static_cast<int>(date.year()), clock / 3'600'000'000,
                     clock / 60'000'000 % 60, clock / 1'000'000 % 60, clock % 1'000'000);
}

}  // namespace

EveRecord make_fast_record(const rules::Alert& alert) {
  EveRecord record;
  if (alert.rule->engine != rules::Engine::signature || !alert.packet || !alert.packet->source) return record;
  const auto& info = static_cast<const rules::signature::SignatureInfo&>(*alert.rule);
  const auto& packet = *alert.packet;
  const bool icmp = packet.icmp_type.has_value();
  const unsigned from = icmp ? *packet.icmp_type : packet.source_port;
  const unsigned to = icmp ? packet.icmp_code.value_or(0) : packet.destination_port;
  const auto said = [](const std::string& text) { return text.empty() ? std::string("(null)") : text; };
  record.time = alert.time;
  record.packet = packet.packet;
  record.flow = packet.flow_id;
  record.line = fmt::format("{}  [**] [{}:{}:{}] {} [**] [Classification: {}] [Priority: {}] {{{}}} {}:{} -> {}:{}",
                            fast_time(alert.time), info.gid, info.sid, info.rev, said(info.title), said(info.category),
                            info.priority, eve_transport_name(packet.transport), full_address(packet.source), from,
                            full_address(packet.destination), to);
  return record;
}

}  // namespace tocsin::daemon
