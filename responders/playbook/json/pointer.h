#pragma once
// Where in a JSON document a byte offset is, as its readers name it (JSON Pointer, RFC 6901). Pure; any thread.

#include <cstdint>
#include <string>

#include "responders/playbook/json/document.h"

namespace tocsin::responders {

// The innermost value that begins at or before `offset`, a key counting as the beginning of its value: "/workflow/a~1b/
// commands/0". Empty: the whole document.
std::string json_pointer(const JsonNode& root, std::uint32_t offset);

// The byte offset of a place as JsonDocument::place gave it; 0 for a place that is not in the document.
std::uint32_t offset_of(const JsonDocument& document, Place place) noexcept;

}  // namespace tocsin::responders
