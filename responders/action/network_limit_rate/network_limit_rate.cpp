#include "responders/action/network_limit_rate/network_limit_rate.h"

#include <fmt/format.h>

#include "responders/action/firewall/firewall.h"
#include "responders/action/firewall/timed_element.h"

namespace tocsin::responders {
namespace {

SetElement element_of(const Parameters& parameters) {
  return limited_element(parameters.network("address"), parameters.text("rate"));
}

std::string effect_of(const Parameters& parameters) {
  return fmt::format("{} may send {} packets a second", shown(parameters.network("address")), parameters.text("rate"));
}

}  // namespace

Forecast describe_network_limit_rate(const Parameters& parameters) {
  const std::string address = shown(parameters.network("address"));
  Forecast forecast = describe_timed_element(
      parameters, fmt::format("drop what {} sends above {} packets a second", address, parameters.text("rate")),
      element_of(parameters));
  forecast.touches.push_back({"address", address});
  return forecast;
}

std::unique_ptr<Action> make_network_limit_rate(const ActionEnvironment&) {
  return make_timed_element({network_limit_rate_spec, &element_of, &describe_network_limit_rate, &effect_of});
}

}  // namespace tocsin::responders
