#include "rules/signature/compile/program.h"

#include <algorithm>
#include <map>
#include <set>

#include "collectors/packet/protocol/table.h"

namespace tocsin::rules::signature {

using collectors::Buffer;
using collectors::BufferSide;
using collectors::Protocol;
namespace ip_protocol = collectors::ip_protocol;

namespace {

// Rules that set flowbits come before those that read them.
int flowbit_order(const Signature& signature) noexcept {
  bool reads = false;
  bool writes = false;
  for (const auto& bit : signature.flow_bits) {
    const bool test = bit.operation == FlowBit::Operation::isset || bit.operation == FlowBit::Operation::isnotset;
    reads = reads || test;
    writes = writes || !test;
  }
  for (const auto& integer : signature.flow_integers) {
    reads = reads || integer.condition();
    writes = writes || !integer.condition();
  }
  if (writes) return reads ? 1 : 0;
  return reads ? 2 : 3;
}

void sort_rules(std::vector<Compiled>& rules) {
  std::ranges::stable_sort(rules, [](const Compiled& a, const Compiled& b) {
    const auto key = [](const Compiled& rule) {
      return std::tuple(rule.info.action, flowbit_order(rule.signature), rule.info.priority);
    };
    return key(a) < key(b);
  });
}

// Patterns are collected first and compiled once all are known.
struct PatternCollector {
  std::map<Pattern, std::vector<RuleNumber>> patterns;

  void add(Pattern pattern, RuleNumber rule) {
    auto& rules = patterns[std::move(pattern)];
    if (rules.empty() || rules.back() != rule) rules.push_back(rule);
  }
  PatternGroup build(const PatternOptions& options) {
    PatternGroup out;
    std::vector<Pattern> list;
    for (auto& [pattern, rules] : patterns) {
      list.push_back(pattern);
      out.rules.push_back(std::move(rules));
    }
    out.database = PatternDatabase::build(std::move(list), options);
    return out;
  }
};

Pattern pattern_of(const Signature& signature) {
  const auto& chain = signature.chains[static_cast<std::size_t>(signature.fast_chain)];
  const auto& content = std::get<ContentTest>(chain.tests[static_cast<std::size_t>(signature.fast_test)]);
  const auto [offset, length] = fast_part(content);
  Pattern pattern;
  pattern.nocase = content.nocase;
  const auto part = Bytes(content.pattern).subspan(offset, length);
  pattern.bytes.assign(part.begin(), part.end());
  return pattern;
}

// A list of addresses or networks that is no "everything but", nor all of somebody's home: worth a trie.
bool is_list(const AddressSet& set) noexcept { return !set.any() && (set.v4_count() <= (1U << 23)) && set.size() > 0; }

class Builder {
 public:
  Builder(Program& program, const PatternOptions& options) : program_(program), options_(options) {}

  void add(RuleNumber number) {
    auto& signature = program_.signatures[number];
    for (const auto& test : signature.packet_tests)
      program_.uses_stream_size = program_.uses_stream_size || test.kind == PacketTest::Kind::stream_size;
    for (const auto& chain : signature.chains)
      for (const auto& test : chain.tests)
        if (const auto* digest = std::get_if<DigestTest>(&test))
          program_.uses_digests[static_cast<std::size_t>(digest->kind)] = true;
    for (auto& chain : signature.chains)
      if (chain.source == Source::transaction && chain.buffer != Buffer::none) chain.group = group_of(chain);
    switch (signature.kind) {
      case RuleKind::ip_only: return add_ip_only(signature, number);
      case RuleKind::frame: return add_frame(signature, number);
      case RuleKind::transaction: return add_transaction(signature, number);
      default: return add_packet(signature, number);
    }
  }

  void finish() {
    for (std::size_t c = 0; c < payload_.size(); ++c)
      for (std::size_t side = 0; side < Program::sides; ++side)
        program_.payload[c][side] = payload_[c][side].build(options_);
    for (std::size_t g = 0; g < program_.groups.size(); ++g)
      for (std::size_t side = 0; side < Program::sides; ++side)
        program_.groups[g].patterns[side] = groups_[g][side].build(options_);
    for (std::size_t p = 0; p < Program::protocols; ++p)
      for (std::size_t side = 0; side < Program::sides; ++side)
        program_.by_protocol[p].groups[side].assign(used_[p][side].begin(), used_[p][side].end());
  }

