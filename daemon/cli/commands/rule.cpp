// rule check, eval and test: judged here, with no daemon. rule cost: asked of the daemon.

#include <algorithm>
#include <cmath>
#include <functional>
#include <istream>
#include <map>
#include <ostream>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/counted.h"
#include "collectors/base/text.h"
#include "daemon/app/engines.h"
#include "daemon/app/rule_files.h"
#include "daemon/app/rule_test/rule_test.h"
#include "daemon/app/workbench.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/configured.h"
#include "daemon/cli/output.h"
#include "daemon/cli/relay.h"
#include "rules/sigma/evaluate.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

json::object refused_row(const Diagnostic& d) {
  json::object row;
  row["file"] = d.file;
  row["line"] = d.line;
  row["rule"] = d.item;
  row["code"] = d.code;
  row["reason"] = d.cause;
  row["next_step"] = d.next_step;
  return row;
}

json::object finding_row(const rules::LintFinding& finding) {
  json::object row;
  row["file"] = finding.rule->file;
  row["line"] = finding.rule->line;
  row["rule"] = finding.rule->id;
  row["code"] = finding.code;
  row["reason"] = finding.problem;
  row["cost"] = std::round(finding.cost * 100) / 100;
  row["next_step"] = finding.suggestion;
  return row;
}

// The dearest rules first.
std::vector<rules::LintFinding> find_lint(const Engines& engines) {
  std::vector<rules::LintFinding> out;
  for (const auto& active : engines.active())
    for (auto& finding : active.set->lint()) out.push_back(std::move(finding));
  std::ranges::stable_sort(out, std::ranges::greater{}, &rules::LintFinding::cost);
  return out;
}

json::array reading_rows(const Engines& engines) {
  json::array out;
  for (const auto& active : engines.active())
    for (const auto& reading : active.set->readings()) {
      json::object row;
      row["file"] = reading.file;
      row["language"] = reading.language;
      row["loaded"] = reading.loaded;
      out.push_back(std::move(row));
    }
  return out;
}

// Which front end read the signatures; of files only where both were needed or it is not Suricata's.
void tell_languages(CommandContext& context, const Engines& engines) {
  std::map<std::string, std::size_t> loaded;
  for (const auto& active : engines.active())
    for (const auto& reading : active.set->readings()) {
      loaded[reading.language] += reading.loaded;
      if (reading.language != "suricata")
        context.out << fmt::format("{}: {} read as {}\n", escape_terminal(reading.file),
                                   counted(reading.loaded, "rule"), reading.language);
    }
  if (loaded.size() < 2 && !loaded.contains("snort3")) return;
  context.out << "signatures read as";
  const char* between = " ";
  for (const auto& [language, count] : loaded) context.out << std::exchange(between, ", ") << language << ": " << count;
  context.out << '\n';
}

void tell_lint(CommandContext& context, const std::vector<rules::LintFinding>& findings) {
  for (const auto& finding : findings)
    context.out << fmt::format("{}:{}: {}[{}]: {}; estimated cost {:.2f}\n  next: {}\n",
                               escape_terminal(finding.rule->file), finding.rule->line, finding.rule->id, finding.code,
                               escape_terminal(finding.problem), finding.cost, escape_terminal(finding.suggestion));
  context.out << fmt::format(
      "{} remarks on rules that load; cost: work for each hundred buffers or events their header lets "
      "through, 1 for each time a content is looked for in one\n",
      findings.size());
}

