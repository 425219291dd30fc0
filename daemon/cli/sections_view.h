#pragma once
// Screens of named sections (status): {"daemon": {"state": "ok", …}, "collect": [{…}, …], …}.

#include <boost/json/fwd.hpp>

namespace tocsin::daemon {

class Output;

// A member that is an object is drawn as keys and values, a list of objects as a small table, anything else as one
// line.
void draw_sections(Output& output, const boost::json::object& row);

}  // namespace tocsin::daemon
