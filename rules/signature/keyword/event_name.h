#pragma once
// Event names of Suricata's own rule files that nothing here raises: rules about them load and stay silent, and the
// lint says so. A name leaves this list when it gets a row in collectors/packet/packet_event.cpp.

#include <string_view>

namespace tocsin::rules::signature {

// In the spelling of packet_event.h: "stream.wrong_thread".
bool is_unraised_event(std::string_view name) noexcept;

}  // namespace tocsin::rules::signature
