// rule explain, rule backtest, rule coverage, rule navigator: rules asked about events that are there, with no daemon.

#include <algorithm>
#include <filesystem>
#include <map>
#include <ostream>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/counted.h"
#include "collectors/base/text.h"
#include "daemon/app/engines.h"
#include "daemon/app/event_feed.h"
#include "daemon/app/lanes.h"
#include "daemon/app/rule_files.h"
#include "daemon/app/workbench.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/configured.h"
#include "daemon/cli/feed.h"
#include "daemon/cli/output.h"
#include "rules/sigma/coverage.h"
#include "rules/sigma/explain.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

void tell_mistakes(CommandContext& context, const Diagnostics& diagnostics) {
  for (const auto& d : diagnostics.all())
    if (d.severity == Severity::error) context.err << render_text(d) << '\n';
}

// --- rule explain

class Telling {
 public:
  Telling(CommandContext& context, rules::sigma::Explainer& explainer) : context_(context), explainer_(explainer) {}

  void take(const Event& event) {
    auto explained = explainer_.explain(event);
    ++events_;
    if (explained.match) ++matches_;
    if (!explained.routed) {
      // Of events of other log sources the first stands for all, and only where there are no better ones.
      if (++elsewhere_ == 1) first_elsewhere_ = row(event, explained);
      return;
    }
    if (++told_ <= told_most) tell(row(event, explained));
  }

  void finish() {
    if (told_ == 0 && elsewhere_ != 0) tell(first_elsewhere_);
    context_.output.finish();
    const auto& rule = explainer_.rule();
    context_.err << fmt::format("{} ({}): {}, {} match", escape_terminal(rule.title), escape_terminal(rule.id),
                                counted(events_, "event"), matches_);
    if (elsewhere_ != 0) context_.err << fmt::format(", {} are not of its log source", elsewhere_);
    if (told_ > told_most) context_.err << fmt::format("; the first {} are shown", told_most);
    context_.err << '\n';
    if (matches_ == 0) context_.exit_status = 1;
  }

 private:
  static constexpr std::size_t told_most = 1000;

  json::object row(const Event& event, const rules::sigma::Explanation& explained) const {
    json::object out;
    out["event"] = events_;
    out["@timestamp"] = render_time(event.header().observed);
    out["host.name"] = std::string(event.header().host);
    out["view"] = explained.view;
    out["match"] = explained.match;
    json::array leaves;
    for (const auto& leaf : explained.leaves) {
      json::object one;
      one["holds"] = leaf.holds;
      one["wanted"] = !leaf.negated;
      one["selection"] = leaf.selection;
      one["field"] = leaf.field;
      one["test"] = leaf.test;
      one["where"] = leaf.where;
      one["value"] = leaf.value;
      leaves.push_back(std::move(one));
    }
    out["leaves"] = std::move(leaves);
    return out;
  }

  void tell(const json::object& row) {
    if (!context_.output.draws()) return context_.output.row(row);
    auto& out = context_.out;
    out << fmt::format("event {}  {}  {}  {}\n", row.at("event").as_uint64(), row.at("@timestamp").as_string().c_str(),
                       escape_terminal(row.at("host.name").as_string()),
                       row.at("match").as_bool() ? "MATCH" : "no match");
    for (const auto& item : row.at("leaves").as_array()) {
      const auto& leaf = item.as_object();
      const auto text = [&](const char* key) { return escape_terminal(leaf.at(key).as_string()); };
      const bool good = leaf.at("holds").as_bool() == leaf.at("wanted").as_bool();
      const auto where =
          text("where").empty() ? std::string("the event has none") : text("where") + " = " + text("value");
      const auto field = text("field").empty() ? std::string("any value") : text("field");
      if (text("selection") == "logsource")
        out << fmt::format("  fails  log source ({}): wants {}; has {}\n", escape_terminal(row.at("view").as_string()),
                           text("test"), text("value"));
      else
        out << fmt::format("  {}  {}: {}{}{}; {}\n", good ? "holds" : "fails", text("selection"),
                           leaf.at("wanted").as_bool() ? "" : "not ", field, " " + text("test"), where);
    }
  }

