#include "daemon/cli/relay.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ostream>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "daemon/cli/output.h"
#include "daemon/cli/shared_options.h"
#include "daemon/cli/times.h"
#include "daemon/config/config.h"

namespace tocsin::daemon {
namespace {

// What concerns this end only.
constexpr std::array<std::string_view, 11> ours{"output", "fields", "color",  "no-color", "no-pager", "width",
                                                "quiet",  "help",   "socket", "timeout",  "yes"};

std::string parameter_name(std::string_view option) {
  std::string out(option);
  std::ranges::replace(out, '-', '_');
  return out;
}

void show_progress(CommandContext& context, std::string_view what, std::uint64_t done, std::uint64_t of) {
  if (!context.talkative) return;
  if (of == 0) context.err << fmt::format("\r\x1b[K{} {}", escape_terminal(what), done) << std::flush;
  else
    context.err << fmt::format("\r\x1b[K{} {}/{} ({}%)", escape_terminal(what), done, of, done * 100 / of)
                << std::flush;
}

}  // namespace

std::string method_of(const CommandRow& command) {
  return command.verb.empty() ? std::string(command.noun) : std::string(command.noun) + "." + std::string(command.verb);
}

std::string params_of(const CommandContext& context) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  const auto known = options_of(context.command);
  for (const auto& [name, values] : context.options.all()) {
    if (std::ranges::find(ours, name) != ours.end()) continue;
    const auto row = std::ranges::find(known, name, &OptionRow::name);
    json.key(parameter_name(name));
    if (row != known.end() && row->kind == OptionKind::flag) {
      json.value(true);
    } else if (row != known.end() && (row->kind == OptionKind::list || row->kind == OptionKind::positional_list)) {
      json.begin_array();
      for (const auto& value : values) json.value(value);
      json.end_array();
    } else if (name == "since" || name == "until") {
      const auto when = parse_when(values.back(), context.clock.now());
      json.value(when ? render_time(*when) : values.back());
    } else {
      json.value(values.back());
    }
  }
  json.end_object();
  return out;
}

std::string socket_path(const CommandContext& context) {
  if (auto given = context.options.text("socket")) return *given;
  if (const char* given = std::getenv("TOCSIN_SOCKET"); given != nullptr && *given != '\0') return given;
  Diagnostics ignored;  // a broken configuration must not stop people from asking
  if (const auto config = read_config(context.places.config, context.places, ignored)) return config->control.socket;
  return context.places.runtime + "/control.sock";
}

Result<std::string> call_daemon(CommandContext& context, const std::function<bool(const boost::json::object&)>& row) {
  CallRequest request;
  request.method = method_of(context.command);
  request.params = params_of(context);
  if (context.options.flag("follow")) request.patience = Duration{0};
  if (const auto given = context.options.text("timeout")) {
    const auto patience = parse_duration(*given);
    if (!patience) return fail(Code::usage, "--timeout takes a length of time such as 90s");
    request.patience = *patience;
  }
  TOCSIN_TRY(auto client, ControlClient::connect(socket_path(context)));
  bool progress_shown = false;
  CallHandlers handlers;
  handlers.row = row;
  handlers.progress = [&](std::string_view what, std::uint64_t done, std::uint64_t of) {
    show_progress(context, what, done, of);
    progress_shown = context.talkative;
  };
  auto summary = client.call(request, handlers);
  if (progress_shown) context.err << "\r\x1b[K" << std::flush;
  return summary;
}

Result<void> relay_rows(CommandContext& context) {
  const auto summary = call_daemon(context, [&](const boost::json::object& row) {
    context.output.row(row);
    return static_cast<bool>(context.output.text());
  });
  if (!summary) return std::unexpected(summary.error());
  if (context.output.rows() == 0 && context.output.for_people() && context.talkative)
    context.err << "nothing found" << (context.options.flag("where") ? "; try a wider --where" : "") << '\n';
  return {};
}

Result<void> relay_change(CommandContext& context) {
  TOCSIN_TRY(const auto summary, call_daemon(context, [&](const boost::json::object& row) {
               context.output.row(row);
               return true;
             }));
  boost::json::error_code error;
  const auto value = boost::json::parse(summary, error);
  if (error || !value.is_object()) return {};
  if (const auto* message = value.get_object().if_contains("message"); message != nullptr && message->is_string())
    context.err << escape_terminal(plain_text(*message)) << '\n';
  return {};
}

Result<void> relay_text(CommandContext& context) {
  const auto summary = call_daemon(context, [&](const boost::json::object& row) {
    const auto* text = row.if_contains("text");
    const auto all = text == nullptr ? std::string{} : plain_text(*text);
    for (const auto line : split(all, '\n'))
      if (!line.empty()) context.out << escape_terminal(line) << '\n';
    return static_cast<bool>(context.out);
  });
  if (!summary) return std::unexpected(summary.error());
  return {};
}

}  // namespace tocsin::daemon
