#pragma once
// A diagnostic as a row of output, the same for every command that checks something.

#include <boost/json/fwd.hpp>

#include "collectors/base/diagnostic.h"

namespace tocsin::daemon {

// severity, code, file, line, column, item, cause, next_step.
boost::json::object diagnostic_row(const Diagnostic& diagnostic);

}  // namespace tocsin::daemon
