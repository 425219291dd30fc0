#pragma once
// What records show of a frame.

#include <string>

#include "collectors/base/json.h"
#include "collectors/packet/frame/frame.h"

namespace tocsin::daemon {

// Printable ASCII and line ends as they are, anything else a dot.
std::string printable_payload(Bytes bytes);
// `"frame":{…}`
void append_frame(JsonWriter& json, const collectors::Frame& frame);

}  // namespace tocsin::daemon
