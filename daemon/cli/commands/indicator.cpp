// indicator check, list, lookup and backtest: lists judged and asked here, with no daemon.

#include <algorithm>
#include <filesystem>
#include <map>
#include <ostream>
#include <set>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/counted.h"
#include "collectors/base/text.h"
#include "daemon/app/engines.h"
#include "daemon/app/lanes.h"
#include "daemon/app/rule_files.h"
#include "daemon/app/workbench.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/configured.h"
#include "daemon/cli/diagnostic_row.h"
#include "daemon/cli/feed.h"
#include "daemon/cli/output.h"
#include "daemon/store/segment/search.h"
#include "rules/indicator/value.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
namespace indicator = rules::indicator;

constexpr Duration week = std::chrono::days{7};

struct Lists {
  Config config;
  Diagnostics diagnostics;
  std::shared_ptr<const indicator::IndicatorSet> set;
};

// Those named, or the configured ones.
Result<Lists> load_lists(CommandContext& context, std::string_view option) {
  Lists out;
  TOCSIN_TRY(out.config, configured(context));
  auto paths = context.options.list(option);
  if (paths.empty()) paths = out.config.rules.indicators.paths;
  if (paths.empty())
    return fail(Code::usage, "no list is configured; name files, or set rules.indicators.paths in the configuration");
  const auto options = engine_options(out.config, {});
  const auto sources = read_indicator_files(paths, out.diagnostics);
  auto indicators = options.indicators;
  indicators.own_networks = options.home_networks;
  out.set = indicator::compile_indicators(sources, indicators, out.diagnostics);
  return out;
}

std::string_view state_of(const indicator::IndicatorRow& row, Time now) {
  if (row.until && now >= *row.until) return "expired";
  return row.from && now < *row.from ? "waiting" : "in force";
}

json::object indicator_row(const indicator::IndicatorRow& row, Time now) {
  json::object out;
  out["kind"] = row.kind;
  out["value"] = row.value;
  if (row.kind == "domain") out["match"] = name_of(row.reach);
  out["confidence"] = row.confidence;
  out["tlp"] = rules::tlp_name(row.tlp);
  out["state"] = state_of(row, now);
  out["sources"] = json::array(row.sources.begin(), row.sources.end());
  out["title"] = row.title;
  if (row.from) out["valid_from"] = render_time(*row.from);
  if (row.until) out["valid_until"] = render_time(*row.until);
  out["reference"] = row.reference;
  out["file"] = row.file;
  out["line"] = row.line;
  return out;
}

json::object load_row(const indicator::SourceLoad& load) {
  json::object out;
  out["file"] = load.file;
  out["name"] = load.name;
  out["format"] = load.format;
  out["loaded"] = load.loaded;
  out["merged"] = load.merged;
  out["skipped"] = load.skipped;
  out["refused"] = load.refused;
  return out;
}

// --- indicator check

json::object check_row(const Lists& lists, Time now) {
  json::object row;
  row["loaded"] = lists.set->size();
  row["expired"] = lists.set->expired(now);
  row["memory"] = lists.set->memory();
  json::object by_kind;
  for (std::size_t i = 0; i < indicator::kinds; ++i) {
    const auto kind = static_cast<indicator::Kind>(i);
    by_kind[indicator::kind_name(kind)] = lists.set->size(kind);
  }
  row["kinds"] = std::move(by_kind);
  json::array loads, refused, warnings;
  for (const auto& load : lists.set->loads()) loads.push_back(load_row(load));
  for (const auto& d : lists.diagnostics.all()) {
    if (d.severity == Severity::note) continue;
    (d.severity == Severity::error ? refused : warnings).push_back(diagnostic_row(d));
  }
  row["lists"] = std::move(loads);
  row["refused"] = std::move(refused);
  row["warnings"] = std::move(warnings);
  return row;
}

// Up to a whole KiB, or MiB where there is more than one.
std::string rounded_size(std::size_t bytes) {
  const std::uint64_t unit = std::uint64_t{1} << (bytes < (std::size_t{1} << 20) ? 10 : 20);
  return render_byte_size({(bytes + unit - 1) / unit * unit});
}

