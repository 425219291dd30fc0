#pragma once
// When something is due, in the words of systemd.time(7): "daily", "*-*-* 06:00", "Mon..Fri 08:30", "*-*-01 00:00:00",
// "Mon *-1/3-1..7 09:00". The subset: optional weekdays, optional date, optional time; each number may be *, a list, a
// range a..b or a step a/n. Times are local to a zone.
//
// Daylight saving: an occurrence in a skipped hour happens once, as late as the gap is long; one in a repeated hour
// happens the first time only.

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "collectors/log/envelope/zone.h"

namespace tocsin::daemon {

class Calendar {
 public:
  // `invalid` names the part that cannot be read and shows an example.
  static Result<Calendar> parse(std::string_view text, collectors::TimeZone zone);

  // The first occurrence strictly after; nothing when there is none within five years ("*-02-30").
  std::optional<Time> next(Time after) const;
  // The last occurrence at or before.
  std::optional<Time> last(Time at) const;
  const collectors::TimeZone& zone() const noexcept { return zone_; }

 private:
  static constexpr int year_first = 1970;
  static constexpr int year_last = 2199;

  bool day_matches(std::chrono::local_days day) const;
  template <class Each>
  bool each_time(std::chrono::local_days day, Each&& each) const;

  collectors::TimeZone zone_;
  std::bitset<7> weekdays_;  // 0 = Sunday
  std::bitset<year_last + 1> years_;
  std::bitset<13> months_;
  std::bitset<32> days_;
  std::bitset<24> hours_;
  std::bitset<60> minutes_;
  std::bitset<60> seconds_;
};

}  // namespace tocsin::daemon
