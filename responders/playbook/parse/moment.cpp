#include "responders/playbook/parse/moment.h"

#include <string>

#include "collectors/base/text.h"

namespace tocsin::responders {

std::optional<Time> parse_moment(std::string_view text, Fraction fraction) {
  if (text.size() < 20 || text[10] != 'T' || text.back() != 'Z') return std::nullopt;
  const std::size_t digits = text[19] == '.' ? text.size() - 21 : 0;
  if (text.size() != 20 && (text[19] != '.' || digits == 0)) return std::nullopt;
  if (fraction == Fraction::milliseconds && digits != 3) return std::nullopt;
  const auto year = parse_signed(text.substr(0, 4));
  constexpr std::int64_t year_most = 2261;
  if (!year || *year <= year_most) return parse_time(text);
  // Judged by a year of the same length.
  const bool leap = (*year % 4 == 0 && *year % 100 != 0) || *year % 400 == 0;
  if (!parse_time((leap ? "2000" : "2001") + std::string(text.substr(4)))) return std::nullopt;
  return Time::max();
}

}  // namespace tocsin::responders
