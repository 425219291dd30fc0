// playbook check and rehearse.

#include <ostream>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/text.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/diagnostic_row.h"
#include "daemon/cli/output.h"
#include "daemon/cli/playbook_file.h"
#include "daemon/cli/relay.h"
#include "daemon/cli/responder.h"
#include "responders/action/table.h"
#include "responders/playbook/json/pointer.h"
#include "responders/playbook/run/run.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

Result<responders::PlanRef> plan_of(CommandContext& context, const PlaybookFile& file, Diagnostics& diagnostics) {
  const auto strict =
      context.options.flag("strict") ? responders::Strictness::strict : responders::Strictness::tolerant;
  return responders::load_playbook(file.text, file.path, diagnostics, strict);
}

Result<void> check_playbooks(CommandContext& context) {
  const auto files = context.options.list("file");
  if (files.empty()) return fail(Code::usage, "name at least one playbook file");
  for (const auto& name : files) {
    TOCSIN_TRY(const auto file, read_playbook(name));
    Diagnostics diagnostics;
    auto plan = plan_of(context, file, diagnostics);
    const auto document = responders::read_json(file.text);
    const auto path_of = [&](const Diagnostic& d) {
      return responders::json_pointer(document.root, responders::offset_of(document, {d.line, d.column}));
    };
    if (!plan && diagnostics.all().empty()) return std::unexpected(std::move(plan).error());
    if (!plan) context.exit_status = 1;
    if (context.output.for_people()) {
      for (const auto& d : diagnostics.all()) {
        context.out << render_text(d) << '\n';
        if (const auto path = path_of(d); !path.empty()) context.out << "  at: " << escape_terminal(path) << '\n';
      }
      context.out << fmt::format("{}: {}\n", escape_terminal(file.path), plan ? "may run" : "refused");
      continue;
    }
    json::object row;
    row["file"] = file.path;
    row["valid"] = plan.has_value();
    json::array list;
    for (const auto& d : diagnostics.all()) list.emplace_back(diagnostic_row(d)).as_object()["path"] = path_of(d);
    row["diagnostics"] = std::move(list);
    context.output.row(row);
  }
  return {};
}

Result<responders::Inputs> inputs_of(CommandContext& context) {
  responders::Inputs out;
  for (const auto& pair : context.options.list("set")) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos) return fail(Code::usage, "--set takes NAME=VALUE, e.g. __source_ip__=203.0.113.9");
    out.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return out;
}

Result<void> rehearse_for_incident(CommandContext& context) {
  auto summary = call_daemon(context, [&](const json::object& row) {
    if (!context.output.for_people()) {
      const auto* rehearsal = row.if_contains("rehearsal");
      if (rehearsal != nullptr && rehearsal->is_object()) context.output.row(rehearsal->get_object());
      return true;
    }
    const auto* text = row.if_contains("text");
    if (text != nullptr && text->is_string())
      for (const auto line : split(std::string_view(text->get_string()), '\n'))
        context.out << escape_terminal(line) << '\n';
    const auto* name = row.if_contains("short");
    if (name == nullptr || !name->is_string()) return true;
    const auto* exercise = find_field(row, "rehearsal.exercise");
    const bool played = exercise != nullptr && exercise->is_bool() && exercise->get_bool();
    context.out << fmt::format(
        "  {}: tocsin playbook {} {} --incident {}{}\n\n", played ? "This one alone" : "To apply it",
        played ? "rehearse" : "run", escape_terminal(plain_text(*name)),
        escape_terminal(context.options.text_or("incident", "")), played ? "" : " --reason \"…\"");
    return true;
  });
  if (!summary) return std::unexpected(std::move(summary).error());
  return {};
}

Result<void> rehearse_playbook(CommandContext& context) {
  if (context.options.text("incident")) return rehearse_for_incident(context);
  const auto name = context.options.text_or("playbook", "");
  if (name.empty()) return fail(Code::usage, "name a playbook file, or an incident with --incident");
  TOCSIN_TRY(const auto file, read_playbook(name));
  Diagnostics diagnostics;
  auto plan = plan_of(context, file, diagnostics);
  for (const auto& d : diagnostics.all()) context.err << render_text(d) << '\n';
  if (!plan) return std::unexpected(std::move(plan).error());
  TOCSIN_TRY(const auto inputs, inputs_of(context));
  responders::OfflineGateway alone;  // tells what would be done; only the guard's word is missing
  responders::ResponderClient client(responder_path(context), std::chrono::seconds{2});
  responders::ActionGateway& gateway = client.status() ? static_cast<responders::ActionGateway&>(client) : alone;
  TOCSIN_TRY(const auto rehearsal,
             responders::rehearse(*plan, inputs, gateway, context.clock, {}, responders::Marked::exercise));
  if (context.output.for_people()) context.out << responders::render_text(rehearsal);
  else TOCSIN_CHECK(context.output.row_json(responders::render_json(rehearsal)));
  return {};
}

constexpr Example check_examples[] = {
    {"tocsin playbook check playbook.json", "judge a CACAO 2.0 playbook before it may run"},
    {"tocsin playbook check --strict -o json playbooks/*/playbook.json", "warnings are errors; for a script"}};
constexpr Example rehearse_examples[] = {{"tocsin playbook rehearse --incident INC-2026-0042",
                                          "what fits an incident: what it would do, touch, and how it is undone"},
                                         {"tocsin playbook rehearse playbook.json --set __source_ip__=203.0.113.9",
                                          "a file, with values of your own; nothing is applied"}};
constexpr OptionRow check_options[] = {
    {.name = "file", .kind = OptionKind::positional_list, .value = "", .help = "playbook files"},
    {.name = "strict", .kind = OptionKind::flag, .value = "", .help = "warnings are errors"}};
constexpr OptionRow rehearse_options[] = {
    {.name = "playbook",
     .kind = OptionKind::positional,
     .value = "",
     .help = "playbook file; with --incident: its name"},
    {.name = "incident",
     .kind = OptionKind::value,
     .value = "INCIDENT",
     .help = "ask the daemon to rehearse for this incident"},
    {.name = "set", .kind = OptionKind::list, .value = "NAME=VALUE", .help = "value of a variable"},
    {.name = "strict", .kind = OptionKind::flag, .value = "", .help = "warnings are errors"}};
constexpr Column check_columns[] = {{"file", "FILE"}, {"valid", "VALID"}};
constexpr std::string_view check_members[] = {"diagnostics"};

constexpr std::string_view rehearsal_members[] = {"playbook", "name",   "version", "incident", "exercise",
                                                  "attack",   "inputs", "result",  "steps"};

constexpr CommandRow rows[] = {{.noun = "playbook",
                                .verb = "check",
                                .summary = "may a playbook run? every reason why not",
                                .examples = check_examples,
                                .options = check_options,
                                .features = feature::output,
                                .columns = check_columns,
                                .run = check_playbooks,
                                .members = check_members},
                               {.noun = "playbook",
                                .verb = "rehearse",
                                .summary = "what a playbook would do; nothing is applied",
                                .examples = rehearse_examples,
                                .options = rehearse_options,
                                .features = feature::output | feature::daemon | feature::config,
                                .columns = {},
                                .run = rehearse_playbook,
                                .members = rehearsal_members}};

}  // namespace

std::span<const CommandRow> local_playbook_commands() { return rows; }

}  // namespace tocsin::daemon
