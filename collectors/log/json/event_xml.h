#pragma once
// A Windows event as one line of XML (Event Viewer, wevtutil, collectors that forward it so): the same flat names as
// its JSON form. No document model: one bounded pass over the tags; what is not well-formed gives what was readable.
// Format: the Windows event schema, http://schemas.microsoft.com/win/2004/08/events/event.

#include <string_view>

#include "collectors/log/decoder/assign.h"

namespace tocsin::collectors {

inline constexpr std::size_t event_elements_most = 512;

bool looks_like_event_xml(std::string_view text) noexcept;
// Members of System by element ("EventID") and attribute ("Provider_Name"), of EventData by the name they carry, of
// UserData by element. False when there is no System.
bool flatten_event_xml(LineContext& line, std::string_view text);

}  // namespace tocsin::collectors
