// Keywords of TLS that are not plain buffers: values in quotes, numbers, parts of the random.
#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "collectors/base/text.h"
#include "rules/signature/keyword/keyword.h"
#include "rules/signature/keyword/number.h"

namespace tocsin::rules::signature {

using collectors::Buffer;
using collectors::BufferSide;
using collectors::Protocol;

namespace {

std::optional<std::int64_t> version_number(std::string_view word) {
  struct Name {
    std::string_view name;
    std::int64_t number;
  };
  static constexpr std::array<Name, 6> names{
      {{"1.0", 0x0301}, {"1.1", 0x0302}, {"1.2", 0x0303}, {"1.3", 0x0304}, {"sslv3", 0x0300}, {"sslv2", 0x0002}}};
  if (word.starts_with("tls")) word.remove_prefix(3);
  for (const auto& name : names)
    if (name.name == word) return name.number;
  if (word.starts_with("0x")) return parse_number(word);
  return std::nullopt;
}

// "2015", "2015-10", "2015-10-22", "2015-10-22 23" or with T, "2015-10-22T23:59:59", in UTC: seconds since 1970. What
// is not said is the first one.
std::optional<std::int64_t> read_date(std::string_view text) {
  static constexpr std::string_view between = "--T::";
  std::array<unsigned, 6> parts{1970, 1, 1, 0, 0, 0};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t width = i == 0 ? 4 : 2;
    const auto number = text.size() < width ? std::nullopt : parse_unsigned(text.substr(0, width));
    if (!number) return std::nullopt;
    parts[i] = static_cast<unsigned>(*number);
    text.remove_prefix(width);
    if (text.empty()) break;
    if (i == between.size()) return std::nullopt;
    if (text[0] != between[i] && !(between[i] == 'T' && text[0] == ' ')) return std::nullopt;
    text.remove_prefix(1);
  }
  const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(parts[0])), std::chrono::month(parts[1]),
                                        std::chrono::day(parts[2])};
  if (!day.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 60) return std::nullopt;
  const auto time = std::chrono::sys_days(day) + std::chrono::hours(parts[3]) + std::chrono::minutes(parts[4]) +
                    std::chrono::seconds(parts[5]);
  return time.time_since_epoch().count();
}

// Both ends count, as does the time after < or >.
std::optional<NumberRange> read_dates(std::string_view text) {
  using enum NumberRange::Kind;
  if (const auto middle = text.find("<>"); middle != std::string_view::npos) {
    const auto first = read_date(trim(text.substr(0, middle))), last = read_date(trim(text.substr(middle + 2)));
    if (!first || !last || *first > *last) return std::nullopt;
    NumberRange range = make_range(NumberRange::Kind::between, *first);
    range.high = *last;
    range.inclusive = true;
    return range;
  }
  const auto kind = text.starts_with('<') ? less_equal : text.starts_with('>') ? greater_equal : equal;
  const auto date = read_date(trim(text.substr(kind == equal ? 0 : 1)));
  return date ? std::optional(make_range(kind, *date)) : std::nullopt;
}

}  // namespace

// tls.subject:"CN=x", tls.issuerdn:"…": contained; tls.fingerprint:"…": equal. A '!' before the quotes negates.
Outcome read_tls_text(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto quoted = parse_quoted(option.value);
  auto bytes = quoted ? parse_content(quoted->text) : std::nullopt;
  if (!bytes || bytes->empty())
    return refuse("S0392", option.name + " is not a text in quotes", "Write " + option.name + ":\"text\";");
  if (auto done = rule.require_protocol(Protocol::tls, option.name); !done) return done;
  ContentTest test;
  test.pattern = std::move(*bytes);
  test.negated = quoted->negated;
  test.text = option.value;
  if (static_cast<Buffer>(row.argument) == Buffer::tls_cert_fingerprint) {
    test.nocase = test.starts_with = test.ends_with = true;
    for (auto& byte : test.pattern) byte = static_cast<std::uint8_t>(to_lower_ascii(static_cast<char>(byte)));
  }
  rule.add_to(static_cast<Buffer>(row.argument), row.side, std::move(test));
  return {};
}

Outcome read_tls_version(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto quoted = parse_quoted(option.value);
  const auto number = quoted ? version_number(lower_ascii(quoted->text)) : std::nullopt;
  if (!number) return refuse("S0392", "tls.version: '" + option.value + "' is not known", "Write tls.version:1.2;");
  const auto kind = quoted->negated ? NumberRange::Kind::not_equal : NumberRange::Kind::equal;
  return compare_number(rule, option, Protocol::tls, Buffer::tls_version, BufferSide::both, make_range(kind, *number));
}

