#pragma once
// Header of a rule and tests on packet fields and flow counters. No allocation, no state.

#include "collectors/packet/packet.h"
#include "rules/signature/compile/signature.h"
#include "rules/signature/match/chain_matcher.h"
#include "rules/signature/state/flow_state.h"

namespace tocsin::rules::signature {

// What is being looked at: a packet of a flow, or a moment of a flow when no packet caused it.
struct Scope {
  const collectors::Packet* packet = nullptr;  // null on a time-out
  collectors::Flow* flow = nullptr;            // null for packets without one
  FlowMemory* memory = nullptr;                // null without a flow
  collectors::Direction direction = collectors::Direction::to_server;
  bool stream = false;       // what is looked at is the reassembled stream
  std::uint64_t latest = 0;  // without a packet: the number of the one that brought what is looked at; 0: at the end
  const collectors::Frame* frame = nullptr;  // that is looked at
};

// Transport, addresses, ports, direction and flow state fit.
bool header_fits(const Signature& signature, const Scope& scope) noexcept;
bool packet_tests_hold(const Signature& signature, const Scope& scope) noexcept;
// A buffer of the packet itself; nothing when the packet has none.
std::optional<BufferView> packet_buffer(Source source, const collectors::Packet& packet) noexcept;

}  // namespace tocsin::rules::signature