 private:
  std::uint32_t group_of(const Chain& chain) {
    std::string key = std::to_string(static_cast<unsigned>(chain.buffer));
    for (const auto& transform : chain.transforms)
      key += '|' + std::to_string(static_cast<unsigned>(transform.kind)) + ':' + transform.option;
    const auto [place, fresh] = group_numbers_.emplace(key, static_cast<std::uint32_t>(program_.groups.size()));
    if (fresh) {
      BufferGroup group;
      group.buffer = chain.buffer;
      group.transforms = chain.transforms;
      program_.groups.push_back(std::move(group));
      groups_.emplace_back();
    }
    return place->second;
  }

  static bool allows(const Signature& signature, std::size_t side) noexcept {
    return side == 0 ? signature.to_server : signature.to_client;
  }

  static bool on_streams(const Signature& signature) noexcept {
    return signature.kind == RuleKind::stream || signature.kind == RuleKind::packet_and_stream;
  }
  // What the rule says of the IP protocol allows this one.
  static bool may_be(const Signature& signature, std::uint8_t protocol) noexcept {
    return std::ranges::all_of(signature.packet_tests, [&](const PacketTest& test) {
      return test.kind != PacketTest::Kind::ip_protocol || test.range.holds(protocol);
    });
  }

  void add_ip_only(const Signature& signature, RuleNumber number) {
    add_by_address(signature, number, program_.ip_source, program_.ip_destination,
                   [&] { program_.ip_always.push_back(number); });
  }

  template <class Otherwise>
  void add_by_address(const Signature& signature, RuleNumber number, AddressTrie& source, AddressTrie& destination,
                      Otherwise&& otherwise) {
    const bool by_source = is_list(*signature.source);
    const bool by_destination = is_list(*signature.destination);
    if (!by_source && !by_destination) return otherwise();
    const bool prefer_source =
        by_source && (!by_destination || signature.source->v4_count() <= signature.destination->v4_count());
    const auto& set = prefer_source ? *signature.source : *signature.destination;
    if (prefer_source || signature.both_ways) source.insert(set, number);
    if (!prefer_source || signature.both_ways) destination.insert(set, number);
  }

  std::vector<PayloadClass> payload_classes(const Signature& signature) const {
    const auto& protocol = signature.protocol;
    std::vector<PayloadClass> out;
    if (protocol.tcp || protocol.any) {
      if (on_streams(signature)) out.push_back(PayloadClass::stream);
      out.push_back(signature.kind == RuleKind::stream ? PayloadClass::tcp_untaken : PayloadClass::tcp_packet);
    }
    if (!signature.only_stream) {
      if (protocol.udp || protocol.any) out.push_back(PayloadClass::udp);
      if (protocol.any || protocol.icmp || protocol.icmpv6 || protocol.sctp || protocol.number)
        out.push_back(PayloadClass::other);
    }
    return out;
  }

  void add_packet(const Signature& signature, RuleNumber number) {
    if (signature.fast_chain >= 0) {
      for (const auto payload_class : payload_classes(signature))
        for (std::size_t side = 0; side < Program::sides; ++side)
          if (allows(signature, side))
            payload_[static_cast<std::size_t>(payload_class)][side].add(pattern_of(signature), number);
      return;
    }
    if (on_streams(signature)) add_always(signature, number, PacketClass::stream);
    add_by_address(signature, number, program_.packet_source, program_.packet_destination,
                   [&] { add_always(signature, number); });
  }

  void add_always(const Signature& signature, RuleNumber number, PacketClass packet_class) {
    for (std::size_t side = 0; side < Program::sides; ++side)
      if (allows(signature, side))
        program_.always[static_cast<std::size_t>(packet_class)][side].insert(signature, number);
  }

  void add_always(const Signature& signature, RuleNumber number) {
    const auto& protocol = signature.protocol;
    const auto fits = [&](bool named, std::initializer_list<std::uint8_t> numbers) {
      return (protocol.any || named) &&
             std::ranges::any_of(numbers, [&](std::uint8_t n) { return may_be(signature, n); });
    };
    if (fits(protocol.tcp, {ip_protocol::tcp}))
      add_always(signature, number, signature.kind == RuleKind::stream ? PacketClass::tcp_untaken : PacketClass::tcp);
    if (fits(protocol.udp, {ip_protocol::udp})) add_always(signature, number, PacketClass::udp);
    if (fits(protocol.icmp || protocol.icmpv6, {ip_protocol::icmp, ip_protocol::icmpv6}))
      add_always(signature, number, PacketClass::icmp);
    if (protocol.any || protocol.sctp || protocol.number || protocol.arp)
      add_always(signature, number, PacketClass::other);
  }

