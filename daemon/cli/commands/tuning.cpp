// tuning list, preview, add, remove, import: asked of the daemon, or done to a file (--tuning) without one.

#include <pwd.h>
#include <unistd.h>

#include <ostream>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/descriptor.h"
#include "collectors/base/text.h"
#include "daemon/app/engines.h"
#include "daemon/app/rule_files.h"
#include "daemon/app/tuning_methods.h"
#include "daemon/app/workbench.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/output.h"
#include "daemon/cli/relay.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

// Rules and tuning as the configuration has them, loaded once and only when asked.
class LocalRules {
 public:
  LocalRules(CommandContext& context, std::string file) : context_(context), file_(std::move(file)) {}

  Engines* engines() {
    if (engines_) return &*engines_;
    Diagnostics diagnostics;
    auto config = read_config(context_.options.text_or("config", context_.places.config), context_.places, diagnostics);
    if (!config) return nullptr;
    auto options = engine_options(*config, {});
    options.tuning = file_;
    options.now = context_.clock.now();
    engines_.emplace(Engines::load(options, diagnostics));
    return &*engines_;
  }

 private:
  CommandContext& context_;
  const std::string file_;
  std::optional<Engines> engines_;
};

// A name for the owner where there is no socket to ask who one is.
std::string own_name() {
  const auto* known = ::getpwuid(::getuid());
  return known == nullptr ? std::to_string(::getuid()) : known->pw_name;
}

TuningDesk local_desk(CommandContext& context, const std::string& file, const std::shared_ptr<LocalRules>& rules) {
  TuningDesk desk{file, context.options.text_or("store", ""), context.clock, {}, {}, {}};
  desk.in_force = [rules]() -> std::shared_ptr<const rules::Tuning> {
    auto* engines = rules->engines();
    return engines == nullptr ? nullptr : engines->tuning();
  };
  desk.loaded = [rules] {
    std::vector<rules::RuleRef> out;
    if (auto* engines = rules->engines())
      for (const auto& active : engines->active())
        out.insert(out.end(), active.set->rules().begin(), active.set->rules().end());
    return out;
  };
  desk.commit = [file](const Call&, const TuningDesk::Change& change) {
    return replace_file(file, as_bytes(change.text), 0644);
  };
  return desk;
}

using TakeRow = std::function<bool(const json::object&)>;

Result<std::string> ask(CommandContext& context, json::object params, const TakeRow& row) {
  const auto method = method_of(context.command);
  const auto file = context.options.text("tuning");
  if (!file && !context.options.flag("store")) return call_method(context, method, json::serialize(params), {}, row);
  auto chosen = file.value_or("");
  if (chosen.empty()) {
    Diagnostics ignored;
    const auto config = read_config(context.options.text_or("config", context.places.config), context.places, ignored);
    if (config) chosen = config->rules.tuning;
  }
  if (!params.contains("owner")) params["owner"] = own_name();
  MethodTable methods;
  add_tuning_methods(methods, local_desk(context, chosen, std::make_shared<LocalRules>(context, chosen)));
  return call_local(methods, method, json::serialize(params), row);
}

Result<json::object> given(CommandContext& context) {
  json::error_code error;
  auto value = json::parse(params_of(context), error);
  if (error || !value.is_object()) return fail(Code::usage, "the options cannot be sent");
  return std::move(value.as_object());
}

Result<void> show(CommandContext& context, json::object params) {
  const auto summary = ask(context, std::move(params), [&](const json::object& row) {
    context.output.row(row);
    return true;
  });
  if (!summary) return std::unexpected(summary.error());
  json::error_code error;
  const auto value = json::parse(*summary, error);
  const auto* message = error ? nullptr : value.as_object().if_contains("message");
  if (context.output.rows() == 0 && message == nullptr && context.output.for_people()) context.err << "nothing found\n";
  else context.output.finish();
  if (message != nullptr) context.err << escape_terminal(plain_text(*message)) << '\n';
  show_remark(context, *summary);
  return {};
}

Result<void> relay_tuning(CommandContext& context) {
  TOCSIN_TRY(auto params, given(context));
  return show(context, std::move(params));
}

// The daemon may not open files of people: the text goes with the question.
Result<void> import_tuning(CommandContext& context) {
  TOCSIN_TRY(auto params, given(context));
  const auto file = context.options.text_or("file", "");
  TOCSIN_TRY(const auto text, read_file(file, 1U << 20));
  params["text"] = text;
  return show(context, std::move(params));
}