Result<void> check_indicators(CommandContext& context) {
  TOCSIN_TRY(const auto lists, load_lists(context, "file"));
  const auto now = context.clock.now();
  const auto format = context.output.format();
  if (format == Format::json || format == Format::yaml) {
    context.output.row(check_row(lists, now));
  } else if (context.output.for_people()) {
    for (const auto& d : lists.diagnostics.all())
      if (d.severity != Severity::note || context.options.flag("notes")) context.out << render_text(d) << '\n';
    for (const auto& load : lists.set->loads())
      context.out << fmt::format("{} ({}): {} loaded, {} merged, {} left aside, {} refused\n",
                                 escape_terminal(load.file), load.format, load.loaded, load.merged, load.skipped,
                                 load.refused);
    context.out << fmt::format("{} from {}, {} of them expired; {} of memory\n",
                               counted(lists.set->size(), "indicator"), counted(lists.set->loads().size(), "list"),
                               lists.set->expired(now), rounded_size(lists.set->memory()));
  } else {
    for (const auto& load : lists.set->loads()) context.output.row(load_row(load));
  }
  if (lists.diagnostics.has_errors()) context.exit_status = 1;
  return {};
}

void tell_mistakes(CommandContext& context, const Lists& lists) {
  if (lists.diagnostics.errors() != 0)
    context.err << fmt::format(
        "{} refused; tocsin indicator check lists them\n",
        lists.diagnostics.errors() == 1 ? "1 entry was" : fmt::format("{} entries were", lists.diagnostics.errors()));
}

// --- indicator list

Result<void> list_indicators(CommandContext& context) {
  TOCSIN_TRY(const auto lists, load_lists(context, "file"));
  const auto now = context.clock.now();
  const auto kind = context.options.text("kind");
  const auto source = context.options.text("source");
  const auto state = context.options.text("state");
  const auto most = context.options.number("most").value_or(1000);
  std::size_t shown = 0, left = 0;
  for (std::size_t i = 0; i < lists.set->size(); ++i) {
    const auto row = lists.set->row(i);
    if (kind && row.kind != *kind) continue;
    if (source && std::ranges::find(row.sources, *source) == row.sources.end()) continue;
    if (state && state_of(row, now) != *state) continue;
    if (shown == most) {
      ++left;
      continue;
    }
    ++shown;
    context.output.row(indicator_row(row, now));
  }
  context.output.finish();
  tell_mistakes(context, lists);
  if (left != 0) context.err << fmt::format("{} more; --most shows more of them\n", left);
  return {};
}

// --- indicator lookup

EventQuery query_of(const indicator::ListedValue& value, std::string_view text) {
  EventQuery query;
  switch (value.kind) {
    case indicator::Kind::address: query.address = indicator::render_value(value.kind, value.key); break;
    case indicator::Kind::md5:
    case indicator::Kind::sha1:
    case indicator::Kind::sha256: query.hash = indicator::render_value(value.kind, value.key); break;
    default: query.text = text; break;
  }
  return query;
}

json::object seen_row(const std::string& line) {
  json::object out;
  out["found"] = "event";
  json::error_code error;
  const auto event = json::parse(line, error);
  if (error || !event.is_object()) return out;
  for (const auto* const name : {"@timestamp", "host.name", "event.dataset", "source.ip", "destination.ip", "event.id"})
    if (const auto* member = event.as_object().if_contains(name)) out[name] = *member;
  return out;
}

Result<std::size_t> show_seen(CommandContext& context, const Config& config, const indicator::ListedValue& value) {
  const auto feed = feed_of(context, config, week);
  if (!feed) {
    if (feed.error().code == Code::usage) return std::unexpected(feed.error());
    context.err << escape_terminal(feed.error().text()) << '\n';
    return 0;
  }
  auto query = query_of(value, indicator::refang(context.options.text_or("value", "")));
  query.since = feed->since;
  query.until = feed->until;
  query.limit = context.options.number("most").value_or(20);
  TOCSIN_TRY(const auto hits, search_events(feed->store + "/events", query));
  for (const auto& line : hits.lines) context.output.row(seen_row(line));
  if (hits.more) context.err << "there are more events; --most shows more of them\n";
  return hits.lines.size();
}

