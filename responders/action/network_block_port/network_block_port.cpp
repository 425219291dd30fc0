#include "responders/action/network_block_port/network_block_port.h"

#include <fmt/format.h>

#include "responders/action/firewall/timed_element.h"

namespace tocsin::responders {
namespace {

SetElement element_of(const Parameters& parameters) {
  return port_element(parameters.text("protocol"), parameters.number("port"));
}

std::string shown_port(const Parameters& parameters) {
  return fmt::format("{}/{}", parameters.text("protocol"), parameters.number("port"));
}

std::string effect_of(const Parameters& parameters) {
  return fmt::format("port {} is blocked", shown_port(parameters));
}

}  // namespace

Forecast describe_network_block_port(const Parameters& parameters) {
  Forecast forecast = describe_timed_element(
      parameters, fmt::format("drop every packet that arrives at port {} of this host", shown_port(parameters)),
      element_of(parameters));
  forecast.touches.push_back({"port", shown_port(parameters)});
  return forecast;
}

std::unique_ptr<Action> make_network_block_port(const ActionEnvironment&) {
  return make_timed_element({network_block_port_spec, &element_of, &describe_network_block_port, &effect_of});
}

}  // namespace tocsin::responders