constexpr Example list_examples[] = {
    {"tocsin tuning list", "every entry: what, whose, why, until when, and what it took"},
    {"tocsin tuning list --where 'state = expired'", "those that ended"}};
constexpr Example preview_examples[] = {
    {"tocsin tuning preview suppress 1:2019401 --network 10.9.0.0/16 --side source --since -30d",
     "which alerts of the last 30 days it would take, of whom"},
    {"tocsin tuning preview disable 2019401 2019402", "the same for switching rules off"}};
constexpr Example add_examples[] = {
    {"tocsin tuning add suppress 1:2019401 --network 10.9.0.0/16 --side source --hours 22:00-06:00 --zone local "
     "--expires 30d --reason \"backup of the night\"",
     "one rule, one network, at night"},
    {"tocsin tuning add disable 'file:emerging-games.rules' --expires 2027-06-30 --reason \"not our policy\"",
     "a file of signatures"},
    {"tocsin tuning add modify 1:2019401 --severity 90 --expires 90d --reason \"crown jewels\"",
     "its alerts weigh more"},
    {"tocsin tuning add suppress 'ssh-guessing' --host build01 --expires 7d --reason \"load test\" --dry-run",
     "a Sigma rule, by its id; only asked"}};
constexpr Example remove_examples[] = {{"tocsin tuning remove t-1f2e --reason \"scanner is gone\"", "end an entry"}};
constexpr Example import_examples[] = {
    {"tocsin tuning import /etc/suricata/disable.conf --expires 180d --reason \"taken over\"",
     "suricata-update's enable.conf, disable.conf or modify.conf"},
    {"tocsin tuning import filters.yml --expires 90d --reason \"reviewed\" --dry-run",
     "Sigma filter documents; only asked"}};

#define TOCSIN_TUNING_WHAT(needed)                                                                                    \
  {.name = "act",                                                                                                     \
   .kind = OptionKind::positional,                                                                                    \
   .value = "",                                                                                                       \
   .help = "what to do",                                                                                              \
   .choices = "enable|disable|modify|suppress",                                                                       \
   .required = needed},                                                                                               \
      {.name = "rule",                                                                                                \
       .kind = OptionKind::positional_list,                                                                           \
       .value = "",                                                                                                   \
       .help = "gid:sid, a Sigma id, a YARA rule's name; 1:*; file:NAME*.rules or re:PATTERN (not for suppress)",     \
       .required = needed},                                                                                           \
      {.name = "network",                                                                                             \
       .kind = OptionKind::list,                                                                                      \
       .value = "NETWORK",                                                                                            \
       .help = "suppress: only these, !NETWORK leaves out; several: again"},                                          \
      {.name = "side",                                                                                                \
       .kind = OptionKind::value,                                                                                     \
       .value = "SIDE",                                                                                               \
       .help = "whose address",                                                                                       \
       .choices = "source|destination|either"},                                                                       \
      {.name = "filter",                                                                                              \
       .kind = OptionKind::list,                                                                                      \
       .value = "FIELD=VALUE",                                                                                        \
       .help = "suppress: only alerts with this, FIELD|contains=VALUE; all of several; or a Sigma filter in braces"}, \
      {.name = "host", .kind = OptionKind::value, .value = "NAME", .help = "suppress: only alerts about this host"},  \
      {.name = "hours", .kind = OptionKind::value, .value = "FROM-UNTIL", .help = "suppress: 22:00-06:00"},           \
      {.name = "days", .kind = OptionKind::list, .value = "DAYS", .help = "suppress: mon-fri, or sat,sun"},           \
      {.name = "zone", .kind = OptionKind::value, .value = "ZONE", .help = "of the hours; default UTC"},              \
      {.name = "replace", .kind = OptionKind::value, .value = "PATTERN", .help = "modify: this of the rule's text"},  \
      {.name = "with", .kind = OptionKind::value, .value = "TEXT", .help = "modify: becomes this"},                   \
      {.name = "severity", .kind = OptionKind::value, .value = "N", .help = "modify: of its alerts, 0 to 100"},       \
      {.name = "tuning", .kind = OptionKind::value, .value = "FILE", .help = "this file, without the daemon"}
#define TOCSIN_TUNING_TERM                    \
  {.name = "expires",                         \
   .kind = OptionKind::value,                 \
   .value = "TIME",                           \
   .help = "30d or a date; at most 366 days", \
   .required = true},                         \
      {.name = "owner", .kind = OptionKind::value, .value = "NAME", .help = "who answers for it; default: you"}

constexpr OptionRow file_only[] = {
    {.name = "tuning", .kind = OptionKind::value, .value = "FILE", .help = "this file, without the daemon"}};
