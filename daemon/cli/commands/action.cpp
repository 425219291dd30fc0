// action list, approve, undo and halt. They speak to the responder itself, not to tocsind: the guard must see the
// person at the other end of its socket, and nobody in between can say yes for somebody.

#include <pwd.h>

#include <algorithm>
#include <array>
#include <ostream>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/text.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/output.h"
#include "daemon/cli/responder.h"
#include "daemon/cli/times.h"
#include "daemon/control/filter.h"
#include "responders/action/table.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
using responders::ResponderClient;

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(std::string_view(value->get_string())) : std::string();
}

std::string user_of(const json::object& entry, std::string_view name) {
  const auto* value = entry.if_contains(name);
  boost::system::error_code problem;
  const auto uid = value == nullptr ? UINT32_MAX : value->to_number<std::uint32_t>(problem);
  if (problem || uid == UINT32_MAX) return {};
  std::array<char, 4096> buffer{};
  passwd entry_of{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry_of, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return entry_of.pw_name;
  return std::to_string(uid);
}

// What may be done about it now.
std::string next_of(const std::string& action, const std::string& state, const std::string& key) {
  if (state == "pending") return fmt::format("tocsin action approve {} --reason \"…\"", key);
  const auto* known = responders::find_action(action);
  const bool final = known != nullptr && known->spec.reversibility == responders::Reversibility::irreversible;
  if (state == "applied" && !final) return fmt::format("tocsin action undo {} --reason \"…\"", key);
  return {};
}

// The first characters are enough for people.
constexpr std::size_t key_shown = 12;

json::object row_of(const json::object& entry, bool short_key) {
  json::object row;
  const auto key = text_of(entry, "key");
  const auto shown = short_key ? key.substr(0, key_shown) : key;
  const auto state = text_of(entry, "state");
  row["key"] = shown;
  row["time"] = text_of(entry, "time");
  row["action"] = text_of(entry, "action");
  std::string target;
  if (const auto* parameters = entry.if_contains("parameters"); parameters != nullptr && parameters->is_object()) {
    row["parameters"] = *parameters;
    // An action's first parameter is what it acts upon.
    if (!parameters->get_object().empty()) target = plain_text(parameters->get_object().begin()->value());
  }
  row["target"] = target;
  row["state"] = state;
  row["incident"] = text_of(entry, "incident");
  row["playbook"] = text_of(entry, "playbook");
  row["step"] = text_of(entry, "step");
  row["reason"] = text_of(entry, "reason");
  row["by"] = user_of(entry, "uid");
  row["approved_by"] = user_of(entry, "approved_by");
  row["effect"] = text_of(entry, "detail");
  row["changed"] = text_of(entry, "changed");
  row["expires"] = text_of(entry, "expires");
  row["next"] = next_of(text_of(entry, "action"), state, shown);
  return row;
}

Result<json::value> entries_of(ResponderClient& client) {
  TOCSIN_TRY(const auto text, client.list());
  boost::system::error_code problem;
  auto value = json::parse(text, problem);
  auto* list = problem || !value.is_object() ? nullptr : value.get_object().if_contains("entries");
  if (list == nullptr || !list->is_array()) return fail(Code::failure, "the responder's answer cannot be read");
  return std::move(*list);
}

Result<void> list_actions(CommandContext& context) {
  auto client = responder(context);
  TOCSIN_TRY(const auto entries, entries_of(client));
  TOCSIN_TRY(const auto where, parse_filter(context.options.text_or("where", "")));
  const auto limit = context.options.number("limit").value_or(0);
  const auto bound = [&](const char* name) {
    const auto given = context.options.text(name);
    return given ? parse_when(*given, context.clock.now()) : std::optional<Time>();
  };
  const auto since = bound("since");
  const auto until = bound("until");
  for (const auto& item : entries.get_array()) {
    if (!item.is_object()) continue;
    const auto row = row_of(item.get_object(), context.output.for_people() && !context.output.wide());
    const auto time = parse_time(text_of(row, "time"));
    if ((since && time && *time < *since) || (until && time && *time >= *until) || !where.matches(row)) continue;
    context.output.row(row);
    if (limit != 0 && context.output.rows() == limit) break;
  }
  if (context.output.rows() == 0 && context.output.for_people() && !context.options.flag("quiet"))
    context.err << "nothing found\n";
  return {};
}

// The one entry whose key begins so.
Result<json::object> entry_named(ResponderClient& client, const std::string& start) {
  TOCSIN_TRY(const auto entries, entries_of(client));
  const json::object* found = nullptr;
  for (const auto& item : entries.get_array()) {
    if (!item.is_object()) continue;
    const auto key = text_of(item.get_object(), "key");
    if (key == start) return item.get_object();
    if (start.empty() || !key.starts_with(start)) continue;
    if (found != nullptr)
      return fail(Code::conflict, fmt::format("several keys begin with {}; write more of it", escape_terminal(start)));
    found = &item.get_object();
  }
  if (found == nullptr)
    return fail(Code::not_found,
                fmt::format("no action's key begins with {}; see tocsin action list -o wide", escape_terminal(start)));
  return *found;
}

// Shows the entry as it stands now, and says what came of it.
Result<void> show_after(CommandContext& context, ResponderClient& client, const std::string& key,
                        const std::string& said) {
  TOCSIN_TRY(const auto after, entry_named(client, key));
  context.output.row(row_of(after, context.output.for_people() && !context.output.wide()));
  context.err << escape_terminal(said) << '\n';
  return {};
}

Result<void> approve_action(CommandContext& context) {
  auto client = responder(context);
  TOCSIN_TRY(const auto entry, entry_named(client, context.options.text_or("key", "")));
  const auto key = text_of(entry, "key");
  if (context.options.flag("dry-run")) {
    const auto state = text_of(entry, "state");
    if (state != "pending") return fail(Code::conflict, fmt::format("it is {}: there is nothing to approve", state));
    return show_after(context, client, key, "would be approved; nothing was done");
  }
  TOCSIN_TRY(const auto applied, client.approve(key, context.options.text_or("reason", "")));
  return show_after(context, client, key, "approved: " + applied.outcome.summary);
}

Result<void> undo_action(CommandContext& context) {
  auto client = responder(context);
  TOCSIN_TRY(const auto entry, entry_named(client, context.options.text_or("key", "")));
  const auto key = text_of(entry, "key");
  if (context.options.flag("dry-run")) return show_after(context, client, key, "would be undone; nothing was done");
  TOCSIN_TRY(const auto outcome, client.undo(key, context.options.text_or("reason", "")));
  return show_after(context, client, key, "undone: " + outcome.summary);
}

Result<void> halt_actions(CommandContext& context) {
  auto client = responder(context);
  const auto reason = context.options.text_or("reason", "");
  if (context.options.flag("dry-run")) {
    TOCSIN_TRY(const auto entries, entries_of(client));
    for (const auto& item : entries.get_array())
      if (item.is_object() && text_of(item.get_object(), "state") == "applied")
        context.output.row(row_of(item.get_object(), context.output.for_people() && !context.output.wide()));
    context.err << (context.options.flag("resume") ? "actions would be allowed again; nothing was done\n"
                                                   : "these would be undone and no more applied; nothing was done\n");
    return {};
  }
  if (context.options.flag("resume")) {
    TOCSIN_CHECK(client.resume(reason));
    context.err << "actions are allowed again, as the guard's policy says\n";
    return {};
  }
  TOCSIN_TRY(const auto text, client.halt(reason));
  boost::system::error_code problem;
  const auto value = json::parse(text, problem);
  if (problem || !value.is_object()) return fail(Code::failure, "the responder's answer cannot be read");
  const auto* undone = value.get_object().if_contains("undone");
  context.err << "halted: nothing more is applied until an approver resumes; undone: "
              << (undone == nullptr ? std::string("0") : plain_text(*undone)) << '\n';
  const auto* failed = value.get_object().if_contains("failed");
  if (failed == nullptr || !failed->is_array() || failed->get_array().empty()) return {};
  return fail(Code::partial, fmt::format("could not be undone: {}; see tocsin action list", plain_text(*failed)));
}

constexpr unsigned direct = feature::output | feature::config;

constexpr Example list_examples[] = {
    {"tocsin action list", "what was asked of the guard, applied and undone on this host"},
    {"tocsin action list --where 'state = applied'", "what is in force now"},
    {"tocsin action list --where 'state = pending'", "what waits for an approver"}};
constexpr Example approve_examples[] = {{"tocsin action approve 3f2a9c --reason \"checked with the owner\"",
                                         "let it happen; you did not ask for it yourself"},
                                        {"tocsin action approve 3f2a9c --dry-run", "look at it once more"}};
constexpr Example undo_examples[] = {
    {"tocsin action undo 3f2a9c --reason \"address belongs to a customer\"", "take an applied action back"},
    {"tocsin action undo 3f2a9c --reason \"not needed\"", "withdraw one that waits for an approver"}};
constexpr Example halt_examples[] = {
    {"tocsin action halt --reason \"wrong address blocked\" --yes", "undo what is in force, apply nothing more"},
    {"tocsin action halt --resume --reason \"guard policy corrected\" --yes", "allow actions again"}};
constexpr OptionRow key_options[] = {{.name = "key",
                                      .kind = OptionKind::positional,
                                      .value = "",
                                      .help = "a unique start of its key (tocsin action list)",
                                      .required = true}};
constexpr OptionRow halt_options[] = {
    {.name = "resume", .kind = OptionKind::flag, .value = "", .help = "allow actions again"}};
constexpr Column columns[] = {{"time", "TIME", Style::time},
                              {"action", "ACTION", Style::strong},
                              {"target", "TARGET", Style::plain, false, true},
                              {"state", "STATE", Style::state},
                              {"incident", "INCIDENT"},
                              {"by", "BY"},
                              {"approved_by", "APPROVED BY", Style::plain, true},
                              {"effect", "EFFECT", Style::plain, false, true},
                              {"expires", "EXPIRES", Style::time, true},
                              {"next", "NEXT", Style::faint, true, true},
                              {"key", "KEY", Style::faint}};

constexpr std::string_view members[] = {"parameters", "playbook", "step", "reason", "changed"};

constexpr CommandRow rows[] = {
    {.noun = "action",
     .verb = "list",
     .summary = "actions: waiting, applied, refused, undone",
     .examples = list_examples,
     .options = {},
     .features = direct | feature::rows | feature::period,
     .columns = columns,
     .run = list_actions,
     .members = members},
    {.noun = "action",
     .verb = "approve",
     .summary = "let an action happen that another person asked for",
     .examples = approve_examples,
     .options = key_options,
     .features = direct | feature::change | feature::single,
     .columns = columns,
     .run = approve_action,
     .members = members},
    {.noun = "action",
     .verb = "undo",
     .summary = "take an action back, or withdraw one that waits",
     .examples = undo_examples,
     .options = key_options,
     .features = direct | feature::change | feature::single,
     .columns = columns,
     .run = undo_action,
     .members = members},
    {.noun = "action",
     .verb = "halt",
     .summary = "undo and stop every action on this host at once",
     .examples = halt_examples,
     .options = halt_options,
     .features = direct | feature::change | feature::confirm,
     .columns = columns,
     .run = halt_actions,
     .members = members},
};

}  // namespace

std::span<const CommandRow> action_commands() { return rows; }

}  // namespace tocsin::daemon
