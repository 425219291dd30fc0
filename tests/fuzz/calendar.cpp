// rooms: report
// Calendar expressions: read or refused; what is read has an order.
#include <cstdlib>

#include "collectors/base/bytes.h"
#include "daemon/report/calendar.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const auto calendar = daemon::Calendar::parse(as_text({data, size}), {});
  if (!calendar) return 0;
  const Time now = Time{} + std::chrono::hours(24 * 365 * 50);
  const auto next = calendar->next(now);
  if (next && (*next <= now || calendar->last(*next) != next)) std::abort();
  return 0;
}
