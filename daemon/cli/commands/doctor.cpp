// doctor: what this machine, this installation and this user allow; works with and without the daemon.

#include <fmt/format.h>
#include <boost/json.hpp>

#include "daemon/cli/commands/tables.h"
#include "daemon/cli/doctor.h"
#include "daemon/cli/output.h"
#include "daemon/cli/relay.h"

namespace tocsin::daemon {
namespace {

boost::json::object row_of(const Finding& finding) {
  boost::json::object row;
  row["area"] = finding.area;
  row["check"] = finding.check;
  row["state"] = finding_state_name(finding.state);
  row["found"] = finding.found;
  row["next_step"] = finding.next_step;
  return row;
}

// What the running daemon noticed about its captures.
void add_notices(const boost::json::object& status, std::vector<Finding>& out) {
  const auto* capture = status.if_contains("capture");
  if (capture == nullptr || !capture->is_array()) return;
  const auto text = [](const boost::json::object& notice, std::string_view name) {
    const auto* value = notice.if_contains(name);
    return value == nullptr ? std::string() : plain_text(*value);
  };
  for (const auto& each : capture->get_array()) {
    if (!each.is_object()) continue;
    const auto& notice = each.get_object();
    out.push_back({"sources", text(notice, "interface") + " " + text(notice, "notice"),
                   text(notice, "state") == "warning" ? FindingState::warning : FindingState::ok,
                   text(notice, "detail"), text(notice, "next_step")});
  }
}

Finding ask_daemon(CommandContext& context, std::vector<Finding>& notices) {
  Finding finding{"daemon", "tocsind", FindingState::ok, "answers at " + socket_path(context), ""};
  auto client = ControlClient::connect(socket_path(context), std::chrono::seconds{2});
  if (!client) {
    finding.state = FindingState::error;
    finding.found = client.error().message;
    finding.next_step = "systemctl start tocsind, then journalctl -u tocsind";
    return finding;
  }
  CallRequest request;
  request.method = "status";
  request.patience = std::chrono::seconds{5};
  CallHandlers handlers;
  handlers.row = [&](const boost::json::object& row) {
    add_notices(row, notices);
    return true;
  };
  if (const auto answered = client->call(request, handlers); !answered) {
    finding.state = FindingState::warning;
    finding.found = answered.error().message;
    finding.next_step =
        answered.error().code == Code::denied ? "join one of the tocsin groups" : "journalctl -u tocsind";
  }
  return finding;
}

Result<void> examine(CommandContext& context) {
  std::size_t errors = 0;
  const auto report = [&](const Finding& finding) {
    if (finding.state == FindingState::error) ++errors;
    context.output.row(row_of(finding));
  };
  std::vector<Finding> notices;
  report(ask_daemon(context, notices));
  for (const auto& finding :
       examine_host(context.places, context.options.text_or("config", context.places.config), context.clock.now()))
    report(finding);
  for (const auto& notice : notices) report(notice);
  context.output.finish();
  if (errors != 0) context.exit_status = exit_status(Code::failure);
  return {};
}

constexpr Example examples[] = {{"tocsin doctor", "what works here, what does not, and what to do about it"},
                                {"sudo tocsin doctor -o json", "the same with root's eyes, for a script"}};
constexpr Column columns[] = {{"state", "STATE", Style::state},
                              {"area", "AREA"},
                              {"check", "CHECK", Style::strong},
                              {"found", "FOUND", Style::plain, false, true},
                              {"next_step", "NEXT", Style::plain, false, true}};

constexpr CommandRow rows[] = {
    {.noun = "doctor",
     .verb = "",
     .summary = "examine kernel, installation, permissions and the daemon",
     .examples = examples,
     .options = {},
     .features = feature::output | feature::daemon | feature::config,
     .columns = columns,
     .run = examine,
     .details = "Exit status 1 when something is in state error."},
};

}  // namespace

std::span<const CommandRow> doctor_commands() { return rows; }

}  // namespace tocsin::daemon
