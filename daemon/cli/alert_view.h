#pragma once
// One alert as an analyst reads it: title, who, why with the matching bytes, the original line.

#include <string>

#include <boost/json/fwd.hpp>

namespace tocsin::daemon {

class Output;

void draw_alert(Output& output, const boost::json::object& alert);
// Reasons of an alert, one line each: "selection: process.command_line = …". Escaped.
std::string reason_line(const boost::json::object& reason);

}  // namespace tocsin::daemon
