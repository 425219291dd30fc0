#include "responders/action/network_block_address/network_block_address.h"

#include <fmt/format.h>

#include "responders/action/firewall/firewall.h"
#include "responders/action/firewall/timed_element.h"

namespace tocsin::responders {
namespace {

SetElement element_of(const Parameters& parameters) { return blocked_element(parameters.network("address")); }

std::string effect_of(const Parameters& parameters) { return shown(parameters.network("address")) + " is blocked"; }

}  // namespace

Forecast describe_network_block_address(const Parameters& parameters) {
  const Network& network = parameters.network("address");
  const bool single = network.prefix == (network.base.is_v4() ? 32 : 128);
  Forecast forecast = describe_timed_element(
      parameters, fmt::format("drop every packet from and to {}", shown(network)), element_of(parameters));
  forecast.touches.push_back({single ? "address" : "network", shown(network)});
  return forecast;
}

std::unique_ptr<Action> make_network_block_address(const ActionEnvironment&) {
  return make_timed_element({network_block_address_spec, &element_of, &describe_network_block_address, &effect_of});
}

}  // namespace tocsin::responders
