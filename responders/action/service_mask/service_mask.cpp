#include "responders/action/service_mask/service_mask.h"

#include <fmt/format.h>

#include "responders/action/services/service_change.h"

namespace tocsin::responders {

Forecast describe_service_mask(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.push_back(fmt::format("stop {} and let nothing start it for {}", parameters.text("unit"),
                                       render_duration(parameters.duration("ttl"))));
  forecast.touches.push_back({"unit", parameters.text("unit")});
  forecast.undo = "after that time it is as before; earlier with `tocsin action undo`";
  return forecast;
}

std::unique_ptr<Action> make_service_mask(const ActionEnvironment& environment) {
  return make_service_change(service_mask_spec, ServiceDepth::mask, &describe_service_mask, environment);
}

}  // namespace tocsin::responders
