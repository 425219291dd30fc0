#pragma once
// Field names as small numbers. Known ones are constants (`field::source_ip`, generated from etc/schema into
// field_table.h); names that only a product knows are interned while running, under their own name.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace tocsin {

enum class Field : std::uint16_t {};  // 0 = no field

enum class FieldType : std::uint8_t { text, ip, integer, unsigned_, real, boolean, time, duration, bytes };

struct FieldRow {
  std::string_view name;
  FieldType type;
  std::string_view doc;
};

// Names of one kind ↔ numbers; the numbers are dense and never reused. Thread-safe; `name` takes no lock.
class Interner {
 public:
  explicit Interner(std::size_t most);
  ~Interner();
  // 0 when the cap is reached (counted in `refused`).
  std::uint16_t intern(std::string_view name);
  std::uint16_t find(std::string_view name) const;         // 0 if unknown
  std::string_view name(std::uint16_t id) const noexcept;  // valid as long as the interner; empty if unknown
  std::size_t size() const noexcept;
  std::uint64_t refused() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One per process, handed by reference to whoever builds or renders events.
class FieldNames {
 public:
  FieldNames();  // the known fields, then room for 16,384 others
  Field intern(std::string_view name) { return Field{names_.intern(name)}; }
  std::optional<Field> find(std::string_view name) const;
  std::string_view name(Field field) const noexcept { return names_.name(static_cast<std::uint16_t>(field)); }
  // Type of a known field; text for all others.
  static FieldType type(Field field) noexcept;
  static bool known(Field field) noexcept;

 private:
  Interner names_;
};

}  // namespace tocsin
