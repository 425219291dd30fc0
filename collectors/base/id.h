#pragma once
// Strong identifiers: a UUID of one kind never passes for another. RFC 9562.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/time.h"

namespace tocsin {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
  explicit operator bool() const noexcept { return *this != Uuid{}; }
};
std::string render_uuid(const Uuid& uuid);  // 8-4-4-4-12, lower case
std::optional<Uuid> parse_uuid(std::string_view text) noexcept;

// Randomness enters here. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};
// getrandom(2).
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};
// splitmix64 from a seed: replays and tests. Not thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

// Version 7: millisecond time, then random.
Uuid make_uuid7(Time time, Random& random);

template <class Tag>
struct Id {
  Uuid uuid;
  friend auto operator<=>(const Id&, const Id&) = default;
  explicit operator bool() const noexcept { return static_cast<bool>(uuid); }
};
using IncidentId = Id<struct IncidentTag>;
using RunId = Id<struct RunTag>;
using HostId = Id<struct HostTag>;
using OrganizationId = Id<struct OrganizationTag>;

}  // namespace tocsin
