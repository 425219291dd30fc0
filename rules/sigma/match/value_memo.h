#pragma once
// Which predicates hold for a value met before in the same field: most values of an event were in the one before it.
// A table of a fixed number of places; a new value takes the place of an old one. One owner, one thread.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rules/sigma/compile/predicate.h"

namespace tocsin::rules::sigma {

class ValueMemo {
 public:
  static constexpr std::size_t places = 1024;
  static constexpr std::size_t text_most = 160;  // longer values are rarely met again
  static constexpr std::size_t held_most = 24;

  struct Key {
    Slot slot = 0;
    Value::Kind kind{};  // 1 and "1" are not the same to a comparison
    std::string_view text;
  };

  // The text says the whole value, and is not too long.
  static bool fits(const Key& key) noexcept {
    const bool whole = key.kind == Value::Kind::text || key.kind == Value::Kind::integer ||
                       key.kind == Value::Kind::unsigned_ || key.kind == Value::Kind::ip;
    return whole && key.text.size() <= text_most;
  }
  // Nullopt: not met, or forgotten. Holds until the next keep().
  std::optional<std::span<const PredicateId>> find(const Key& key);
  // For the key of the last find(), which did not know it.
  void keep(const Key& key, std::span<const PredicateId> held);

 private:
  struct Place {
    std::uint64_t hash = 0;
    Slot slot = 0;
    Value::Kind kind{};
    bool taken = false;
    std::string text;
    std::vector<PredicateId> held;
  };
  std::vector<Place> table_;  // none before the first value
  std::uint64_t hash_ = 0;
};

}  // namespace tocsin::rules::sigma
