#include "daemon/cli/field_check.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "daemon/app/list_methods.h"
#include "daemon/app/vocabulary.h"
#include "daemon/app/workbench.h"
#include "daemon/cli/relay.h"
#include "daemon/config/nearest.h"
#include "daemon/control/filter.h"

namespace tocsin::daemon {
namespace {

using Words = std::vector<std::string>;

Words named_fields(const CommandContext& context, const Filter& where) {
  Words out = where.fields();
  const auto chosen = context.options.text_or("fields", "") + "," + context.options.text_or("count-by", "");
  for (const auto field : split(chosen, ','))
    if (!trim(field).empty()) out.emplace_back(trim(field));
  return out;
}

Words own_fields(const CommandRow& command) {
  Words out;
  for (const auto& column : command.columns) out.emplace_back(column.key);
  for (const auto member : command.members)
    if (std::ranges::find(out, member) == out.end()) out.emplace_back(member);
  return out;
}

bool like_a_time(std::string_view value) {
  constexpr std::size_t year = 4;
  return value.size() >= year && value.front() >= '0' && value.front() <= '9' &&
         value.find_first_not_of("0123456789-:.+TZ ") == std::string_view::npos;
}

// What a field of the type never holds, said as what it does hold; empty: the comparison may be true.
std::string_view never(std::string_view type, const Filter::Comparison& one) {
  const bool pattern = !one.ordered && one.value.find_first_of("*?") != std::string::npos;
  if (one.contains || pattern) return {};
  if (type == "unsigned" || type == "integer" || type == "real") return parse_real(one.value) ? "" : "a number";
  if (type == "boolean") return one.value == "true" || one.value == "false" ? "" : "true or false";
  if (type == "time" && !like_a_time(one.value)) return "a time such as 2026-11-22T14:00:00+07:00";
  return {};
}

// A comparison that no record can answer finds nothing, and nothing looks like an answer.
Result<void> check_values(const CommandRow& command, const Filter& where) {
  if (command.vocabulary == Vocabulary::own) return {};
  for (const auto& one : where.comparisons()) {
    const std::string_view name = one.field;
    const auto field = standard_field(name.starts_with("fields.") ? name.substr(7) : name);
    const auto wanted = field ? never(field->type, one) : std::string_view{};
    if (wanted.empty()) continue;
    std::string text = fmt::format("--where: `{}` holds {} ({}); `{}` is none", escape_terminal(name), wanted,
                                   field->summary, escape_terminal(one.value));
    if (field->type == "time") text += "; a span back from now is said with --since and --until";
    return fail(Code::usage, std::move(text));
  }
  return {};
}

// "timeline.kind" is inside "timeline".
bool has(const CommandRow& command, const Words& own, std::string_view name) {
  if (std::ranges::find(own, name) != own.end()) return true;
  for (auto dot = name.rfind('.'); dot != std::string_view::npos && dot != 0; dot = name.rfind('.', dot - 1))
    if (std::ranges::find(command.members, name.substr(0, dot)) != command.members.end()) return true;
  return false;
}

// What this program knows without asking anybody: schema, alerts, protocols and the decoders in force.
Words event_fields(const CommandContext& context) {
  FieldNames names;
  intern_protocol_fields(names);
  Diagnostics ignored;
  if (const auto config =
          read_config(context.options.text_or("config", context.places.config), context.places, ignored))
    std::ignore = load_decoders(*config, names, ignored);  // those that cannot be read bring no names
  Words out;
  for (auto& field : all_fields(names)) out.push_back(std::move(field.name));
  return out;
}

// Those of `unknown` that the daemon or a store has seen all the same.
Result<Words> seen_fields(CommandContext& context, const Words& unknown) {
  std::string params;
  JsonWriter json(params);
  json.begin_object().key("name").begin_array();
  for (const auto& name : unknown) json.value(name);
  json.end_array().end_object();
  Words out;
  const auto keep = [&](const boost::json::object& row) {
    if (const auto* name = row.if_contains("name"); name != nullptr && name->is_string())
      out.emplace_back(name->get_string());
    return true;
  };
  if (const auto store = context.options.text("store")) {
    const FieldNames names;
    MethodTable methods;
    add_list_methods(methods, names, *store);
    TOCSIN_CHECK(call_local(methods, "list.fields", params, keep));
  } else {
    TOCSIN_CHECK(call_method(context, "list.fields", params, {}, keep));
  }
  return out;
}

std::unexpected<Error> unknown_field(const CommandRow& command, const std::string& name, const Words& known) {
  std::string text = fmt::format("there is no field `{}` in `tocsin {}`", escape_terminal(name), full_name(command));
  const auto close = close_fields(name, known);
  if (!close.empty()) text += fmt::format("; did you mean `{}`?", fmt::join(close, "`, `"));
  if (command.vocabulary != Vocabulary::own) text += "\nall are listed by: tocsin list fields";
  else text += fmt::format("\nit has: {}", fmt::join(known, ", "));
  return fail(Code::usage, std::move(text));
}

// "src_ip" and "dest.port" as the schema says it.
std::string spelled_out(std::string_view word) {
  static constexpr std::pair<std::string_view, std::string_view> shorthand[] = {
      {"src", "source"},         {"dst", "destination"}, {"dest", "destination"},    {"username", "user.name"},
      {"hostname", "host.name"}, {"proc", "process"},    {"cmdline", "command_line"}};
  std::string out;
  for (std::size_t at = 0; at <= word.size();) {
    const auto end = std::min(word.find_first_of("._-", at), word.size());
    auto part = word.substr(at, end - at);
    for (const auto& [shorter, longer] : shorthand)
      if (part == shorter) part = longer;
    if (!out.empty()) out += '.';
    out += part;
    at = end + 1;
  }
  return out;
}

}  // namespace

Words close_fields(std::string_view given, const Words& known) {
  constexpr std::size_t most = 3;
  const auto word = lower_ascii(given);
  const auto spelled = spelled_out(word);
  Words out;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && out.size() < most && std::ranges::find(out, name) == out.end()) out.push_back(name);
  };
  if (std::ranges::find(known, spelled) != known.end()) add(spelled);
  add(nearest(word, known));
  add(nearest(spelled, known));
  for (const auto& name : known)
    if (name.ends_with("." + word)) add(name);
  for (const auto& name : known)
    if (name.starts_with(word + ".")) add(name);
  return out;
}

