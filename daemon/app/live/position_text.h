#pragma once
// Where to go on reading, as the store keeps it: one JSON object per file, under "file:" and its seed.

#include <optional>
#include <string>
#include <utility>

#include "collectors/log/tail/position.h"

namespace tocsin::daemon {

// Key and value; the value is empty when the position is finished and may be forgotten.
std::pair<std::string, std::string> render_position(const collectors::Position& position);
std::optional<collectors::Position> parse_position(const std::string& text);

}  // namespace tocsin::daemon
