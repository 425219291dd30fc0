#pragma once
// Time zones from the system's database (RFC 8536 TZif), read once at start: libstdc++ 12 has no std::chrono::tzdb and
// the process environment stays untouched. Immutable after load; share freely between threads.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::collectors {

using LocalTime = std::chrono::local_time<Duration>;

// One "Mm.w.d/time" of a POSIX TZ string (IEEE 1003.1 §8.3).
struct ZoneSwitch {
  enum class Kind : std::uint8_t { month, julian, day } kind = Kind::month;
  int month = 0, week = 0, weekday = 0;
  int day = 0;
  std::int64_t second = 7200;
};

class TimeZone {
 public:
  TimeZone() = default;  // UTC
  explicit TimeZone(std::chrono::seconds fixed) : standard_(fixed.count()), daylight_(fixed.count()) {}

  // "UTC", "Z", "+03:00", an IANA name such as "Europe/Moscow", or "local" (/etc/localtime). invalid or not_found.
  static Result<TimeZone> load(std::string_view name, const std::string& directory = "/usr/share/zoneinfo");
  // TZif bytes; every count is checked.
  static Result<TimeZone> parse(std::string_view file);

  // Of two readings of a repeated hour the first is taken; a skipped hour counts on from before the gap.
  Time to_utc(LocalTime local) const noexcept;
  std::chrono::seconds offset_at(Time utc) const noexcept;

 private:
  bool parse_footer(std::string_view rule);
  std::int64_t rule_offset(std::int64_t utc) const noexcept;

  struct Transition {
    std::int64_t at;
    std::int64_t offset;  // from `at` on
  };
  std::vector<Transition> transitions_;
  std::int64_t first_ = 0;  // before the first transition
  // After the last transition.
  std::int64_t standard_ = 0;
  std::int64_t daylight_ = 0;
  bool has_daylight_ = false;
  bool has_rule_ = true;
  ZoneSwitch to_daylight_, to_standard_;
};

}  // namespace tocsin::collectors