Result<void> look_up(CommandContext& context) {
  const auto text = context.options.text_or("value", "");
  auto value = indicator::parse_value(text, indicator::Reach::exact);
  if (!value) return fail(Code::usage, value.error().message);
  const auto now = context.clock.now();
  std::size_t listed = 0;
  auto lists = load_lists(context, "indicators");
  if (lists) {
    for (const auto& met : lists->set->lookup(text)) {
      auto row = indicator_row(met, now);
      row["found"] = "indicator";
      context.output.row(row);
      ++listed;
    }
    tell_mistakes(context, *lists);
  } else if (lists.error().code == Code::usage) {
    context.err << lists.error().text() << '\n';
  } else {
    return std::unexpected(std::move(lists).error());
  }
  TOCSIN_TRY(const auto config, configured(context));
  TOCSIN_TRY(const auto seen, show_seen(context, config, *value));
  context.output.finish();
  context.err << fmt::format("{}: {}, {}\n", escape_terminal(text),
                             listed == 0 ? std::string("on no list") : counted(listed, "indicator"),
                             seen == 0 ? std::string("not seen") : counted(seen, "event"));
  if (listed == 0 && seen == 0) context.exit_status = exit_status(Code::not_found);
  return {};
}

// --- indicator backtest

class Meetings final : public rules::AlertSink {
 public:
  void raise(rules::Alert alert) override {
    auto& row = rows_[alert.rule->id];
    if (row.count == 0) {
      row.first = alert.time;
      row.alert = alert;
    }
    row.count += alert.count;
    row.last = std::max(row.last, alert.time);
    row.first = std::min(row.first, alert.time);
    if (row.hosts.size() < hosts_most) row.hosts.insert(alert.host);
  }

  // The most certain first.
  void show(CommandContext& context) const {
    std::vector<const Row*> order;
    order.reserve(rows_.size());
    for (const auto& [id, row] : rows_) order.push_back(&row);
    std::ranges::sort(order, [](const Row* a, const Row* b) {
      return std::pair(b->alert.severity, std::string_view(a->alert.rule->id)) <
             std::pair(a->alert.severity, std::string_view(b->alert.rule->id));
    });
    for (const auto* row : order) {
      json::object out;
      for (const auto& [name, text] : row->alert.fields) {
        if (name == "threat.indicator.name") out["value"] = text;
        if (name == "threat.indicator.provider") out["sources"] = text;
        if (name == "threat.indicator.marking.tlp") out["tlp"] = text;
        if (name == "threat.indicator.description") out["title"] = text;
        if (name == "threat.enrichments.matched.field") out["field"] = text;
        if (name == "threat.enrichments.matched.atomic") out["seen"] = text;
      }
      out["rule"] = row->alert.rule->id;
      out["events"] = row->count;
      out["hosts"] = json::array(row->hosts.begin(), row->hosts.end());
      out["severity"] = row->alert.severity;
      out["confidence"] = row->alert.confidence;
      out["first"] = render_time(row->first);
      out["last"] = render_time(row->last);
      context.output.row(out);
    }
  }
  std::size_t size() const noexcept { return rows_.size(); }

 private:
  static constexpr std::size_t hosts_most = 1000;
  struct Row {
    rules::Alert alert;  // the first
    std::uint64_t count = 0;
    std::set<std::string> hosts;
    Time first{};
    Time last = Time::min();
  };
  std::map<std::string, Row> rows_;
};

