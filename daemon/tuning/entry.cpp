// What one entry must be, and its parts in text.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "collectors/log/envelope/zone.h"
#include "daemon/tuning/file.h"
#include "rules/sigma/alert_filter.h"
#include "rules/signature/match/regex.h"

namespace tocsin::daemon {
namespace {

using rules::TuningAct;
using rules::TuningEntry;
using rules::signature::Regex;
using rules::signature::RegexScratch;

constexpr std::array<std::string_view, 7> day_names{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::size_t selector_most = 1024;

std::optional<std::uint16_t> minute_of_day(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto hour = parse_unsigned(text.substr(0, colon));
  const auto minute = parse_unsigned(text.substr(colon + 1));
  if (!hour || !minute || *minute > 59 || *hour > 24 || (*hour == 24 && *minute != 0)) return std::nullopt;
  return static_cast<std::uint16_t>(*hour * 60 + *minute);
}

std::optional<unsigned> day_number(std::string_view name) {
  const auto lower = lower_ascii(trim(name));
  for (unsigned i = 0; i < day_names.size(); ++i)
    if (lower.size() >= 3 && lower.starts_with(day_names[i])) return i;
  return std::nullopt;
}

// Matching is bounded by work and depth; what exceeds the bounds does not match.
Result<std::shared_ptr<const Regex>> compile(std::string_view pattern, std::string_view what) {
  auto regex = Regex::compile(pattern, {});
  if (!regex) return fail(Code::invalid, fmt::format("{} is not a regular expression: {}", what, regex.error()));
  return std::move(*regex);
}

Result<void> check_selectors(TuningEntry& entry) {
  if (entry.rules.empty()) return fail(Code::invalid, "it names no rule");
  entry.finds.clear();
  for (const auto& rule : entry.rules) {
    if (rule.empty() || rule.size() > selector_most || escape_terminal(rule) != rule)
      return fail(Code::invalid, "a rule is named by gid:sid, a Sigma id or a YARA rule's name");
    const bool text = rule.starts_with("re:");
    if (!text && !rule.starts_with("file:")) continue;
    if (entry.act == TuningAct::suppress)
      return fail(Code::invalid, "suppress takes ids of rules; `file:` and `re:` are for enable, disable and modify");
    if (!text) continue;
    TOCSIN_TRY(auto regex, compile(std::string_view(rule).substr(3), "`" + rule + "`"));
    entry.finds.emplace_back([regex = std::move(regex)](std::string_view subject) {
      RegexScratch scratch;
      return regex->find(as_bytes(subject), 0, scratch).has_value();
    });
  }
  return {};
}

// "\1" and "$1" stand for what a group found.
std::string expand(std::string_view replacement, std::string_view subject, const Regex& regex,
                   const RegexScratch& scratch) {
  std::string out;
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    const bool mark = (c == '\\' || c == '$') && i + 1 < replacement.size();
    if (mark && replacement[i + 1] >= '0' && replacement[i + 1] <= '9') {
      const auto number = static_cast<std::size_t>(replacement[++i] - '0');
      if (const auto span = regex.group(number, subject.size(), scratch))
        out += subject.substr(span->start, span->end - span->start);
    } else if (c == '\\' && i + 1 < replacement.size() && replacement[i + 1] == '\\') {
      out += replacement[++i];
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> replace_all(std::string_view subject, const Regex& regex, std::string_view replacement) {
  constexpr std::size_t replacements_most = 1000;
  RegexScratch scratch;
  std::string out;
  std::size_t at = 0;
  bool any = false;
  for (std::size_t count = 0; count < replacements_most; ++count) {
    const auto span = regex.find(as_bytes(subject), at, scratch);
    if (!span) break;
    any = true;
    out += subject.substr(at, span->start - at);
    out += expand(replacement, subject, regex, scratch);
    // An empty match moves on by one, or it would be found for ever.
    if (span->end == span->start) {
      if (span->end >= subject.size()) {
        at = subject.size();
        break;
      }
      out += subject[span->end];
    }
    at = span->end == span->start ? span->end + 1 : span->end;
  }
  if (!any) return std::nullopt;
  out += subject.substr(at);
  return out;
}

Result<void> check_act(TuningEntry& entry) {
  if (entry.act != TuningAct::suppress) {
    if (!entry.networks.empty() || !entry.except.empty() || !entry.host.empty() || entry.hours || !entry.filter.empty())
      return fail(Code::invalid,
                  fmt::format("{} changes the rule itself: network, host, hours, days and filter are for suppress",
                              rules::tuning_act_name(entry.act)));
  }
  const bool changes = entry.severity || !entry.pattern.empty();
  if (entry.act == TuningAct::modify && !changes)
    return fail(Code::invalid, "modify needs severity, or replace and with");
  if (entry.act != TuningAct::modify && changes)
    return fail(Code::invalid, "severity, replace and with are for modify");
  entry.keeps = {};
  if (!entry.filter.empty()) {
    auto keeps = rules::sigma::compile_alert_filter(entry.filter);
    if (!keeps) return fail(Code::invalid, "filter: " + keeps.error().message);
    entry.keeps = std::move(*keeps);
  }
  entry.rewrite = {};
  if (!entry.pattern.empty()) {
    TOCSIN_TRY(auto regex, compile(entry.pattern, "replace"));
    entry.rewrite = [regex = std::move(regex), with = entry.replacement](std::string_view text) {
      return replace_all(text, *regex, with);
    };
  }
  return {};
}

Result<void> check_period(TuningEntry& entry, Time now) {
  if (entry.owner.empty()) return fail(Code::invalid, "it has no owner");
  if (entry.reason.empty()) return fail(Code::invalid, "it has no reason");
  if (entry.expires == Time{}) return fail(Code::invalid, "it has no `expires`; nothing is tuned for ever");
  if (entry.from && *entry.from >= entry.expires) return fail(Code::invalid, "it ends before it begins");
  if (entry.expires - entry.created.value_or(now) > tuning_longest)
    return fail(Code::invalid, "it holds for more than 366 days; make it shorter and look at it again then");
  entry.offset = {};
  if (entry.zone.empty()) return {};
  auto zone = collectors::TimeZone::load(entry.zone);
  if (!zone) return std::unexpected(std::move(zone).error());
  entry.offset = [zone = std::move(*zone)](Time time) { return zone.offset_at(time); };
  return {};
}

void member(std::string& out, std::string_view key, std::string_view text) {
  out += fmt::format("    {}: ", key);
  append_json_string(out, text);
  out += '\n';
}

void list(std::string& out, std::string_view key, const std::vector<std::string>& values) {
  if (values.empty()) return;
  if (values.size() == 1) return member(out, key, values.front());
  out += fmt::format("    {}: [", key);
  for (std::size_t i = 0; i < values.size(); ++i) {
    // Long lists stay readable.
    out += i == 0 ? "" : i % 8 == 0 ? ",\n      " : ", ";
    append_json_string(out, values[i]);
  }
  out += "]\n";
}

std::vector<std::string> network_texts(const TuningEntry& entry) {
  std::vector<std::string> out;
  out.reserve(entry.networks.size() + entry.except.size());
  for (const auto& network : entry.networks) out.push_back(render_network(network));
  for (const auto& network : entry.except) out.push_back("!" + render_network(network));
  return out;
}

}  // namespace

Result<void> check_entry(TuningEntry& entry, Time now) {
  TOCSIN_CHECK(check_selectors(entry));
  TOCSIN_CHECK(check_act(entry));
  TOCSIN_CHECK(check_period(entry, now));
  if (entry.id.empty()) entry.id = make_entry_id(entry);
  return {};
}

std::string make_entry_id(const TuningEntry& entry) {
  auto bare = entry;
  bare.id.clear();
  return "t-" + render_digest(hash128(render_entry(bare))).substr(0, 8);
}

std::string render_entry(const TuningEntry& entry) {
  std::string out;
  if (!entry.id.empty()) member(out, "id", entry.id);
  out += fmt::format("    do: {}\n", rules::tuning_act_name(entry.act));
  list(out, "rule", entry.rules);
  list(out, "network", network_texts(entry));
  if (entry.side != rules::TuningSide::either)
    out += fmt::format("    side: {}\n", rules::tuning_side_name(entry.side));
  if (!entry.host.empty()) member(out, "host", entry.host);
  if (entry.hours) {
    member(out, "hours", render_hours(*entry.hours));
    if (entry.hours->days != 0x7F) out += fmt::format("    days: [{}]\n", render_days(entry.hours->days));
  }
  if (!entry.zone.empty()) member(out, "zone", entry.zone);
  // A map on one line stays one, for people to read.
  const bool flow = entry.filter.starts_with('{') && entry.filter.find('\n') == std::string::npos;
  if (flow) out += fmt::format("    filter: {}\n", entry.filter);
  else if (!entry.filter.empty()) member(out, "filter", entry.filter);
  if (!entry.pattern.empty()) {
    member(out, "replace", entry.pattern);
    member(out, "with", entry.replacement);
  }
  if (entry.severity) out += fmt::format("    severity: {}\n", *entry.severity);
  member(out, "owner", entry.owner);
  member(out, "reason", entry.reason);
  if (entry.created) member(out, "created", render_time(*entry.created));
  if (entry.from) member(out, "from", render_time(*entry.from));
  if (entry.expires != Time{}) member(out, "expires", render_time(entry.expires));
  out.replace(2, 1, "-");
  return out;
}

Result<rules::TuningHours> parse_hours(std::string_view hours, const std::vector<std::string>& days) {
  rules::TuningHours out;
  if (!hours.empty()) {
    const auto dash = hours.find('-');
    const auto from = minute_of_day(trim(hours.substr(0, dash)));
    const auto until = dash == std::string_view::npos ? std::nullopt : minute_of_day(trim(hours.substr(dash + 1)));
    if (!from || !until || *from == *until || *from == 24 * 60)
      return fail(Code::usage, "hours are two times of day such as 22:00-06:00");
    out.from = *from;
    out.until = *until;
  }
  if (days.empty()) return out;
  out.days = 0;
  for (const auto& text : days)
    for (const auto part : split(text, ',')) {
      const auto dash = part.find('-');
      const auto first = day_number(part.substr(0, dash));
      const auto last = dash == std::string_view::npos ? first : day_number(part.substr(dash + 1));
      if (!first || !last) return fail(Code::usage, "days are mon, tue, wed, thu, fri, sat, sun, or mon-fri");
      for (unsigned day = *first;; day = (day + 1) % 7) {
        out.days = static_cast<std::uint8_t>(out.days | 1U << day);
        if (day == *last) break;
      }
    }
  return out;
}

std::string render_hours(const rules::TuningHours& hours) {
  return fmt::format("{:02}:{:02}-{:02}:{:02}", hours.from / 60, hours.from % 60, hours.until / 60, hours.until % 60);
}

std::string render_days(std::uint8_t days) {
  std::string out;
  for (unsigned i = 0; i < day_names.size(); ++i)
    if ((days >> i & 1U) != 0) out += (out.empty() ? "" : ", ") + std::string(day_names[i]);
  return out;
}

Result<void> add_network(TuningEntry& entry, std::string_view text) {
  const bool negated = text.starts_with('!');
  const auto network = parse_network(trim(negated ? text.substr(1) : text), HostBits::clear);
  if (!network)
    return fail(Code::usage, fmt::format("`{}` is not an address or network; write 10.9.0.0/16, or !10.9.1.7 to leave "
                                         "that one out",
                                         escape_terminal(text)));
  (negated ? entry.except : entry.networks).push_back(*network);
  return {};
}

Result<Time> parse_moment(std::string_view text, Time now) {
  constexpr Duration length_most = std::chrono::years{100};
  constexpr Time last = std::chrono::sys_days{std::chrono::year{2200} / 1 / 1};
  if (const auto length = parse_duration(text); length && *length > Duration{0} && *length < length_most)
    return now + *length;
  const std::string whole = text.size() == 10 ? std::string(text) + "T00:00:00Z" : std::string(text);
  if (const auto time = parse_time(whole); time && *time > Time{} && *time < last) return *time;
  return fail(Code::usage, fmt::format("`{}` is not a time; write 30d, 2026-12-31 or 2026-12-31T18:00+07:00",
                                       escape_terminal(text)));
}

std::string too_wide(const TuningEntry& entry) {
  if (entry.act != TuningAct::suppress) return {};
  const bool everywhere =
      entry.except.empty() && entry.host.empty() &&
      (entry.networks.empty() || std::ranges::any_of(entry.networks, [](const Network& n) { return n.prefix == 0; }));
  const bool every_rule = std::ranges::any_of(entry.rules, [](const auto& rule) { return rule == "*"; });
  if (!entry.filter.empty()) {
    const auto negates = rules::sigma::filter_negates(entry.filter);
    return negates && !*negates ? "its filter has no `not`: it takes every alert that the filter does not speak of"
                                : "";
  }
  if (everywhere && !entry.hours)
    return every_rule ? "it takes every alert of every rule"
                      : "it takes every alert of the rule, from everywhere, always";
  return every_rule ? "it takes the alerts of every rule" : "";
}

}  // namespace tocsin::daemon
