// Fields of packet headers.
#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "collectors/packet/packet_event.h"
#include "rules/signature/keyword/event_name.h"
#include "rules/signature/keyword/keyword.h"

namespace tocsin::rules::signature {
namespace {

using PacketKind = PacketTest::Kind;

Outcome wrong(const OptionAst& option, std::string_view what) {
  return refuse("S0380", option.name + ": " + std::string(what), "See Suricata's documentation, " + option.name);
}

// Keywords about the packet itself keep a rule from matching on the reassembled stream.
bool wants_packet(PacketKind kind) noexcept {
  switch (kind) {
    case PacketKind::stream_size:
    case PacketKind::flow_age:
    case PacketKind::flow_packets:
    case PacketKind::flow_packets_to_server:
    case PacketKind::flow_packets_to_client:
    case PacketKind::flow_bytes:
    case PacketKind::flow_bytes_to_server:
    case PacketKind::flow_bytes_to_client:
    case PacketKind::application_protocol:
    case PacketKind::source_address:
    case PacketKind::destination_address: return false;
    default: return true;
  }
}

void add_test(RuleBuilder& rule, const OptionAst& option, PacketTest test) {
  test.text = option.name + (option.has_value ? ":" + option.value : std::string{});
  if (wants_packet(test.kind)) rule.signature.packet_wanted = true;
  rule.signature.packet_tests.push_back(std::move(test));
}

struct ProtocolNumber {
  std::string_view name;
  std::uint8_t number;
};
constexpr std::array<ProtocolNumber, 16> protocol_numbers{{{"icmp", 1},
                                                           {"igmp", 2},
                                                           {"ip-encap", 4},
                                                           {"ipv4", 4},
                                                           {"ipip", 4},
                                                           {"tcp", 6},
                                                           {"udp", 17},
                                                           {"ipv6", 41},
                                                           {"gre", 47},
                                                           {"esp", 50},
                                                           {"ah", 51},
                                                           {"icmpv6", 58},
                                                           {"ipv6-icmp", 58},
                                                           {"ospf", 89},
                                                           {"pim", 103},
                                                           {"sctp", 132}}};

std::optional<std::uint8_t> flag_bits(std::string_view letters) {
  std::uint8_t bits = 0;
  for (const char c : letters) {
    switch (c) {
      case 'F': bits |= 0x01; break;
      case 'S': bits |= 0x02; break;
      case 'R': bits |= 0x04; break;
      case 'P': bits |= 0x08; break;
      case 'A': bits |= 0x10; break;
      case 'U': bits |= 0x20; break;
      case 'E':
      case '2': bits |= 0x40; break;
      case 'C':
      case '1': bits |= 0x80; break;
      case '0': break;
      case ' ': break;
      default: return std::nullopt;
    }
  }
  return bits;
}

}  // namespace

Outcome read_header_number(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  PacketTest test;
  test.kind = static_cast<PacketKind>(row.argument);
  const bool inclusive = test.kind == PacketKind::icmp_type || test.kind == PacketKind::icmp_code;
  const auto quoted = parse_quoted(option.value);
  std::string_view text = quoted ? quoted->text : std::string_view{};
  std::string with_sign;
  if (quoted && quoted->negated) {
    with_sign = "!" + std::string(text);
    text = with_sign;
  }
  const auto range = parse_range(text, inclusive ? RangeEnds::inclusive : RangeEnds::exclusive);
  if (!range) return wrong(option, "'" + option.value + "' is not a number or range");
  test.range = *range;
  add_test(rule, option, std::move(test));
  return {};
}

Outcome read_dsize(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  if (rule.seen("dsize")) return wrong(option, "is given twice");
  rule.mark_seen("dsize");
  return read_header_number(rule, option, row);
}

Outcome read_ip_protocol(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  PacketTest test;
  test.kind = PacketKind::ip_protocol;
  std::string_view text = trim(option.value);
  auto range = parse_range(text);
  if (!range) {
    NumberRange named;
    using Kind = NumberRange::Kind;
    if (text.starts_with('!')) named.kind = Kind::not_equal;
    else if (text.starts_with('<')) named.kind = Kind::less;
    else if (text.starts_with('>')) named.kind = Kind::greater;
    if (named.kind != Kind::equal) text = trim(text.substr(1));
    const std::string word = lower_ascii(text);
    const auto found = std::ranges::find(protocol_numbers, std::string_view(word), &ProtocolNumber::name);
    if (found == protocol_numbers.end()) return wrong(option, "'" + option.value + "' is not a protocol");
    named.low = found->number;
    range = named;
  }
  test.range = *range;
  test.text = "ip_proto:" + option.value;
  rule.signature.packet_tests.push_back(std::move(test));
  return {};
}

Outcome read_same_ip(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  PacketTest test;
  test.kind = PacketKind::same_ip;
  add_test(rule, option, std::move(test));
  return {};
}

Outcome read_tcp_flags(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  PacketTest test;
  test.kind = PacketKind::tcp_flags;
  test.mode = '=';
  const auto items = split_items(option.value);
  std::string letters;
  for (const char c : items[0]) {
    if (c == '!' || c == '+' || c == '*') {
      if (test.mode != '=') return wrong(option, "has two modifiers");
      test.mode = static_cast<std::uint8_t>(c);
    } else {
      letters += c;
    }
  }
  const auto bits = flag_bits(letters);
  const auto ignored = items.size() > 1 ? flag_bits(items[1]) : std::optional<std::uint8_t>(std::uint8_t{0});
  if (letters.empty() || !bits || !ignored || items.size() > 2)
    return wrong(option, "'" + option.value + "' is not a set of TCP flags");
  test.flags = *bits;
  test.ignored = *ignored;
  add_test(rule, option, std::move(test));
  return {};
}

Outcome read_fragment_bits(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  PacketTest test;
  test.kind = PacketKind::fragment_bits;
  test.mode = '=';
  for (const char c : option.value) {
    switch (c) {
      case '+':
      case '*':
      case '!': test.mode = static_cast<std::uint8_t>(c); break;
      case 'M': test.flags |= 0x20; break;  // as in the header: reserved, don't fragment, more fragments
      case 'D': test.flags |= 0x40; break;
      case 'R': test.flags |= 0x80; break;
      case ' ': break;
      default: return wrong(option, "'" + option.value + "' is not a set of fragment bits");
    }
  }
  add_test(rule, option, std::move(test));
  return {};
}

Outcome read_ip_options(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  static constexpr std::array<ProtocolNumber, 12> names{{{"eol", 0},
                                                         {"nop", 1},
                                                         {"rr", 7},
                                                         {"qs", 25},
                                                         {"ts", 68},
                                                         {"sec", 130},
                                                         {"lsrr", 131},
                                                         {"esec", 133},
                                                         {"cipso", 134},
                                                         {"satid", 136},
                                                         {"ssrr", 137},
                                                         {"rtralt", 148}}};
  PacketTest test;
  test.kind = PacketKind::ip_options;
  const std::string word = lower_ascii(trim(option.value));
  const auto found = std::ranges::find(names, std::string_view(word), &ProtocolNumber::name);
  if (word == "any") test.mode = 1;
  else if (found != names.end()) test.flags = found->number;
  else return wrong(option, "'" + option.value + "' is not an IP option");
  add_test(rule, option, std::move(test));
  return {};
}

Outcome read_address_list(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  auto addresses = parse_addresses(option.value, rule.shared().addresses);
  if (!addresses) return std::unexpected(std::move(addresses.error()));
  PacketTest test;
  test.kind = static_cast<PacketKind>(row.argument);
  test.addresses = std::make_shared<AddressSet>(std::move(*addresses));
  add_test(rule, option, std::move(test));
  return {};
}

// "ipv4-csum: invalid": checked by the decoder, which may be told not to.
Outcome read_checksum(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto quoted = parse_quoted(option.value);
  const std::string word = quoted ? lower_ascii(quoted->text) : std::string{};
  if (word != "valid" && word != "invalid") return wrong(option, "must be valid or invalid");
  PacketTest test;
  test.kind = PacketKind::checksum;
  test.mode = static_cast<std::uint8_t>(row.argument);
  test.negated = word == "valid";
  add_test(rule, option, std::move(test));
  return {};
}

// vlan.id:200  vlan.id:!200,all  vlan.id:>100,-1: any layer, every one, or the one counted from the outside or inside
Outcome read_vlan_id(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto items = split_items(option.value);
  const auto range = parse_range(items[0]);
  if (!range || items.size() > 2) return wrong(option, "'" + option.value + "' is not a number or range and a layer");
  PacketTest test;
  test.kind = PacketKind::vlan_id;
  test.range = *range;
  test.mode = VlanLayer::any;
  if (items.size() == 2 && items[1] == "all") {
    test.mode = VlanLayer::all;
  } else if (items.size() == 2 && items[1] != "any") {
    const auto layer = parse_signed(items[1]);
    if (!layer || *layer < -3 || *layer > 2) return wrong(option, "the layer must be any, all or -3 to 2");
    test.mode = static_cast<std::uint8_t>(VlanLayer::first + *layer);
  }
  add_test(rule, option, std::move(test));
  return {};
}

// l3_proto:ipv4
Outcome read_network_protocol(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const std::string word = lower_ascii(trim(option.value));
  auto& version = rule.signature.protocol.ip_version;
  if (version != 0) return wrong(option, "the version of IP is said twice");
  if (word == "ipv4" || word == "ip4") version = 4;
  else if (word == "ipv6" || word == "ip6") version = 6;
  else return wrong(option, "must be ipv4 or ipv6");
  return {};
}

// rpc:100083,*,3: a call's program, version and procedure. RFC 5531, section 9.
Outcome read_rpc(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto items = split_items(option.value);
  if (items.size() > 3) return wrong(option, "takes program, version and procedure");
  PacketTest test;
  test.kind = PacketKind::rpc_call;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i] == "*" && i > 0) continue;
    const auto number = parse_unsigned(items[i]);
    if (!number || *number > 0xFFFFFFFFU) return wrong(option, "'" + std::string(items[i]) + "' is not a number");
    test.rpc[i] = static_cast<std::uint32_t>(*number);
  }
  add_test(rule, option, std::move(test));
  return {};
}

