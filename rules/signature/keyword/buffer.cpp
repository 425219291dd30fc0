// Sticky buffers, their old modifier forms, and transforms.
#include <array>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/dns/message.h"
#include "collectors/packet/protocol/snmp/message.h"
#include "rules/signature/keyword/keyword.h"
#include "rules/signature/keyword/number.h"
#include "rules/signature/match/regex.h"

namespace tocsin::rules::signature {

using collectors::Buffer;

namespace {

Outcome no_value(const OptionAst& option) {
  if (!option.has_value || option.value.empty()) return {};
  return refuse("S0360", "'" + option.name + "' takes no value", "Remove the value");
}

Outcome bad_option(const OptionAst& option) {
  return refuse("S0361", option.name + ": '" + option.value + "' is not understood",
                "See Suricata's documentation, Transformations");
}

Outcome read_base64_options(const OptionAst& option, Transform& transform) {
  // mode: 0 RFC 4648, 1 RFC 2045 (skips foreign bytes), 2 strict
  transform.mode = 0;
  if (!option.has_value) return {};
  for (const auto item : split_items(option.value)) {
    const auto blank = item.find(' ');
    const auto key = item.substr(0, blank);
    const auto value = blank == std::string_view::npos ? std::string_view{} : trim(item.substr(blank));
    const auto number = parse_unsigned(value);
    if (key == "bytes" && number) transform.second = static_cast<std::int64_t>(*number);
    else if (key == "offset" && number) transform.first = static_cast<std::int64_t>(*number);
    else if (key == "mode" && value == "rfc4648") transform.mode = 0;
    else if (key == "mode" && value == "rfc2045") transform.mode = 1;
    else if (key == "mode" && value == "strict") transform.mode = 2;
    else return bad_option(option);
  }
  return {};
}

Outcome read_subslice(const OptionAst& option, Transform& transform) {
  const auto items = split_items(option.value);
  const auto first = parse_signed(items[0]);
  if (!first || items.size() > 3) return bad_option(option);
  transform.first = *first;
  transform.mode = 0;  // to the end
  if (items.size() >= 2) {
    const auto second = parse_signed(items[1]);
    if (!second) return bad_option(option);
    transform.second = *second;
    transform.mode = 1;
  }
  if (items.size() == 3) {
    if (items[2] != "truncate") return bad_option(option);
    transform.mode = 2;
  }
  return {};
}

Outcome read_decompress(const OptionAst& option, Transform& transform) {
  transform.first = 1024;
  if (!option.has_value) return {};
  std::string_view text = trim(option.value);
  if (text.starts_with("max-size")) text = trim(text.substr(8));
  const auto size = parse_byte_size(text);
  if (!size || *size == 0 || *size > 65'536) return bad_option(option);
  transform.first = static_cast<std::int64_t>(*size);
  return {};
}

}  // namespace

Outcome read_sticky(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  auto side = row.side;
  // Buffers of both sides may be asked for one of them: rules about a request and its response need it.
  if (side == collectors::BufferSide::both && option.value == "to_client") side = collectors::BufferSide::to_client;
  else if (side == collectors::BufferSide::both && option.value == "to_server")
    side = collectors::BufferSide::to_server;
  else if (auto done = no_value(option); !done) return done;
  if (auto done = rule.require_protocol(row.protocol, row.name); !done) return done;
  rule.select(Source::transaction, static_cast<Buffer>(row.argument), side, row.multiple);
  return {};
}

Outcome read_modifier(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  if (auto done = no_value(option); !done) return done;
  if (auto done = rule.require_protocol(row.protocol, row.name); !done) return done;
  return rule.move_last_content(static_cast<Buffer>(row.argument), row.side);
}

Outcome read_packet_buffer(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  if (auto done = no_value(option); !done) return done;
  const auto source = static_cast<Source>(row.argument);
  if (source == Source::payload) {
    rule.select_payload();
    return {};
  }
  rule.select(source, Buffer::none, collectors::BufferSide::both, false);
  return {};
}

// frame:pdu, of the header's protocol; frame:dns.pdu
Outcome read_frame(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto frame = collectors::find_frame(trim(option.value), rule.signature.protocol.application);
  if (frame == collectors::FrameKind::none)
    return refuse("S0364", "frame: '" + option.value + "' is not known",
                  "Write PROTOCOL.NAME, or NAME with the protocol in the rule's header");
  if (auto done = rule.require_protocol(collectors::frame_row(frame).protocol, option.name); !done) return done;
  rule.select_frame(frame);
  return {};
}

namespace {

// What a number is called where the protocol names it.
std::optional<std::int64_t> number_named(Buffer buffer, std::string_view word) {
  static constexpr std::array<std::string_view, 7> opcodes{"QUERY", "IQUERY", "STATUS", "", "NOTIFY", "UPDATE", "DSO"};
  static constexpr std::int64_t codes_most = 24, types_most = 1'024;
  const auto among = [&](std::int64_t most, auto name) -> std::optional<std::int64_t> {
    for (std::int64_t i = 0; i < most; ++i)
      if (equals_ignoring_case(word, name(i))) return i;
    return std::nullopt;
  };
  if (word.empty()) return std::nullopt;
  switch (buffer) {
    case Buffer::dns_opcode:
      return among(opcodes.size(), [](std::int64_t i) { return opcodes[static_cast<std::size_t>(i)]; });
    case Buffer::dns_rcode:
      return among(codes_most,
                   [](std::int64_t i) { return collectors::dns_response_code_name(static_cast<std::uint8_t>(i)); });
    case Buffer::dns_rrtype:
      return among(types_most, [](std::int64_t i) { return collectors::dns_type_name(static_cast<std::uint16_t>(i)); });
    case Buffer::snmp_pdu_type: return collectors::find_snmp_kind(word);
    default: return std::nullopt;
  }
}

}  // namespace

// "dns.opcode:2", "dns.rcode:!NXDOMAIN" …: the buffer's number is compared.
Outcome read_number_buffer(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  if (auto done = rule.require_protocol(row.protocol, row.name); !done) return done;
  auto range = parse_range(option.value);
  if (!range) {
    std::string_view word = trim(option.value);
    NumberRange named;
    if (word.starts_with('!')) {
      named.kind = NumberRange::Kind::not_equal;
      word.remove_prefix(1);
    }
    if (const auto value = number_named(static_cast<Buffer>(row.argument), trim(word))) {
      named.low = *value;
      range = named;
    }
  }
  if (!range)
    return refuse("S0362", option.name + ": '" + option.value + "' is not a number or range", "Write 1, !1, >1 or 1-5");
  add_number_test(rule, option, static_cast<Buffer>(row.argument), row.side, *range);
  rule.select_payload();
  return {};
}

Outcome read_transform(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  Transform transform;
  transform.kind = static_cast<TransformKind>(row.argument);
  transform.option = option.value;
  switch (transform.kind) {
    case TransformKind::xor_: {
      const auto quoted = parse_quoted(option.value);
      const auto key = quoted ? parse_hex(quoted->text) : std::nullopt;
      if (!key || key->empty() || key->size() > 255) return bad_option(option);
      transform.key = *key;
      break;
    }
    case TransformKind::pcrexform: {
      const auto quoted = parse_quoted(option.value);
      if (!quoted || quoted->negated) return bad_option(option);
      auto regex = Regex::compile(quoted->text, {});
      if (!regex) return refuse("S0363", "pcrexform does not compile: " + regex.error(), "Correct the expression");
      if ((*regex)->groups() != 1)
        return refuse("S0363", "pcrexform needs exactly one capturing group", "Put the wanted part in parentheses");
      transform.regex = std::move(*regex);
      break;
    }
    case TransformKind::from_base64:
      if (auto done = read_base64_options(option, transform); !done) return done;
      break;
    case TransformKind::subslice:
      if (auto done = read_subslice(option, transform); !done) return done;
      break;
    case TransformKind::gunzip:
    case TransformKind::zlib_deflate:
      if (auto done = read_decompress(option, transform); !done) return done;
      break;
    default:
      if (option.has_value && !option.value.empty()) return bad_option(option);
      break;
  }
  return rule.add_transform(std::move(transform));
}

}  // namespace tocsin::rules::signature
