#pragma once
// An event as the store keeps it (one flat JSON object, collectors/event append_json) → the event again: same id,
// class, host and values. For the store's own lines only: anyone can write a class and an id into a log.

#include <memory>
#include <string_view>

#include "collectors/event/event.h"

namespace tocsin::collectors {

// Keeps its parser between lines. One owner, one thread.
class StoredEventReader {
 public:
  explicit StoredEventReader(FieldNames& names);
  ~StoredEventReader();
  StoredEventReader(const StoredEventReader&) = delete;
  StoredEventReader& operator=(const StoredEventReader&) = delete;

  // Adds one event. False when the line is no stored event: no object, or without time, id and class.
  bool read(std::string_view line, EventBuilder& builder);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::collectors
