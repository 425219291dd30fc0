#pragma once
// JSON objects as flat fields: nested names joined with dots, arrays as lists. RFC 8259 by simdjson; depth and number
// of members are capped.

#include <memory>
#include <string_view>

#include "collectors/log/decoder/assign.h"

namespace tocsin::collectors {

inline constexpr std::size_t json_members_most = 2048;
inline constexpr std::size_t json_depth_most = 32;

// Parses and flattens; keeps its memory between documents, and which fields their members are: of one set of names and
// one KeyMap. One owner, one thread.
class JsonFlattener {
 public:
  JsonFlattener();
  ~JsonFlattener();
  JsonFlattener(JsonFlattener&&) noexcept;
  JsonFlattener& operator=(JsonFlattener&&) noexcept;

  // False when the text is not one JSON object (then nothing was set). Windows events of the form
  // {"Event":{"System":…,"EventData":…}} get the names of the channel: EventID, Channel, Provider_Name, EventData
  // names.
  bool flatten(LineContext& line, const KeyMap& map, std::string_view json);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The same for a capture inside a line.
void assign_json(LineContext& line, const KeyMap& map, std::string_view json);

}  // namespace tocsin::collectors