  CommandContext& context_;
  rules::sigma::Explainer& explainer_;
  std::uint64_t events_ = 0, matches_ = 0, elsewhere_ = 0, told_ = 0;
  json::object first_elsewhere_;
};

Result<void> explain_rule(CommandContext& context) {
  TOCSIN_TRY(const auto config, configured(context));
  FieldNames names;
  Diagnostics diagnostics;
  TOCSIN_TRY(const auto decoders, load_decoders(config, names, diagnostics));
  auto rule = context.options.text_or("rule", "");
  auto options = engine_options(config, context.options.list("rules"));
  std::error_code error;
  if (std::filesystem::is_regular_file(rule, error)) {
    options.paths = {rule};
    rule.clear();
  }
  const auto files = read_rule_files(options.paths, diagnostics);
  const auto views = read_rule_files(options.views, diagnostics);
  auto explainer =
      rules::sigma::Explainer::open(files.sigma, views.sigma, sigma_options(options), rule, names, diagnostics);
  if (!explainer) {
    if (explainer.error().code == Code::invalid) tell_mistakes(context, diagnostics);
    return std::unexpected(std::move(explainer).error());
  }
  EventFeed feed;
  feed.files = context.options.list("event");
  if (feed.files.empty()) feed.files = {"/dev/stdin"};
  Telling telling(context, *explainer);
  TOCSIN_TRY(const auto fed, feed_events(feed, decoders, names, [&](const EventBatch& batch) -> Result<bool> {
               for (const auto& event : batch.events()) telling.take(event);
               return true;
             }));
  tell_feed(context, fed);
  telling.finish();
  return {};
}

// --- rule backtest

class Tally final : public rules::AlertSink {
 public:
  void raise(rules::Alert alert) override {
    auto& row = rows_[alert.rule->id];
    if (row.alerts == 0) row.first = alert.time;
    row.rule = alert.rule;
    row.alerts += alert.count;
    row.last = alert.time;
    if (row.hosts.size() < hosts_most) row.hosts.insert(alert.host);
    ++alerts_;
  }

  // Most alerts first.
  void show(CommandContext& context) const {
    std::vector<const Row*> order;
    for (const auto& [id, row] : rows_) order.push_back(&row);
    std::ranges::stable_sort(order, std::ranges::greater{}, &Row::alerts);
    for (const auto* row : order) {
      json::object out;
      out["rule"] = row->rule->id;
      out["alerts"] = row->alerts;
      out["hosts"] = row->hosts.size();
      out["severity"] = row->rule->severity;
      out["first"] = render_time(row->first);
      out["last"] = render_time(row->last);
      out["title"] = row->rule->title;
      out["file"] = row->rule->file;
      context.output.row(out);
    }
  }
  std::size_t rules() const noexcept { return rows_.size(); }
  std::uint64_t alerts() const noexcept { return alerts_; }

 private:
  static constexpr std::size_t hosts_most = 10'000;
  struct Row {
    rules::RuleRef rule;
    std::uint64_t alerts = 0;
    std::set<std::string> hosts;
    Time first{};
    Time last{};
  };
  std::map<std::string, Row> rows_;
  std::uint64_t alerts_ = 0;
};