Result<void> backtest_indicators(CommandContext& context) {
  TOCSIN_TRY(const auto config, configured(context));
  auto options = engine_options(config, {});
  options.paths.clear();
  options.tuning.clear();
  if (const auto lists = context.options.list("list"); !lists.empty()) options.indicator_paths = lists;
  if (options.indicator_paths.empty())
    return fail(Code::usage, "no list is configured; name files, or set rules.indicators.paths in the configuration");
  // Reports are younger than what they are about, and every meeting counts.
  options.indicators.retrospective = true;
  options.indicators.window = Duration{0};
  TOCSIN_TRY(const auto bench, open_workbench(config, options));
  for (const auto& d : bench->diagnostics.all())
    if (d.severity == Severity::error) context.err << render_text(d) << '\n';
  TOCSIN_TRY(const auto feed, feed_of(context, config, week, "event"));
  Meetings meetings;
  auto& active = bench->engines->active();
  EventLane lane({bench->names, 0, 1, "", Exercise::no}, active);
  Desk desk(active, meetings);
  TOCSIN_TRY(const auto fed,
             feed_events(feed, bench->decoders, bench->names, [&](const EventBatch& batch) -> Result<bool> {
               lane.inspect(batch);
               desk.offer(lane.take_alerts());
               desk.release(Time::max());
               return true;
             }));
  desk.finish();
  meetings.show(context);
  context.output.finish();
  tell_feed(context, fed);
  context.err << fmt::format("{} met in {}\n", counted(meetings.size(), "indicator"), counted(fed.events, "event"));
  return {};
}

constexpr Example check_examples[] = {
    {"tocsin indicator check", "judge the configured lists"},
    {"tocsin indicator check feed.csv event.json bundle.json", "judge these before they are installed"},
    {"tocsin indicator check -o json feeds/", "counts, refused entries and warnings, for a script"}};
constexpr Example list_examples[] = {
    {"tocsin indicator list --kind domain --state expired", "domains that no longer fire"},
    {"tocsin indicator list feed.txt -o csv --fields value,confidence,sources", "what a list comes to"}};
constexpr Example lookup_examples[] = {
    {"tocsin indicator lookup 203.0.113.7", "is it on a list, and was it seen in the last seven days"},
    {"tocsin indicator lookup 'hxxp://evil[.]example/x' --since -30d", "written as reports write it"}};
constexpr Example backtest_examples[] = {
    {"tocsin indicator backtest --since -30d new.json", "which of these were met in stored events"},
    {"tocsin indicator backtest feed.txt --event /var/log/squid/access.log", "over files"}};

constexpr OptionRow file_option{.name = "file",
                                .kind = OptionKind::positional_list,
                                .value = "",
                                .help = "lists and directories of them; default: the configured ones"};
constexpr OptionRow store_option{
    .name = "store", .kind = OptionKind::value, .value = "DIR", .help = "of the store; default: the configured one"};
constexpr OptionRow check_options[] = {
    file_option, {.name = "notes", .kind = OptionKind::flag, .value = "", .help = "what was left aside, too"}};
constexpr OptionRow list_options[] = {
    file_option,
    {.name = "kind",
     .kind = OptionKind::value,
     .value = "KIND",
     .help = "only these",
     .choices = "address|network|endpoint|domain|url|md5|sha1|sha256|ja4"},
    {.name = "source", .kind = OptionKind::value, .value = "NAME", .help = "only what this list names"},
    {.name = "state",
     .kind = OptionKind::value,
     .value = "STATE",
     .help = "only these",
     .choices = "in force|waiting|expired"},
    {.name = "most", .kind = OptionKind::value, .value = "N", .help = "at most so many; default: 1000"}};
constexpr OptionRow lookup_options[] = {
    {.name = "value",
     .kind = OptionKind::positional,
     .value = "",
     .help = "an address, network, domain, URL or hash",
     .required = true},
    {.name = "indicators",
     .kind = OptionKind::list,
     .value = "FILE",
     .help = "lists to look at; default: the configured ones"},
    store_option,
    {.name = "most", .kind = OptionKind::value, .value = "N", .help = "at most so many events; default: 20"}};
constexpr OptionRow backtest_options[] = {
    {.name = "list",
     .kind = OptionKind::positional_list,
     .value = "",
     .help = "lists and directories of them; default: the configured ones"},
    {.name = "event",
     .kind = OptionKind::list,
     .value = "FILE",
     .help = "logs, JSON, EVTX, directories of them; default: the store's events"},
    store_option};

constexpr Column check_columns[] = {{"file", "FILE", Style::plain, false, true},
                                    {"format", "FORMAT"},
                                    {"loaded", "LOADED"},
                                    {"merged", "MERGED"},
                                    {"skipped", "LEFT ASIDE"},
                                    {"refused", "REFUSED"}};