Result<void> check_fields(CommandContext& context) {
  const auto& command = context.command;
  TOCSIN_TRY(const auto where, parse_filter(context.options.text_or("where", "")));
  TOCSIN_CHECK(check_values(command, where));
  const Words named = named_fields(context, where);
  const bool anything = command.vocabulary == Vocabulary::own && command.columns.empty() && command.members.empty();
  if (named.empty() || anything) return {};
  Words known = own_fields(command);
  Words unknown;
  for (const auto& name : named)
    if (!has(command, known, name)) unknown.push_back(name);
  if (unknown.empty()) return {};
  if (command.vocabulary != Vocabulary::own) {
    for (auto& name : event_fields(context)) known.push_back(std::move(name));
    std::erase_if(unknown, [&](const std::string& name) {
      // "fields.source.ip" is the event's own, said at length.
      const auto inner = name.starts_with("fields.") ? name.substr(7) : name;
      return std::ranges::find(known, inner) != known.end();
    });
    // A recording that is being replayed can be asked nothing beforehand.
    if (!unknown.empty() && (command.features & feature::rows) != 0) {
      TOCSIN_TRY(const auto seen, seen_fields(context, unknown));
      std::erase_if(unknown, [&](const std::string& name) { return std::ranges::find(seen, name) != seen.end(); });
    }
  }
  if (unknown.empty()) return {};
  return unknown_field(command, unknown.front(), known);
}

}  // namespace tocsin::daemon
