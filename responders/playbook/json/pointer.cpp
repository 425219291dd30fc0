#include "responders/playbook/json/pointer.h"

#include <algorithm>

namespace tocsin::responders {
namespace {

void append_escaped(std::string& out, std::string_view token) {
  out += '/';
  for (const char c : token) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
}

}  // namespace

std::string json_pointer(const JsonNode& root, std::uint32_t offset) {
  std::string out;
  // Depth is capped by the reader; children stand in the order of their offsets.
  for (const JsonNode* at = &root; at->offset < offset;) {
    if (at->is(JsonNode::Kind::object)) {
      const auto after = std::upper_bound(at->members.begin(), at->members.end(), offset,
                                          [](std::uint32_t o, const JsonMember& m) { return o < m.offset; });
      if (after == at->members.begin()) break;
      const JsonMember& member = *(after - 1);
      append_escaped(out, member.name);
      at = &member.value;
    } else if (at->is(JsonNode::Kind::array)) {
      const auto after = std::upper_bound(at->items.begin(), at->items.end(), offset,
                                          [](std::uint32_t o, const JsonNode& n) { return o < n.offset; });
      if (after == at->items.begin()) break;
      append_escaped(out, std::to_string(after - at->items.begin() - 1));
      at = &*(after - 1);
    } else {
      break;
    }
  }
  return out;
}

std::uint32_t offset_of(const JsonDocument& document, Place place) noexcept {
  if (place.line == 0 || place.column == 0 || place.line > document.line_starts.size()) return 0;
  return document.line_starts[place.line - 1] + place.column - 1;
}

}  // namespace tocsin::responders
