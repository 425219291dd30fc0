#pragma once
// Time stamps at the head of (or inside) a log line. Each form is a strict prefix parser: it consumes exactly its text
// or nothing. A stamp may lack its year or its offset; LineClock supplies both.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "collectors/log/envelope/zone.h"

namespace tocsin::collectors {

enum class StampForm : std::uint8_t {
  syslog,   // Dec 10 06:55:46[.fraction] | Dec 10 2024 06:55:46 | *Mar  1 00:00:10.123: | Dec 10 06:55:46 2024
  iso,      // 2024-12-10T06:55:46[.fraction][Z|+00:00|+0000] or with a space; "," as fraction mark too
  slash,    // 2024/12/10 06:55:46[.fraction], 2024/12/10 - 06:55:46 (Gin)
  common,   // 10/Dec/2024:06:55:46 +0000 (Common Log Format), 10/Dec/2024 06:55:46
  ctime,    // Tue Dec 10 06:55:46[.fraction] 2024, or without the week day
  day,      // 10-Dec-2024 06:55:46[.fraction] (BIND)
  epoch,    // 1733813746[.fraction]
  compact,  // 241210  6:55:46 (MySQL) and 20241210 06:55:46
  us        // 12/10/24 06:55:46[.fraction], 12/10/2024, 6:55:46 PM, 12/10/2024:06:55:46 +0000
};
std::optional<StampForm> parse_stamp_form(std::string_view name) noexcept;

struct Stamp {
  LocalTime local{};  // with year 1972 (a leap year) when has_year is false
  bool has_year = true;
  std::optional<std::chrono::seconds> offset;  // as written in the stamp
  std::size_t length = 0;                      // bytes consumed
};
std::optional<Stamp> read_stamp(StampForm form, std::string_view text) noexcept;

// Per source: zone and year of stamps that lack them. One owner, one thread.
class LineClock {
 public:
  LineClock() = default;
  // `year` is the year of the first line (it then counts across New Year); 0 chooses the latest year that puts a line
  // no more than a day after `reference` (the time of reading).
  LineClock(TimeZone zone, int year) : zone_(std::move(zone)), year_(year) {}

  Time resolve(const Stamp& stamp, Time reference) noexcept;
  const TimeZone& zone() const noexcept { return zone_; }

 private:
  TimeZone zone_;
  int year_ = 0;
  unsigned last_month_ = 0;
};

}  // namespace tocsin::collectors
