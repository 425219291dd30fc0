// Conditions on the flow, and what rules remember: flowbits, flowint, xbits, thresholds.
#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/table.h"
#include "rules/signature/config/threshold_config.h"
#include "rules/signature/keyword/keyword.h"

namespace tocsin::rules::signature {
namespace {

constexpr std::size_t flow_names_most = 65'536;

Outcome wrong(const OptionAst& option, std::string_view what) {
  return refuse("S0370", option.name + ": " + std::string(what), "See Suricata's documentation, " + option.name);
}

template <class Operation>
std::optional<Operation> bit_operation(std::string_view word) {
  if (word == "set") return Operation::set;
  if (word == "unset") return Operation::unset;
  if (word == "toggle") return Operation::toggle;
  if (word == "isset") return Operation::isset;
  if (word == "isnotset") return Operation::isnotset;
  return std::nullopt;
}

std::optional<Threshold::Kind> threshold_kind(std::string_view word) {
  if (word == "limit") return Threshold::Kind::limit;
  if (word == "threshold") return Threshold::Kind::threshold;
  if (word == "both") return Threshold::Kind::both;
  if (word == "backoff") return Threshold::Kind::backoff;
  return std::nullopt;
}

// What was said; each at most once counts as said.
struct CountsSaid {
  bool type = false, track = false, count = false, seconds = false, multiplier = false;
};

Outcome read_count_item(const OptionAst& option, std::string_view key, std::string_view value, Threshold& out,
                        CountsSaid& said) {
  const auto number = [&](std::uint32_t& place, bool& flag) -> Outcome {
    const auto parsed = parse_unsigned(value);
    if (!parsed || *parsed == 0 || *parsed > 0xFFFFFFFFU) return wrong(option, std::string(key) + " is not a number");
    place = static_cast<std::uint32_t>(*parsed);
    flag = true;
    return {};
  };
  if (key == "type" && out.kind != Threshold::Kind::filter) {
    const auto kind = threshold_kind(value);
    if (!kind) return wrong(option, "type '" + std::string(value) + "' is not supported");
    out.kind = *kind;
    said.type = true;
    return {};
  }
  if (key == "track") {
    const auto track = parse_track(value);
    if (!track) return wrong(option, "track '" + std::string(value) + "' is not supported");
    out.track = *track;
    said.track = true;
    return {};
  }
  if (key == "unique_on") {
    if (value == "src_port") out.unique = Threshold::Unique::source_port;
    else if (value == "dst_port") out.unique = Threshold::Unique::destination_port;
    else return wrong(option, "unique_on must be src_port or dst_port");
    return {};
  }
  if (key == "count") return number(out.count, said.count);
  if (key == "seconds") return number(out.seconds, said.seconds);
  if (key == "multiplier") return number(out.multiplier, said.multiplier);
  return wrong(option, "'" + std::string(key) + "' is not supported");
}

// "count 5, seconds 60, type limit, track by_src" in any order.
Outcome read_counts(const OptionAst& option, Threshold& out, bool with_type) {
  CountsSaid said;
  for (const auto item : split_items(option.value)) {
    const auto blank = item.find_first_of(" \t");
    if (blank == std::string_view::npos) return wrong(option, "'" + std::string(item) + "' has no value");
    if (auto done = read_count_item(option, item.substr(0, blank), trim(item.substr(blank)), out, said); !done)
      return done;
  }
  const bool backoff = out.kind == Threshold::Kind::backoff;
  if (backoff && (out.track != Threshold::Track::flow || said.seconds || !said.multiplier))
    return wrong(option, "type backoff needs track by_flow, count and multiplier, and no seconds");
  if (!backoff && said.multiplier) return wrong(option, "multiplier belongs to type backoff");
  if (out.unique != Threshold::Unique::none && backoff) return wrong(option, "unique_on does not go with backoff");
  if (backoff) out.seconds = 86'400;  // a flow that rests longer starts over
  if (said.type != with_type || !said.track || !said.count || (!said.seconds && !backoff))
    return wrong(option, with_type ? "needs type, track, count and seconds" : "needs track, count and seconds");
  return {};
}

Outcome read_host_bit(RuleBuilder& rule, const OptionAst& option) {
  const auto items = split_items(option.value);
  const auto operation = bit_operation<HostBit::Operation>(items[0]);
  if (!operation) return wrong(option, "the operation must be set, unset, toggle, isset or isnotset");
  if (items.size() < 3) return wrong(option, "needs operation, name, track");
  HostBit bit;
  bit.operation = *operation;
  bit.name = std::string(items[1]);
  for (std::size_t i = 2; i < items.size(); ++i) {
    const auto blank = items[i].find_first_of(" \t");
    const auto key = items[i].substr(0, blank);
    const auto value = blank == std::string_view::npos ? std::string_view{} : trim(items[i].substr(blank));
    if (key == "track") {
      if (value == "ip_src") bit.track = HostBit::Track::source;
      else if (value == "ip_dst") bit.track = HostBit::Track::destination;
      else if (value == "ip_pair") bit.track = HostBit::Track::pair;
      else if (value == "tx") bit.track = HostBit::Track::transaction;
      else return wrong(option, "track must be ip_src, ip_dst, ip_pair or tx");
    } else if (key == "expire") {
      const auto seconds = parse_unsigned(value);
      if (!seconds || *seconds == 0 || *seconds > 0xFFFFFFFFU)
        return wrong(option, "expire is not a number of seconds");
      bit.expire = static_cast<std::uint32_t>(*seconds);
    } else {
      return wrong(option, "'" + std::string(items[i]) + "' is not supported");
    }
  }
  rule.info.host_bits.push_back(std::move(bit));
  return {};
}

}  // namespace

Outcome read_flow(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  auto& s = rule.signature;
  bool to_server = false;
  bool to_client = false;
  for (const auto item : split_items(option.value)) {
    const std::string word = lower_ascii(item);
    if (word == "to_server" || word == "from_client") to_server = true;
    else if (word == "to_client" || word == "from_server") to_client = true;
    else if (word == "established") s.established = true;
    else if (word == "not_established") s.not_established = true;
    else if (word == "stateless") continue;
    else if (word == "only_stream") s.only_stream = true;
    else if (word == "no_stream") s.no_stream = true;
    else if (word == "only_frag") s.only_fragment = true;
    else if (word == "no_frag") s.no_fragment = true;
    else return wrong(option, "'" + std::string(item) + "' is not supported");
  }
  if (to_server && to_client) return wrong(option, "to_server and to_client exclude each other");
  if (s.established && s.not_established) return wrong(option, "established and not_established exclude each other");
  if (s.only_stream && s.no_stream) return wrong(option, "only_stream and no_stream exclude each other");
  if (to_server) s.to_client = false;
  if (to_client) s.to_server = false;
  rule.mark_seen("flow");
  return {};
}

Outcome read_flowbits(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto quoted = parse_quoted(option.value);
  if (!quoted) return wrong(option, "the quotes do not match");
  const auto comma = quoted->text.find(',');
  const auto word = trim(quoted->text.substr(0, comma));
  if (word == "noalert") {
    rule.info.noalert = true;
    return {};
  }
  FlowBit bit;
  const auto operation = bit_operation<FlowBit::Operation>(word);
  if (!operation) return wrong(option, "the operation must be set, unset, toggle, isset, isnotset or noalert");
  bit.operation = *operation;
  const auto names = comma == std::string_view::npos ? std::string_view{} : trim(quoted->text.substr(comma + 1));
  for (const auto name : split_items(names, '|')) {
    if (name.empty() || name.find_first_of(" ,") != std::string_view::npos)
      return wrong(option, "the name is missing or has blanks");
    if (rule.shared().flow_bits.size() >= flow_names_most) return wrong(option, "there are too many flowbits");
    bit.bits.push_back(rule.shared().flow_bits.intern(name));
  }
  const bool test = bit.operation == FlowBit::Operation::isset || bit.operation == FlowBit::Operation::isnotset;
  if (bit.bits.size() > 1 && !test) return wrong(option, "several names can only be tested");
  rule.signature.flow_bits.push_back(std::move(bit));
  return {};
}

Outcome read_flowint(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  using Operation = FlowInt::Operation;
  static constexpr std::array<std::pair<std::string_view, Operation>, 9> operations{{{"=", Operation::assign},
                                                                                     {"+", Operation::add},
                                                                                     {"-", Operation::subtract},
                                                                                     {"<", Operation::less},
                                                                                     {"<=", Operation::less_equal},
                                                                                     {"==", Operation::equal},
                                                                                     {"!=", Operation::not_equal},
                                                                                     {">=", Operation::greater_equal},
                                                                                     {">", Operation::greater}}};
  const auto items = split_items(option.value);
  if (items.size() < 2 || items[0].empty()) return wrong(option, "needs name, operation");
  FlowInt test;
  test.variable = rule.shared().flow_integers.intern(items[0]);
  if (items.size() == 2) {
    if (items[1] == "isset") test.operation = Operation::isset;
    else if (items[1] == "isnotset" || items[1] == "notset") test.operation = Operation::isnotset;
    else return wrong(option, "the operation needs a value");
  } else {
    const auto found = std::ranges::find(operations, items[1], &std::pair<std::string_view, Operation>::first);
    if (found == operations.end()) return wrong(option, "'" + std::string(items[1]) + "' is not an operation");
    test.operation = found->second;
    if (const auto number = parse_number(items[2])) test.value = *number;
    else test.other = rule.shared().flow_integers.intern(items[2]);
  }
  rule.signature.flow_integers.push_back(test);
  return {};
}

// flow.pkts:toclient,>10 or the older flow.pkts_toclient:>10; without a side both together count.
Outcome read_flow_counter(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  PacketTest test;
  auto kind = row.argument;
  std::string_view text = trim(option.value);
  if (const auto comma = text.find(','); comma != std::string_view::npos) {
    const auto side = trim(text.substr(0, comma));
    text = trim(text.substr(comma + 1));
    if (side == "toserver") kind = static_cast<std::uint16_t>(kind + 1);
    else if (side == "toclient") kind = static_cast<std::uint16_t>(kind + 2);
    else if (side != "either") return wrong(option, "the side must be toserver, toclient or either");
    else test.mode = 1;
  }
  const auto range = parse_range(text);
  if (!range) return wrong(option, "'" + std::string(text) + "' is not a number or range");
  test.kind = static_cast<PacketTest::Kind>(kind);
  test.range = *range;
  test.text = option.name + ":" + option.value;
  rule.signature.packet_tests.push_back(std::move(test));
  return {};
}

Outcome read_xbits(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  if (trim(option.value) == "noalert") {
    rule.info.noalert = true;
    return {};
  }
  return read_host_bit(rule, option);
}

// hostbits:set,name[,src|dst|both]
Outcome read_hostbits(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto items = split_items(option.value);
  if (items[0] == "noalert") {
    rule.info.noalert = true;
    return {};
  }
  const auto operation = bit_operation<HostBit::Operation>(items[0]);
  if (!operation || items.size() < 2 || items.size() > 3) return wrong(option, "needs operation, name[, src|dst]");
  HostBit bit;
  bit.operation = *operation;
  bit.name = "host:" + std::string(items[1]);
  bit.expire = 300;
  if (items.size() == 3) {
    if (items[2] == "dst") bit.track = HostBit::Track::destination;
    else if (items[2] != "src") return wrong(option, "the side must be src or dst");
  }
  rule.info.host_bits.push_back(std::move(bit));
  return {};
}

Outcome read_threshold(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  Threshold threshold;
  if (auto done = read_counts(option, threshold, true); !done) return done;
  if (!rule.info.thresholds.empty()) return wrong(option, "the rule has two of threshold and detection_filter");
  rule.info.thresholds.push_back(threshold);
  return {};
}

Outcome read_detection_filter(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  Threshold threshold;
  threshold.kind = Threshold::Kind::filter;
  if (auto done = read_counts(option, threshold, false); !done) return done;
  if (!rule.info.thresholds.empty()) return wrong(option, "the rule has two of threshold and detection_filter");
  rule.info.thresholds.push_back(threshold);
  return {};
}

// stream_size:server|client|both|either,>,100
Outcome read_stream_size(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto items = split_items(option.value);
  if (items.size() != 3) return wrong(option, "needs side, comparison, number");
  PacketTest test;
  test.kind = PacketTest::Kind::stream_size;
  test.text = "stream_size:" + option.value;
  if (items[0] == "client") test.mode = 0;
  else if (items[0] == "server") test.mode = 1;
  else if (items[0] == "both") test.mode = 2;
  else if (items[0] == "either") test.mode = 3;
  else return wrong(option, "the side must be client, server, both or either");
  const auto range = parse_range(std::string(items[1]) + std::string(items[2]));
  if (!range) return wrong(option, "the comparison is not understood");
  test.range = *range;
  rule.signature.packet_tests.push_back(std::move(test));
  return {};
}

Outcome read_application_protocol(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  auto items = split_items(option.value);
  PacketTest test;
  test.kind = PacketTest::Kind::application_protocol;
  test.text = "app-layer-protocol:" + option.value;
  std::string_view name = items[0];
  if (name.starts_with('!')) {
    test.negated = true;
    name = trim(name.substr(1));
  }
  const auto protocol = collectors::find_protocol(name == "http1" ? "http" : name);
  if (name == "failed") test.protocol = collectors::Protocol::failed;
  else if (name == "unknown") test.protocol = collectors::Protocol::unknown;
  else if (protocol) test.protocol = *protocol;
  else return wrong(option, "the protocol '" + std::string(name) + "' is not known");
  static constexpr std::array<std::string_view, 6> modes{"direction", "final",     "either",
                                                         "to_server", "to_client", "original"};
  if (items.size() > 2) return wrong(option, "takes a protocol and a mode");
  if (items.size() == 2) {
    const auto mode = std::ranges::find(modes, items[1]);
    if (mode == modes.end()) return wrong(option, "the mode '" + std::string(items[1]) + "' is not supported");
    test.mode = static_cast<std::uint8_t>(mode - modes.begin());
  }
  rule.signature.packet_tests.push_back(std::move(test));
  return {};
}

}  // namespace tocsin::rules::signature
