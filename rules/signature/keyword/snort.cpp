// Keywords that only the Snort 3 front end writes (parse/snort/table.cpp): what its options need and Suricata's
// language has no word for.
#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/table.h"
#include "rules/signature/compile/program.h"
#include "rules/signature/keyword/keyword.h"
#include "rules/signature/match/http_part.h"

namespace tocsin::rules::signature {
namespace {

using collectors::Buffer;
using collectors::BufferSide;
using collectors::Protocol;

std::unexpected<Mistake> wrong(const OptionAst& option) {
  return refuse("S0385", option.name + ": '" + option.value + "' is not understood", "See Snort 3's documentation");
}

// service:http,tls
Outcome read_service(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  std::uint64_t bits = 0;
  for (const auto name : split_items(option.value)) {
    const auto wanted = collectors::find_protocol(name);
    if (!wanted) return wrong(option);
    for (unsigned spoken = 0; spoken < Program::protocols; ++spoken)
      if (speaks(*wanted, static_cast<Protocol>(spoken))) bits |= std::uint64_t{1} << spoken;
  }
  rule.signature.protocol.services |= bits;
  return {};
}

// ber_data:48  ber_skip:2,optional
Outcome read_ber_element(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto items = split_items(option.value);
  const auto type = parse_unsigned(items[0]);
  if (!type || *type > 255) return wrong(option);
  BerTest test;
  test.type = static_cast<std::uint8_t>(*type);
  test.skip = row.name == "ber_skip";
  test.optional = items.size() > 1;
  rule.add(test);
  return {};
}

// http_header_count:to_server,>10
Outcome read_header_count(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto items = split_items(option.value);
  const auto range = items.size() == 2 ? parse_range(items[1]) : std::nullopt;
  if (!range) return wrong(option);
  if (auto done = rule.require_protocol(row.protocol, option.name); !done) return done;
  const bool client = items[0] == "to_server";
  rule.select(Source::transaction, client ? Buffer::http_request_header : Buffer::http_response_header,
              client ? BufferSide::to_server : BufferSide::to_client, true);
  rule.add(CountTest{*range, "http_num_headers:" + std::string(items[1])});
  rule.select_payload();
  return {};
}

// header_field:x-name  uri_part:query  uri_parameter:"name",nocase
Outcome read_part(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  static constexpr std::array<std::string_view, 6> parts{"scheme", "host", "port", "path", "query", "fragment"};
  Transform transform;
  transform.kind = static_cast<TransformKind>(row.argument);
  transform.option = option.value;
  std::string_view name = option.value;
  if (transform.kind == TransformKind::uri_part) {
    const auto* part = std::ranges::find(parts, name);
    if (part == parts.end()) return wrong(option);
    transform.mode = static_cast<std::uint8_t>(part - parts.begin());
  }
  if (transform.kind == TransformKind::uri_parameter) {
    const auto items = split_items(option.value);
    const auto quoted = parse_quoted(items[0]);
    if (!quoted) return wrong(option);
    name = quoted->text;
    transform.mode = items.size() > 1 ? 1 : 0;
  }
  transform.key.assign(name.begin(), name.end());
  return rule.add_transform(std::move(transform));
}

template <class Enum>
constexpr std::uint16_t number(Enum value) noexcept {
  return static_cast<std::uint16_t>(value);
}

using enum KeywordFamily;

constexpr auto rows = std::to_array<KeywordRow>({
    {"ber_data", read_ber_element, bytes, "into the content of a BER element"},
    {"ber_skip", read_ber_element, bytes, "past a BER element"},
    {"header_field", read_part, transform, "value of one header", number(TransformKind::header_field)},
    {"http_header_count", read_header_count, buffer, "number of headers", 0, Protocol::http},
    {"packet_payload", read_packet_buffer, buffer, "the packet's payload, never the stream", number(Source::frame)},
    {"service", read_service, flow, "the flow speaks one of these"},
    {"uri_parameter", read_part, transform, "value of a parameter", number(TransformKind::uri_parameter)},
    {"uri_part", read_part, transform, "part of a URI", number(TransformKind::uri_part)},
});
static_assert(std::ranges::is_sorted(rows, {}, &KeywordRow::name));

}  // namespace

const KeywordRow* find_keyword(std::string_view name, Syntax syntax) noexcept {
  if (const auto* row = find_keyword(name); row != nullptr || syntax != Syntax::snort3) return row;
  const auto found = std::ranges::lower_bound(rows, name, {}, &KeywordRow::name);
  return found != rows.end() && found->name == name ? &*found : nullptr;
}

}  // namespace tocsin::rules::signature
