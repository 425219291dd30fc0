#pragma once
// What libhtp says of a connection, as events.

#include <optional>
#include <string_view>

#include "collectors/packet/flow.h"
#include "collectors/packet/packet_event.h"

namespace tocsin::collectors {

// The event a message stands for; `direction` is that of the bytes at hand. Nothing: not every message is one.
std::optional<PacketEvent> http_log_event(std::string_view message, Direction direction) noexcept;

}  // namespace tocsin::collectors
