#pragma once
// All signatures of a set, arranged for matching: prefilter databases, lists of rules without a pattern, address tries.
// Immutable, shared by all workers. A rule's number is its rank: rules are evaluated in this order.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "rules/signature/compile/compiler.h"
#include "rules/signature/prefilter/address_trie.h"
#include "rules/signature/prefilter/pattern_database.h"
#include "rules/signature/prefilter/rule_index.h"

namespace tocsin::rules::signature {

using RuleNumber = std::uint32_t;

struct PatternGroup {
  PatternDatabase database;
  std::vector<std::vector<RuleNumber>> rules;  // by pattern number
};

// What payload is looked for by. Rules on streams are looked for in segments that no stream took up as well: untaken.
enum class PayloadClass : std::uint8_t { tcp_packet, tcp_untaken, stream, udp, other, count_ };
// What a rule without a pattern looks at; untaken as above.
enum class PacketClass : std::uint8_t { tcp, tcp_untaken, stream, udp, icmp, other, count_ };

// One buffer with its transforms, as rules use it.
struct BufferGroup {
  collectors::Buffer buffer = collectors::Buffer::none;
  std::vector<Transform> transforms;
  std::array<PatternGroup, 2> patterns;  // by direction
};

struct ProtocolRules {
  std::array<std::vector<std::uint32_t>, 2> groups;  // that have patterns, by direction
  std::array<std::vector<RuleNumber>, 2> always;     // rules without a pattern
  // How the protocol serves a buffer, by buffer number and direction; null: it does not.
  std::vector<std::array<const collectors::BufferRow*, 2>> rows;
};

struct Program {
  static constexpr std::size_t protocols = 64;
  static constexpr std::size_t sides = 2;

  std::vector<Signature> signatures;
  std::array<std::array<PatternGroup, sides>, static_cast<std::size_t>(PayloadClass::count_)> payload;
  std::array<std::array<RuleIndex, sides>, static_cast<std::size_t>(PacketClass::count_)> always;
  AddressTrie ip_source, ip_destination;  // address-only rules
  std::vector<RuleNumber> ip_always;
  AddressTrie packet_source, packet_destination;  // other rules without a pattern that name lists of addresses
  std::vector<BufferGroup> groups;
  std::array<ProtocolRules, protocols> by_protocol;
  std::shared_ptr<const AddressSet> home;
  std::vector<std::string> flow_bits;  // names, by number
  std::vector<std::string> flow_integers;
  std::array<std::vector<RuleNumber>, static_cast<std::size_t>(collectors::FrameKind::count_)> frame_rules;
  bool uses_frames = false;
  bool uses_stream_size = false;
  std::array<bool, 3> uses_digests{};  // of files, by DigestKind
  bool plain_matcher = false;
  std::string refusal;  // of Hyperscan, the first one

  template <class Function>
  void for_databases(Function&& function) const {
    for (const auto& row : payload)
      for (const auto& group : row) function(group.database);
    for (const auto& group : groups)
      for (const auto& side : group.patterns) function(side.database);
  }
};

// Sorts into evaluation order (action, flowbits, priority, order of loading) and builds everything.
Program build_program(std::vector<Compiled> rules, const CompileContext& context, const PatternOptions& options);

// The rule's application protocol is what the flow speaks.
bool speaks(collectors::Protocol wanted, collectors::Protocol spoken) noexcept;

}  // namespace tocsin::rules::signature
