#include "responders/action/service_stop/service_stop.h"

#include <fmt/format.h>

#include "responders/action/services/service_change.h"

namespace tocsin::responders {

Forecast describe_service_stop(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.push_back(
      fmt::format("stop {} for {}", parameters.text("unit"), render_duration(parameters.duration("ttl"))));
  forecast.touches.push_back({"unit", parameters.text("unit")});
  forecast.undo = "after that time it is as before; earlier with `tocsin action undo`";
  return forecast;
}

std::unique_ptr<Action> make_service_stop(const ActionEnvironment& environment) {
  return make_service_change(service_stop_spec, ServiceDepth::stop, &describe_service_stop, environment);
}

}  // namespace tocsin::responders
