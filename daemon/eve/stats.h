#pragma once
// Counters under Suricata's names, as far as they are counted here:
// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-stats

#include <array>
#include <cstdint>
#include <string>

#include "collectors/base/time.h"
#include "collectors/packet/counters.h"
#include "collectors/packet/flow.h"
#include "daemon/eve/options.h"

namespace tocsin::daemon {

// What one worker's observer counts; added up over workers.
struct EveCounters {
  static constexpr std::size_t protocols = 64;
  struct Application {
    std::uint64_t flows_tcp = 0, flows_udp = 0;
    std::uint64_t transactions_tcp = 0, transactions_udp = 0;
  };
  std::array<Application, protocols> applications{};
  std::uint64_t flows_tcp = 0, flows_udp = 0, flows_icmp4 = 0, flows_icmp6 = 0;
  std::uint64_t syn = 0, syn_ack = 0, reset = 0;
  std::uint64_t bypassed_packets = 0, bypassed_bytes = 0;
  std::uint64_t icmp4 = 0, icmp6 = 0;
  std::uint64_t packet_bytes_most = 0;
  std::array<std::uint64_t, collectors::packet_events_most> events{};

  void add(const EveCounters& other);
};

struct EveRuleCounts {
  std::uint64_t loaded = 0, failed = 0, skipped = 0;
};

struct EveStats {
  EveCounters eve;
  collectors::PacketCounters packets;
  EveRuleCounts rules;
  std::uint64_t alerts = 0;
  std::uint64_t kept_failures = 0;  // files that could not be written
  Time time{};                      // of the last packet
  Time start{};                     // of the first

  void add(const EveCounters& counters, const collectors::PacketCounters& worker);
};

// A whole record.
std::string render_stats(const EveStats& stats);

}  // namespace tocsin::daemon
