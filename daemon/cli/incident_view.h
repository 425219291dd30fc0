#pragma once
// The incident screen: what happened, in order, with reasons; what was or would be done; what to do next.
// The row's shape is in daemon/control/README.md. Missing parts are left out, unknown ones ignored.

#include <boost/json/fwd.hpp>

namespace tocsin::daemon {

class Output;

void draw_incident(Output& output, const boost::json::object& incident);

}  // namespace tocsin::daemon