constexpr OptionRow preview_options[] = {
    TOCSIN_TUNING_WHAT(false),
    {.name = "id", .kind = OptionKind::value, .value = "ID", .help = "an entry that is there, instead"},
    {.name = "exercise", .kind = OptionKind::flag, .value = "", .help = "alerts of exercises too"},
    {.name = "store",
     .kind = OptionKind::value,
     .value = "DIR",
     .help = "read this store directory instead of asking the daemon"}};
constexpr OptionRow add_options[] = {
    TOCSIN_TUNING_WHAT(true),
    TOCSIN_TUNING_TERM,
    {.name = "from", .kind = OptionKind::value, .value = "TIME", .help = "not before"}};
constexpr OptionRow remove_options[] = {
    {.name = "id", .kind = OptionKind::positional, .value = "", .help = "a unique start of its id", .required = true},
    file_only[0]};
constexpr OptionRow import_options[] = {
    {.name = "file",
     .kind = OptionKind::positional,
     .value = "",
     .help = "enable.conf, disable.conf, modify.conf or drop.conf; Sigma filters (.yml)",
     .required = true},
    TOCSIN_TUNING_TERM,
    file_only[0]};
#undef TOCSIN_TUNING_WHAT
#undef TOCSIN_TUNING_TERM

constexpr Column entry_columns[] = {{"id", "ENTRY", Style::strong},
                                    {"state", "STATE", Style::state},
                                    {"act", "ACT"},
                                    {"rule", "RULE", Style::plain, false, true},
                                    {"network", "NETWORK", Style::plain, false, true},
                                    {"filter", "FILTER", Style::plain, false, true},
                                    {"hours", "HOURS", Style::plain, false, true},
                                    {"host", "HOST", Style::plain, true},
                                    {"owner", "OWNER"},
                                    {"expires", "UNTIL", Style::time},
                                    {"rules", "RULES"},
                                    {"alerts", "TAKEN"},
                                    {"last", "LAST", Style::time, true},
                                    {"reason", "REASON", Style::plain, false, true},
                                    {"warning", "WARNING", Style::plain, false, true},
                                    {"file", "FILE", Style::faint, true, true}};
constexpr std::string_view entry_members[] = {"side", "replace", "with", "severity", "created", "from"};
constexpr Column preview_columns[] = {{"what", "WHAT"},
                                      {"value", "VALUE", Style::strong, false, true},
                                      {"alerts", "ALERTS"},
                                      {"of", "OF"},
                                      {"last", "LAST", Style::time},
                                      {"title", "TITLE", Style::plain, false, true}};

constexpr std::string_view precedence =
    "Of several entries that enable or disable a rule the last one counts. Signatures that are disabled are not\n"
    "loaded; Sigma and YARA rules then raise nothing. An entry ends by itself; nothing holds for more than 366 days.";
constexpr unsigned client = feature::output | feature::daemon | feature::config;

constexpr CommandRow rows[] = {{.noun = "tuning",
                                .verb = "list",
                                .summary = "what analysts changed about rules, until when, and what it took",
                                .examples = list_examples,
                                .options = file_only,
                                .features = client | feature::rows,
                                .columns = entry_columns,
                                .run = relay_tuning,
                                .members = entry_members},
                               {.noun = "tuning",
                                .verb = "preview",
                                .summary = "what an entry would do to the alerts that are stored",
                                .examples = preview_examples,
                                .options = preview_options,
                                .features = client | feature::rows | feature::period,
                                .columns = preview_columns,
                                .run = relay_tuning},
                               {.noun = "tuning",
                                .verb = "add",
                                .summary = "enable, disable, modify or suppress rules",
                                .examples = add_examples,
                                .options = add_options,
                                .features = client | feature::change,
                                .columns = entry_columns,
                                .run = relay_tuning,
                                .details = precedence,
                                .members = entry_members},
                               {.noun = "tuning",
                                .verb = "remove",
                                .summary = "end an entry",
                                .examples = remove_examples,
                                .options = remove_options,
                                .features = client | feature::change,
                                .columns = entry_columns,
                                .run = relay_tuning,
                                .members = entry_members},
                               {.noun = "tuning",
                                .verb = "import",
                                .summary = "take over suricata-update's files, or Sigma filters",
                                .examples = import_examples,
                                .options = import_options,
                                .features = client | feature::change,
                                .columns = entry_columns,
                                .run = import_tuning,
                                .members = entry_members}};

}  // namespace

std::span<const CommandRow> tuning_commands() { return rows; }

}  // namespace tocsin::daemon