// decode-event:ipv4.trunc_pkt, stream-event:pkt_retransmission, app-layer-event:http.request_line_invalid
Outcome read_event(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const std::string_view name = trim(option.value);
  const auto kind = static_cast<EventKeyword>(row.argument);
  std::string full(name);
  if (kind == EventKeyword::decode) full = "decoder." + full;
  if (kind == EventKeyword::stream && !full.starts_with("stream.")) full = "stream." + full;
  const auto event = collectors::find_packet_event(full);
  if (is_unraised_event(full)) {
    // Such rules load as they do in Suricata; that they stay silent is said.
    rule.remarks.push_back({"S0382", option.name + ": the event '" + std::string(name) + "' is never raised here",
                            "The rule stays silent", option.place});
    PacketTest test;
    test.kind = PacketKind::never;
    test.text = option.name + ":" + option.value;
    rule.signature.packet_tests.push_back(std::move(test));
    return {};
  }
  if (!event)
    return refuse("S0381", option.name + ": the event '" + std::string(name) + "' is not known",
                  "`tocsin list events` shows the names");
  if (kind == EventKeyword::application && name.find('.') != std::string_view::npos) {
    rule.select(Source::transaction, collectors::Buffer::none, collectors::BufferSide::both, true);
    rule.add(EventTest{static_cast<std::uint16_t>(*event), option.name + ":" + option.value});
    rule.select_payload();
    return {};
  }
  PacketTest test;
  test.kind = PacketKind::event;
  test.range.low = static_cast<std::int64_t>(*event);
  add_test(rule, option, std::move(test));
  return {};
}

}  // namespace tocsin::rules::signature