Result<void> backtest_rules(CommandContext& context) {
  constexpr Duration week = std::chrono::days{7};
  TOCSIN_TRY(const auto config, configured(context));
  auto options = engine_options(config, context.options.list("rules"));
  options.now = context.clock.now();
  TOCSIN_TRY(options.tuning, tuning_file(context, std::move(options.tuning)));
  const auto indicators = context.options.list("indicators");
  if (!indicators.empty()) {
    options.indicator_paths = indicators;
    if (context.options.list("rules").empty()) options.paths.clear();
  }
  // Reports are younger than what they are about.
  options.indicators.retrospective = true;
  TOCSIN_TRY(const auto bench, open_workbench(config, options));
  if (!context.options.list("rules").empty() || !indicators.empty()) tell_mistakes(context, bench->diagnostics);
  TOCSIN_TRY(const auto feed, feed_of(context, config, week));
  Tally tally;
  auto& active = bench->engines->active();
  EventLane lane({bench->names, 0, 1, "", Exercise::no}, active);
  Desk desk(active, tally, bench->engines->tuning());
  Time latest = Time::min();
  TOCSIN_TRY(const auto fed,
             feed_events(feed, bench->decoders, bench->names, [&](const EventBatch& batch) -> Result<bool> {
               lane.inspect(batch);
               desk.offer(lane.take_alerts());
               for (const auto& event : batch.events()) latest = std::max(latest, event.header().observed);
               if (feed.files.empty()) desk.release(latest);
               return true;
             }));
  desk.finish();
  tally.show(context);
  context.output.finish();
  tell_feed(context, fed);
  context.err << fmt::format("{} over {}: {} of {}\n", counted(bench->engines->loaded(), "rule"),
                             counted(fed.events, "event"), counted(tally.alerts(), "alert"),
                             counted(tally.rules(), "rule"));
  if (!context.options.list("rules").empty() && bench->engines->loaded() == 0) context.exit_status = 1;
  return {};
}

// --- rule coverage

Result<void> cover_rules(CommandContext& context) {
  constexpr Duration week = std::chrono::days{7};
  TOCSIN_TRY(const auto config, configured(context));
  FieldNames names;
  Diagnostics diagnostics;
  TOCSIN_TRY(const auto decoders, load_decoders(config, names, diagnostics));
  TOCSIN_TRY(const auto feed, feed_of(context, config, week));
  const auto options = engine_options(config, context.options.list("rules"));
  const auto files = read_rule_files(options.paths, diagnostics);
  const auto views = read_rule_files(options.views, diagnostics);
  rules::sigma::CoverageSurvey survey(files.sigma, views.sigma, sigma_options(options), names, diagnostics);
  TOCSIN_TRY(const auto fed, feed_events(feed, decoders, names, [&](const EventBatch& batch) -> Result<bool> {
               for (const auto& event : batch.events()) survey.see(event);
               return true;
             }));
  const bool all = context.options.flag("all");
  std::map<rules::sigma::Coverage, std::size_t> counts;
  for (const auto& entry : survey.report()) {
    ++counts[entry.coverage];
    if (!all && entry.coverage == rules::sigma::Coverage::can_fire) continue;
    json::object row;
    row["rule"] = entry.rule->id;
    row["coverage"] = rules::sigma::coverage_name(entry.coverage);
    row["missing"] = json::array(entry.missing.begin(), entry.missing.end());
    row["source"] = entry.source;
    row["events"] = entry.events;
    row["title"] = entry.rule->title;
    row["file"] = entry.rule->file;
    context.output.row(row);
  }
  context.output.finish();
  tell_feed(context, fed);
  context.err << counted(fed.events, "event") + ":";
  const char* between = " ";
  for (const auto& [coverage, count] : counts)
    context.err << std::exchange(between, ", ") << counted(count, "rule") << " "
                << rules::sigma::coverage_name(coverage);
  context.err << '\n';
  return {};
}

// --- rule navigator

