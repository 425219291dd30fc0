#pragma once
// Commands that are clients of the control socket: options become parameters, rows become output.

#include <functional>
#include <span>
#include <string>

#include <boost/json/fwd.hpp>

#include "collectors/base/result.h"
#include "daemon/cli/command.h"
#include "daemon/control/client.h"
#include "daemon/control/method.h"

namespace tocsin::daemon {

// "incident.show": the method behind a command; the noun alone when it has no verb.
std::string method_of(const CommandRow& command);
// Every option given, as {"since": "2026-11-22T13:30:00Z", "where": …, "dry_run": true, "incident": …}; options of the
// terminal (output, fields, color, …) stay here. Times are made absolute by the caller's clock.
std::string params_of(const CommandContext& context);
std::string socket_path(const CommandContext& context);

// Calls the command's method and gives each row to `row`; prints progress. The summary as JSON text.
Result<std::string> call_daemon(CommandContext& context, const std::function<bool(const boost::json::object&)>& row);

// The same for a method and parameters of the caller's making; descriptors go with the request.
Result<std::string> call_method(CommandContext& context, const std::string& method, const std::string& params,
                                std::span<const int> descriptors,
                                const std::function<bool(const boost::json::object&)>& row);

// The same for a method of this process: what only reads a store, or needs nothing at all.
Result<std::string> call_local(const MethodTable& methods, const std::string& method, std::string_view params,
                               const std::function<bool(const boost::json::object&)>& row,
                               std::span<const int> descriptors = {});

// Prints the summary's "remark", what one should know besides the rows, on stderr; not with --quiet.
void show_remark(CommandContext& context, std::string_view summary);

// Handlers for the table.
Result<void> relay_rows(CommandContext& context);    // rows to the output
Result<void> relay_change(CommandContext& context);  // rows, then one line of the summary's "message" on stderr
Result<void> relay_text(CommandContext& context);    // rows {"text": …} printed as they are (metrics)

}  // namespace tocsin::daemon
