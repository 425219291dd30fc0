#pragma once
// Alerts over time as inline SVG: stacked bars by severity. Colours come from the page's CSS classes (band-*), so that
// the chart follows light, dark and print.

#include <string>

#include "daemon/report/report_model.h"

namespace tocsin::daemon {

// Empty when there are no bars.
std::string render_chart(const Report& report);

}  // namespace tocsin::daemon