bool is_technique(std::string_view tag) {
  return tag.size() >= 5 && tag[0] == 'T' &&
         std::ranges::all_of(tag.substr(1), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

// A layer of the ATT&CK Navigator: https://github.com/mitre-attack/attack-navigator/tree/master/layers
Result<void> show_navigator(CommandContext& context) {
  TOCSIN_TRY(const auto config, configured(context));
  Diagnostics diagnostics;
  const auto engines = Engines::load(engine_options(config, context.options.list("path")), diagnostics);
  std::map<std::string, std::vector<std::string>> techniques;
  for (const auto& active : engines.active())
    for (const auto& rule : active.set->rules())
      for (const auto& tag : rule->attack)
        if (is_technique(tag)) techniques[tag].push_back(rule->title);
  std::size_t most = 1;
  json::array rows;
  for (const auto& [id, titles] : techniques) {
    constexpr std::size_t titles_shown = 20;
    most = std::max(most, titles.size());
    std::string comment;
    for (std::size_t i = 0; i < std::min(titles.size(), titles_shown); ++i) comment += (i == 0 ? "" : "\n") + titles[i];
    if (titles.size() > titles_shown) comment += fmt::format("\nand {} more", titles.size() - titles_shown);
    rows.push_back(
        json::object{{"techniqueID", id}, {"score", titles.size()}, {"comment", comment}, {"enabled", true}});
  }
  json::object layer{
      {"name", context.options.text_or("name", "Tocsin")},
      {"versions", json::object{{"layer", "4.5"}, {"navigator", "5.1.0"}}},
      {"domain", "enterprise-attack"},
      {"description",
       fmt::format("{} loaded; a technique's score is how many of them name it", counted(engines.loaded(), "rule"))},
      {"techniques", std::move(rows)},
      {"gradient", json::object{{"colors", json::array{"#ffffff", "#2f7ed8"}}, {"minValue", 0}, {"maxValue", most}}}};
  context.out << json::serialize(layer) << '\n';
  return {};
}

constexpr Example explain_examples[] = {
    {"tocsin rule explain e1d2 --event auth.log", "why it fires, or which part of its condition fails"},
    {"tocsin rule explain mine.yml --event Security.evtx", "a rule's file, over a Windows event log"},
    {"tocsin event search --limit 1 -o ndjson | tocsin rule explain 'A title' -o json",
     "an event from standard input"}};
constexpr Example backtest_examples[] = {
    {"tocsin rule backtest --since -7d", "what the configured rules would have raised over stored events"},
    {"tocsin rule backtest --rules new/ --since -1d", "new rules before they are installed"},
    {"tocsin rule backtest --rules new/ /var/log/auth.log Security.evtx", "over files"}};
constexpr Example coverage_examples[] = {
    {"tocsin rule coverage",
     "rules that cannot fire on what this host sent in the last seven days, and what is missing"},
    {"tocsin rule coverage --rules sigma/ --all /var/log/auth.log", "all of these rules, judged by a file"}};
constexpr Example navigator_examples[] = {
    {"tocsin rule navigator > layer.json", "for https://mitre-attack.github.io/attack-navigator/"},
    {"tocsin rule navigator sigma/ --name 'Sigma, linux'", "of these rules"}};
constexpr OptionRow explain_options[] = {
    {.name = "rule",
     .kind = OptionKind::positional,
     .value = "",
     .help = "a Sigma rule's id, name or title, or a file that holds one",
     .required = true},
    {.name = "event",
     .kind = OptionKind::list,
     .value = "FILE",
     .help = "events: a log, JSON, EVTX, or a directory of a recording; default: standard input"},
    {.name = "rules",
     .kind = OptionKind::list,
     .value = "PATH",
     .help = "where the rule is; default: the configured ones"}};
constexpr OptionRow backtest_options[] = {
    {.name = "file",
     .kind = OptionKind::positional_list,
     .value = "",
     .help = "logs, JSON, EVTX, directories of them; default: the store's events"},
    {.name = "rules", .kind = OptionKind::list, .value = "PATH", .help = "rules to try; default: the configured ones"},
    {.name = "indicators",
     .kind = OptionKind::list,
     .value = "FILE",
     .help = "indicator lists to try; alone, without the configured rules"},
    {.name = "tuning", .kind = OptionKind::value, .value = "FILE", .help = "exceptions to try with them"},
    {.name = "store", .kind = OptionKind::value, .value = "DIR", .help = "of the store; default: the configured one"}};
constexpr OptionRow coverage_options[] = {
    {.name = "file",
     .kind = OptionKind::positional_list,
     .value = "",
     .help = "logs, JSON, EVTX, directories of them; default: the store's events"},
    {.name = "rules",
     .kind = OptionKind::list,
     .value = "PATH",
     .help = "rules to judge; default: the configured ones"},
    {.name = "all", .kind = OptionKind::flag, .value = "", .help = "rules that can fire, too"},
    {.name = "store", .kind = OptionKind::value, .value = "DIR", .help = "of the store; default: the configured one"}};
constexpr OptionRow navigator_options[] = {
    {.name = "path", .kind = OptionKind::positional_list, .value = "", .help = "rules; default: the configured ones"},
    {.name = "name", .kind = OptionKind::value, .value = "NAME", .help = "of the layer"}};
constexpr Column explain_columns[] = {
    {"event", "EVENT"}, {"@timestamp", "TIME", Style::time},  {"host.name", "HOST"},
    {"match", "MATCH"}, {"view", "VIEW", Style::plain, true}, {"leaves", "LEAVES", Style::plain, false, true}};
constexpr Column backtest_columns[] = {{"rule", "RULE", Style::strong},
                                       {"alerts", "ALERTS"},
                                       {"hosts", "HOSTS"},
                                       {"severity", "SEVERITY"},
                                       {"first", "FIRST", Style::time},
                                       {"last", "LAST", Style::time},
                                       {"title", "TITLE", Style::plain, false, true},
                                       {"file", "FILE", Style::faint, true, true}};

constexpr Column coverage_columns[] = {{"rule", "RULE", Style::strong},
                                       {"coverage", "COVERAGE"},
                                       {"missing", "MISSING", Style::plain, false, true},
                                       {"source", "LOG SOURCE"},
                                       {"events", "EVENTS", Style::plain, true},
                                       {"title", "TITLE", Style::plain, false, true},
                                       {"file", "FILE", Style::faint, true, true}};

constexpr CommandRow rows[] = {
    {.noun = "rule",
     .verb = "explain",
     .summary = "why a Sigma rule fires on an event, or what keeps it from firing",
     .examples = explain_examples,
     .options = explain_options,
     .features = feature::output | feature::config,
     .columns = explain_columns,
     .run = explain_rule,
     .details = "The decoders and log-source views are those of the live path. Exit 1 when no event matches."},
    {.noun = "rule",
     .verb = "backtest",
     .summary = "what rules would have raised over stored events, or over files",
     .examples = backtest_examples,
     .options = backtest_options,
     .features = feature::output | feature::period | feature::config,
     .columns = backtest_columns,
     .run = backtest_rules,
     .details =
         "Reads the store's directory itself: nothing is asked of the daemon and nothing is kept. Without --since, "
         "the last seven days."},
    {.noun = "rule",
     .verb = "coverage",
     .summary = "which Sigma rules can fire here, and which source or field is missing",
     .examples = coverage_examples,
     .options = coverage_options,
     .features = feature::output | feature::period | feature::config,
     .columns = coverage_columns,
     .run = cover_rules,
     .details =
         "Judged by events that were there: a rule can fire when events of its log source carried the fields that "
         "its condition cannot do without. Correlations follow from the rules they count."},
    {.noun = "rule",
     .verb = "navigator",
     .summary = "loaded rules by ATT&CK technique, as a layer for the Navigator",
     .examples = navigator_examples,
     .options = navigator_options,
     .features = feature::config,
     .columns = {},
     .run = show_navigator}};

}  // namespace

std::span<const CommandRow> rule_event_commands() { return rows; }

}  // namespace tocsin::daemon
