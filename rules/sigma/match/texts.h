#pragma once
// The values of one event as text in the forms predicates ask for: made once, for all programs that look at the event.
// One thread.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/event/value.h"

namespace tocsin::rules::sigma {

struct TextForms {
  std::string_view text;    // valid UTF-8
  std::string_view folded;  // of text
  std::uint64_t hash = 0;   // hash64 of text, where that is short enough to be remembered
  bool ascii = false;
};

class EventTexts {
 public:
  // The next event.
  void begin() noexcept;
  // Of the value at a place of the event: its fields by position, the original line behind them. Neither null nor a
  // list. Holds until the next begin(), as the value does.
  const TextForms& at(std::size_t place, const Value& value);
  // Of a text that stands at no place; holds as long.
  TextForms make(std::string_view text);
  // Room for a text; holds as long.
  std::string& storage();

 private:
  struct Entry {
    std::uint32_t epoch = 0;
    TextForms forms;
  };
  void fill(std::string_view text, TextForms& out);

  std::uint32_t epoch_ = 1;
  std::vector<Entry> entries_;
  std::deque<std::string> storage_;
  std::size_t storage_used_ = 0;
};

}  // namespace tocsin::rules::sigma