  void add_frame(const Signature& signature, RuleNumber number) {
    const auto chain = std::ranges::find(signature.chains, Source::protocol_frame, &Chain::source);
    program_.frame_rules[static_cast<std::size_t>(chain->frame)].push_back(number);
    program_.uses_frames = true;
  }

  void add_transaction(const Signature& signature, RuleNumber number) {
    for (std::size_t p = 2; p < Program::protocols; ++p) {  // past unknown and failed
      const auto spoken = static_cast<Protocol>(p);
      if (signature.protocol.application != Protocol::unknown && !speaks(signature.protocol.application, spoken))
        continue;
      for (std::size_t side = 0; side < Program::sides; ++side) add_side(signature, number, p, side);
    }
  }

  void add_side(const Signature& signature, RuleNumber number, std::size_t protocol, std::size_t side) {
    if (!allows(signature, side)) return;
    const auto fits = [&](const Chain& chain) {
      return chain.source == Source::transaction &&
             (chain.side == BufferSide::both || static_cast<std::size_t>(chain.side) == side);
    };
    // Requests and responses in one rule: the pattern's own side makes it a candidate, the other side only waits.
    if (signature.fast_chain >= 0 && !signature.transactional) {
      const auto& chain = signature.chains[static_cast<std::size_t>(signature.fast_chain)];
      if (!fits(chain)) return;
      groups_[chain.group][side].add(pattern_of(signature), number);
      used_[protocol][side].insert(chain.group);
      return;
    }
    if (std::ranges::any_of(signature.chains, fits)) program_.by_protocol[protocol].always[side].push_back(number);
  }

  Program& program_;
  const PatternOptions& options_;
  std::array<std::array<PatternCollector, Program::sides>, static_cast<std::size_t>(PayloadClass::count_)> payload_;
  std::vector<std::array<PatternCollector, Program::sides>> groups_;
  std::map<std::string, std::uint32_t> group_numbers_;
  std::array<std::array<std::set<std::uint32_t>, Program::sides>, Program::protocols> used_;
};

void read_buffer_rows(Program& program) {
  for (auto& protocol : program.by_protocol)
    protocol.rows.assign(static_cast<std::size_t>(Buffer::count_), {nullptr, nullptr});
  for (const auto table : collectors::buffer_tables()) {
    for (const auto& row : table) {
      const auto protocol = static_cast<std::size_t>(row.protocol);
      if (protocol >= Program::protocols) continue;
      auto& place = program.by_protocol[protocol].rows[static_cast<std::size_t>(row.buffer)];
      if (row.side != BufferSide::to_client) place[0] = &row;
      if (row.side != BufferSide::to_server) place[1] = &row;
    }
  }
  // The kind of a file is found in its content.
  for (auto& protocol : program.by_protocol)
    protocol.rows[static_cast<std::size_t>(Buffer::file_magic)] =
        protocol.rows[static_cast<std::size_t>(Buffer::file_data)];
}

}  // namespace

bool speaks(Protocol wanted, Protocol spoken) noexcept {
  return wanted == spoken || (wanted == Protocol::http && (spoken == Protocol::http2 || spoken == Protocol::doh2)) ||
         (wanted == Protocol::http2 && spoken == Protocol::doh2) ||
         (wanted == Protocol::dns && spoken == Protocol::doh2) ||
         (wanted == Protocol::dcerpc && spoken == Protocol::smb);
}

Program build_program(std::vector<Compiled> rules, const CompileContext& context, const PatternOptions& options) {
  Program program;
  sort_rules(rules);
  read_buffer_rows(program);
  program.signatures.reserve(rules.size());
  for (auto& rule : rules) {
    rule.signature.info = std::make_shared<const SignatureInfo>(std::move(rule.info));
    rule.signature.rank = static_cast<std::uint32_t>(program.signatures.size());
    program.signatures.push_back(std::move(rule.signature));
  }
  Builder builder(program, options);
  for (RuleNumber number = 0; number < program.signatures.size(); ++number) builder.add(number);
  builder.finish();
  program.flow_bits = context.flow_bits.names();
  program.flow_integers = context.flow_integers.names();
  program.for_databases([&](const PatternDatabase& database) {
    program.plain_matcher = program.plain_matcher || (!database.empty() && database.plain());
    if (program.refusal.empty()) program.refusal = database.refusal();
  });
  return program;
}

}  // namespace tocsin::rules::signature
