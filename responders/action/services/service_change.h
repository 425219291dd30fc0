#pragma once
// service.stop and service.mask: a unit is stopped, and for the second kept from being started, for a limited time.

#include <memory>

#include "responders/action/action.h"
#include "responders/action/environment.h"
#include "responders/action/services/manager.h"

namespace tocsin::responders {

enum class ServiceDepth : std::uint8_t { stop, mask };
// `manager` null: systemd.
std::unique_ptr<Action> make_service_change(const ActionSpec& spec, ServiceDepth depth,
                                            Forecast (*describe)(const Parameters&),
                                            const ActionEnvironment& environment,
                                            std::unique_ptr<ServiceManager> manager = nullptr);

}  // namespace tocsin::responders
