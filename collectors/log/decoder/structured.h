#pragma once
// Structured text inside a line: key=value, CEF, LEEF, CSV. Bounded in keys; broken text gives what was readable.

#include <functional>
#include <string_view>

#include "collectors/log/decoder/assign.h"

namespace tocsin::collectors {

// Calls `give` for each pair; quotes ("…" or '…') are removed, \" inside them is understood. At most `pairs_most`.
inline constexpr std::size_t pairs_most = 256;
void read_pairs(std::string_view text, char separator, char assign,
                const std::function<void(std::string_view key, std::string_view value)>& give);

void assign_pairs(LineContext& line, const KeyMap& map, std::string_view text);
// After "CEF:": version|vendor|product|version|id|name|severity|key=value …  (ArcSight CEF 25)
void assign_cef(LineContext& line, const KeyMap& map, std::string_view text);
// After "LEEF:": version|vendor|product|version|id|[delimiter|]key=value …  (QRadar LEEF 2.0)
void assign_leef(LineContext& line, const KeyMap& map, std::string_view text);
void assign_csv(LineContext& line, const KeyMap& map, std::string_view text);

}  // namespace tocsin::collectors
