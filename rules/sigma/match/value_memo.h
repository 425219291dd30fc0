#pragma once
// Which predicates hold for a value met before in the same field: most values of an event were in the one before it.
// A table of a fixed number of places; a new value takes the place of an old one. One owner, one thread.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "rules/sigma/compile/predicate.h"

namespace tocsin::rules::sigma {

class ValueMemo {
 public:
  static constexpr unsigned places_bits = 11;
  static constexpr std::size_t places = std::size_t{1} << places_bits;
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
  // Nullopt: not met, or forgotten. Holds until the next keep(). `hash` is hash64 of the key's text.
  std::optional<std::span<const PredicateId>> find(const Key& key, std::uint64_t hash);
  // The key will be asked for soon: what may be known of it is fetched in the meantime.
  void expect(const Key& key, std::uint64_t hash) const noexcept;
  // For the key of the last find(), which did not know it.
  void keep(const Key& key, std::span<const PredicateId> held);

 private:
  // All of a place stands together, the text in front of the predicates: a look costs one line of memory or two.
  struct Place {
    std::uint64_t hash = 0;
    std::uint32_t tag = 0;  // of slot and kind; 0: free
    std::uint8_t size = 0;
    std::uint8_t held = 0;
    std::array<PredicateId, text_most / sizeof(PredicateId) + held_most> room;

    std::string_view text() const noexcept { return {reinterpret_cast<const char*>(room.data()), size}; }
    static std::size_t behind(std::size_t text) noexcept {
      return (text + sizeof(PredicateId) - 1) / sizeof(PredicateId);
    }
  };
  static std::uint32_t tag_of(const Key& key) noexcept {
    return (key.slot + 1) * 16 + static_cast<std::uint32_t>(key.kind);
  }

  static std::uint64_t mixed(std::uint64_t hash, std::uint32_t tag) noexcept {
    return (hash ^ tag) * 0x9E3779B97F4A7C15ULL;  // stirs the upper half: places are taken from there
  }

  std::vector<Place> table_;  // none before the first value
  std::uint64_t hash_ = 0;
};

}  // namespace tocsin::rules::sigma
