#pragma once
// One event as one line of JSON, and what a search asks of such a line.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "collectors/base/digest.h"
#include "collectors/event/event.h"
#include "daemon/store/segment/frame.h"

namespace tocsin::daemon {

// With its newline.
void append_line(std::string& out, const Event& event, const FieldNames& names);
// Keys are compared without case: hashes and host names come in both.
std::uint64_t key_hash(std::string_view text);

// Holds the JSON parser. One thread.
class LineReader {
 public:
  LineReader();
  ~LineReader();

  void keys(std::string_view line, const std::function<void(KeyKind, std::string_view)>& each);
  bool has_key(std::string_view line, KeyKind kind, std::string_view text);
  std::optional<Time> time(std::string_view line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::daemon