// ssl_version:tls1.0,tls1.1 or ssl_version:!sslv3: one of the list, or none of it.
Outcome read_ssl_version(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  static constexpr std::array<std::int64_t, 6> known{0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304};
  bool negated = false;
  std::array<bool, known.size()> listed{};
  for (auto item : split_items(option.value)) {
    if (item.starts_with('!')) {
      negated = true;
      item.remove_prefix(1);
    }
    const auto number = version_number(lower_ascii(trim(item)));
    const auto* place = number ? std::ranges::find(known, *number) : known.end();
    if (place == known.end())
      return refuse("S0392", "ssl_version: '" + std::string(item) + "' is not known",
                    "Write ssl_version:tls1.0,tls1.1;");
    listed[static_cast<std::size_t>(place - known.begin())] = true;
  }
  if (auto done = rule.require_protocol(Protocol::tls, option.name); !done) return done;
  NumberTest test{};
  test.text = "ssl_version:" + option.value;
  bool first = true;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (listed[i] == negated) continue;
    NumberRange range;
    range.kind = NumberRange::Kind::equal;
    range.low = known[i];
    if (std::exchange(first, false)) test.range = range;
    else test.others.push_back(range);
  }
  rule.select(Source::transaction, Buffer::tls_version, BufferSide::both, true);
  rule.add(std::move(test));
  rule.select_payload();
  return {};
}

// ssl_state:client_hello,server_hello — the handshake has come at least as far as the first of them.
Outcome read_ssl_state(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  struct State {
    std::string_view name;
    BufferSide side;
    std::uint8_t progress;  // as the hooks of tls count it; keys are exchanged behind the certificates
  };
  static constexpr std::array<State, 4> states{{{"client_hello", BufferSide::to_server, 1},
                                                {"server_hello", BufferSide::to_client, 1},
                                                {"client_keyx", BufferSide::to_server, 2},
                                                {"server_keyx", BufferSide::to_client, 2}}};
  if (auto done = rule.require_protocol(Protocol::tls, option.name); !done) return done;
  std::string value = option.value;
  std::ranges::replace(value, '|', ',');
  const State* earliest = nullptr;
  BufferSide side = BufferSide::both;
  for (const auto item : split_items(value)) {
    const auto* state = std::ranges::find(states, item, &State::name);
    if (state == states.end())
      return refuse("S0385", "ssl_state: '" + std::string(item) + "' is not supported",
                    "Use client_hello, server_hello, client_keyx or server_keyx");
    if (earliest == nullptr) side = state->side;
    else if (side != state->side) side = BufferSide::both;
    if (earliest == nullptr || state->progress < earliest->progress) earliest = state;
  }
  rule.select(Source::transaction, Buffer::none, side, true);
  rule.add(ProgressTest{earliest->progress});
  rule.select_payload();
  return {};
}

// tls.store: the rule loads and alerts as it does in Suricata; that no certificate is kept is said.
Outcome read_tls_store(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  if (option.has_value && !option.value.empty())
    return refuse("S0392", option.name + " takes no value", "Remove the value");
  rule.remarks.push_back(
      {"S0387", option.name + ": certificates are not kept as files here", "The rule alerts", option.place});
  return rule.require_protocol(Protocol::tls, option.name);
}

Outcome read_tls_chain_length(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto range = parse_range(option.value);
  if (!range) return refuse("S0392", option.name + ": '" + option.value + "' is not a number", "Write 3, >3 or 1<>4");
  if (auto done = rule.require_protocol(Protocol::tls, option.name); !done) return done;
  rule.select(Source::transaction, Buffer::tls_certs, BufferSide::to_client, true);
  rule.add(CountTest{*range, option.name + ":" + option.value});
  rule.select_payload();
  return {};
}

// tls_cert_notafter:>2015-10-22  tls_cert_notbefore:2012<>2015-10-22T23:59:59
Outcome read_tls_date(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto range = read_dates(trim(option.value));
  if (!range)
    return refuse("S0392", option.name + ": '" + option.value + "' is no time",
                  "Write 2015-10-22, >2015, <2015-10-22T23:59:59 or 2012<>2015");
  return compare_number(rule, option, Protocol::tls, static_cast<Buffer>(row.argument), BufferSide::both, *range);
}

// tls_cert_expired  tls_cert_valid: when it was shown
Outcome read_tls_standing(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  if (option.has_value && !option.value.empty())
    return refuse("S0392", option.name + " takes no value", "Remove the value");
  return compare_number(rule, option, Protocol::tls, Buffer::tls_cert_standing, BufferSide::both,
                        equal_to(row.argument));
}

// The first four bytes of the random were the sender's clock, the other 28 are random.
Outcome read_tls_random_part(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  if (auto done = rule.require_protocol(Protocol::tls, option.name); !done) return done;
  rule.select(Source::transaction, Buffer::tls_random, BufferSide::both, false);
  Transform part;
  part.kind = TransformKind::subslice;
  part.first = row.argument;
  part.second = row.argument == 0 ? 4 : 28;
  part.mode = 2;
  part.option = option.name;
  return rule.add_transform(std::move(part));
}

}  // namespace tocsin::rules::signature