Result<void> check_rules(CommandContext& context) {
  TOCSIN_TRY(auto config, configured(context));
  if (const auto syntax = context.options.text("syntax"))
    config.rules.syntax = rules::signature::parse_syntax(*syntax).value_or(config.rules.syntax);
  Diagnostics diagnostics;
  auto options = engine_options(config, context.options.list("path"));
  TOCSIN_TRY(options.tuning, tuning_file(context, std::move(options.tuning)));
  options.now = context.clock.now();
  const auto engines = Engines::load(options, diagnostics);
  const auto findings = context.options.flag("lint") ? find_lint(engines) : std::vector<rules::LintFinding>{};
  const auto format = context.output.format();
  if (format == Format::json || format == Format::yaml) {
    json::object row;
    row["loaded"] = engines.loaded();
    json::array refused;
    for (const auto& d : diagnostics.all())
      if (d.severity == Severity::error) refused.push_back(refused_row(d));
    row["refused"] = std::move(refused);
    row["readings"] = reading_rows(engines);
    if (context.options.flag("lint")) {
      json::array lint;
      for (const auto& finding : findings) lint.push_back(finding_row(finding));
      row["lint"] = std::move(lint);
    }
    context.output.row(row);
  } else if (context.output.for_people()) {
    for (const auto& d : diagnostics.all())
      if (d.severity != Severity::note || context.options.flag("notes")) context.out << render_text(d) << '\n';
    if (context.options.flag("lint")) tell_lint(context, findings);
    tell_languages(context, engines);
    for (const auto& remark : engines.remarks()) context.out << escape_terminal(remark) << '\n';
    context.out << fmt::format("{} loaded from {}, {} refused\n", counted(engines.loaded(), "rule"),
                               counted(engines.files(), "file"), diagnostics.errors());
  } else {
    for (const auto& d : diagnostics.all())
      if (d.severity == Severity::error) context.output.row(refused_row(d));
    for (const auto& finding : findings) context.output.row(finding_row(finding));
  }
  if (diagnostics.has_errors()) context.exit_status = 1;
  if (const auto paths = context.options.list("path");
      engines.files() == 0 && !paths.empty() && !diagnostics.has_errors())
    return fail(Code::not_found, "there is no rule file in " + paths.front() +
                                     "; they end in .rules, .snort3, .yml, .yaml, .yar or .yara");
  return {};
}

Result<void> eval_rules(CommandContext& context) {
  Diagnostics diagnostics;
  const auto paths = context.options.list("rules");
  const auto files = read_rule_files(paths, diagnostics);
  TOCSIN_TRY(const auto config, configured(context));
  rules::sigma::Evaluator evaluator(files.sigma, sigma_options(engine_options(config, paths)), diagnostics);
  for (const auto& d : diagnostics.all())
    if (d.severity == Severity::error) context.err << render_text(d) << '\n';
  std::string line;
  for (std::uint64_t number = 1; std::getline(context.in, line); ++number) {
    if (trim(line).empty()) continue;
    const auto answer = evaluator.answer(line);
    if (answer) {
      context.out << *answer << '\n';
      continue;
    }
    // Still an answer, so that those behind it stand beside their questions.
    context.exit_status = 1;
    const json::object why{{"code", "question"}, {"reason", answer.error().text()}, {"line", number}};
    context.out << json::serialize(json::object{{"error", why}}) << '\n';
  }
  context.out.flush();
  return {};
}

Result<void> test_rules(CommandContext& context) {
  TOCSIN_TRY(const auto config, configured(context));
  auto paths = context.options.list("path");
  if (paths.empty()) paths = config.rules.packs;
  TOCSIN_TRY(const auto outcome, run_rule_tests(config, paths));
  for (const auto& failure : outcome.failures) {
    json::object row;
    row["file"] = failure.file;
    row["rule"] = failure.rule;
    row["case"] = failure.which;
    row["reason"] = failure.reason;
    context.output.row(row);
  }
  context.output.finish();
  context.err << fmt::format("{} passed, {} failed\n", outcome.passed, outcome.failures.size());
  if (!outcome.failures.empty() || outcome.passed == 0) context.exit_status = 1;
  return {};
}

constexpr Example check_examples[] = {
    {"tocsin rule check", "judge the configured packs"},
    {"tocsin rule check mine.rules sigma/ tools.yar", "judge these before they are installed"},
    {"tocsin rule check --lint mine.rules", "slow and careless rules too, each with what to do"},
    {"tocsin rule check --syntax snort3 community.rules", "rules in Snort 3's language"},
    {"tocsin rule check -o json rules/", "loaded and refused, for a script"}};