constexpr Column list_columns[] = {{"kind", "KIND"},
                                   {"value", "VALUE", Style::strong, false, true},
                                   {"confidence", "CONFIDENCE"},
                                   {"tlp", "TLP"},
                                   {"state", "STATE", Style::state},
                                   {"sources", "SOURCES", Style::plain, false, true},
                                   {"title", "ABOUT", Style::plain, false, true},
                                   {"valid_until", "UNTIL", Style::time, true},
                                   {"file", "FILE", Style::faint, true, true},
                                   {"line", "LINE", Style::faint, true}};
constexpr Column lookup_columns[] = {{"found", "FOUND"},
                                     {"@timestamp", "TIME", Style::time},
                                     {"host.name", "HOST"},
                                     {"event.dataset", "DATASET"},
                                     {"kind", "KIND"},
                                     {"value", "VALUE", Style::strong, false, true},
                                     {"confidence", "CONFIDENCE"},
                                     {"tlp", "TLP"},
                                     {"state", "STATE", Style::state},
                                     {"sources", "SOURCES", Style::plain, false, true},
                                     {"title", "ABOUT", Style::plain, false, true},
                                     {"source.ip", "SOURCE", Style::plain, true},
                                     {"destination.ip", "DESTINATION", Style::plain, true},
                                     {"event.id", "EVENT", Style::faint, true}};
constexpr Column backtest_columns[] = {{"severity", "SEV", Style::severity},
                                       {"value", "INDICATOR", Style::strong, false, true},
                                       {"events", "EVENTS"},
                                       {"hosts", "HOSTS", Style::plain, false, true},
                                       {"field", "FIELD"},
                                       {"first", "FIRST", Style::time},
                                       {"last", "LAST", Style::time},
                                       {"sources", "SOURCES", Style::plain, false, true},
                                       {"title", "ABOUT", Style::plain, true, true},
                                       {"rule", "RULE", Style::faint, true, true}};

constexpr std::string_view check_members[] = {"name",   "kinds",    "lists", "expired",
                                              "memory", "warnings", "code",  "reason"};
constexpr std::string_view list_members[] = {"match", "valid_from", "reference"};
constexpr std::string_view lookup_members[] = {"match", "valid_from", "valid_until", "reference", "file", "line"};
constexpr std::string_view backtest_members[] = {"tlp", "seen", "confidence"};

constexpr CommandRow rows[] = {
    {.noun = "indicator",
     .verb = "check",
     .summary = "diagnostics for every entry of indicator lists; fails when any was refused",
     .examples = check_examples,
     .options = check_options,
     .features = feature::output | feature::config | feature::single,
     .columns = check_columns,
     .run = check_indicators,
     .details = "Plain text, CSV with named columns, STIX 2.1 and MISP JSON are told by their content.",
     .members = check_members},
    {.noun = "indicator",
     .verb = "list",
     .summary = "what indicator lists come to: every value once, with all who name it",
     .examples = list_examples,
     .options = list_options,
     .features = feature::output | feature::config,
     .columns = list_columns,
     .run = list_indicators,
     .members = list_members},
    {.noun = "indicator",
     .verb = "lookup",
     .summary = "is a value on a list, and was it seen in stored events",
     .examples = lookup_examples,
     .options = lookup_options,
     .features = feature::output | feature::period | feature::config,
     .columns = lookup_columns,
     .run = look_up,
     .details =
         "Networks around an address, domains above a name and a URL's host count as well, in force or not. Exit 3 "
         "when it is neither listed nor seen.",
     .members = lookup_members},
    {.noun = "indicator",
     .verb = "backtest",
     .summary = "which indicators were met in stored events, or in files",
     .examples = backtest_examples,
     .options = backtest_options,
     .features = feature::output | feature::period | feature::config,
     .columns = backtest_columns,
     .run = backtest_indicators,
     .details =
         "For lists that are new: valid_from does not count, expiry does, by the time of each event. Reads the store's "
         "directory itself. Without --since, the last seven days.",
     .members = backtest_members}};

}  // namespace

std::span<const CommandRow> indicator_commands() { return rows; }

}  // namespace tocsin::daemon
