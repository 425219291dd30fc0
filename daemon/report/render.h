#pragma once
// The renderers behind `render(report, format)`, and the words they share.

#include <string>
#include <string_view>
#include <vector>

#include "daemon/report/report_model.h"

namespace tocsin::daemon {

std::string render_html(const Report& report);
std::string render_markdown(const Report& report);
std::string render_csv(const Report& report);
std::string render_json(const Report& report);

std::string readable(std::string_view name);       // "true_positive" → "true positive"
std::string readable_duration(Duration duration);  // two largest units: "3h 12m"

// Who acts and is acted upon is two entities of an incident and one name for a reader; sorted by kind and value.
std::vector<rules::Entity> entities_once(const responders::Incident& incident);
std::string no_action_text(const Report& report);
std::string withheld_text(const Report& report);  // empty: nothing was

}  // namespace tocsin::daemon