constexpr Example cost_examples[] = {
    {"tocsin rule cost --limit 20", "the dearest rules since the rules were loaded"},
    {"tocsin rule cost --where 'matches = 0 and checks > 1000' -o csv", "rules that are looked at in vain"}};
constexpr Example eval_examples[] = {
    {"tocsin rule eval --rules sigma/ < questions.jsonl", "{\"rule\": ID, \"event\": {…}} a line; one answer each"}};
constexpr Example test_examples[] = {{"tocsin rule test", "run the tests beside the shipped rules"},
                                     {"tocsin rule test my-pack/", "run the tests of a pack"}};
constexpr OptionRow check_options[] = {{.name = "path",
                                        .kind = OptionKind::positional_list,
                                        .value = "",
                                        .help = "rule files and directories; default: the configured ones"},
                                       {.name = "tuning",
                                        .kind = OptionKind::value,
                                        .value = "FILE",
                                        .help = "judged with them; default: the configured one, without PATH"},
                                       {.name = "lint",
                                        .kind = OptionKind::flag,
                                        .value = "",
                                        .help = "what could be better about rules that load, dearest first"},
                                       {.name = "notes", .kind = OptionKind::flag, .value = "", .help = "notes too"}};
constexpr OptionRow eval_options[] = {
    {.name = "rules", .kind = OptionKind::list, .value = "PATH", .help = "Sigma files and directories"}};
constexpr OptionRow test_options[] = {
    {.name = "path", .kind = OptionKind::positional_list, .value = "", .help = "packs; default: the configured ones"}};
constexpr Column refused_columns[] = {{"file", "FILE", Style::plain, false, true},
                                      {"line", "LINE"},
                                      {"rule", "RULE"},
                                      {"code", "CODE"},
                                      {"reason", "REASON", Style::plain, false, true},
                                      {"cost", "COST", Style::plain, true}};
constexpr Column cost_columns[] = {{"rule", "RULE", Style::strong},
                                   {"checks", "CHECKS"},
                                   {"matches", "MATCHES"},
                                   {"microseconds", "TIME µs"},
                                   {"share", "SHARE %"},
                                   {"nanoseconds_per_check", "ns/CHECK", Style::plain, true},
                                   {"engine", "ENGINE", Style::plain, true},
                                   {"title", "TITLE", Style::plain, false, true},
                                   {"file", "FILE", Style::faint, true, true},
                                   {"line", "LINE", Style::faint, true}};
constexpr Column failure_columns[] = {{"file", "FILE", Style::plain, false, true},
                                      {"rule", "RULE"},
                                      {"case", "CASE"},
                                      {"reason", "REASON", Style::plain, false, true}};

constexpr std::string_view check_members[] = {"loaded", "refused", "next_step", "readings", "lint"};

constexpr CommandRow rows[] = {{.noun = "rule",
                                .verb = "check",
                                .summary = "diagnostics for every rule; fails when any was refused",
                                .examples = check_examples,
                                .options = check_options,
                                .features = feature::output | feature::config | feature::single | feature::signatures,
                                .columns = refused_columns,
                                .run = check_rules,
                                .members = check_members},
                               {.noun = "rule",
                                .verb = "cost",
                                .summary = "what each rule of the running daemon cost: checks, matches, time",
                                .examples = cost_examples,
                                .options = {},
                                .features = feature::output | feature::rows | feature::daemon | feature::config,
                                .columns = cost_columns,
                                .run = relay_rows},
                               {.noun = "rule",
                                .verb = "eval",
                                .summary = "questions to Sigma rules, one JSON object a line",
                                .examples = eval_examples,
                                .options = eval_options,
                                .features = feature::config,
                                .columns = {},
                                .run = eval_rules},
                               {.noun = "rule",
                                .verb = "test",
                                .summary = "run the tests beside rules",
                                .examples = test_examples,
                                .options = test_options,
                                .features = feature::output | feature::config,
                                .columns = failure_columns,
                                .run = test_rules}};

}  // namespace

std::span<const CommandRow> rule_commands() { return rows; }

}  // namespace tocsin::daemon
