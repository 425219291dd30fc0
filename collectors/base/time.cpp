#include "collectors/base/time.h"

#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin {

using namespace std::chrono;

std::string render_time(Time time) {
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.", static_cast<int>(date.year()),
                                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  const auto ns = clock.subseconds().count();
  if (ns % 1000000 == 0) out += fmt::format("{:03}Z", ns / 1000000);
  else if (ns % 1000 == 0) out += fmt::format("{:06}Z", ns / 1000);
  else out += fmt::format("{:09}Z", ns);
  return out;
}

namespace {

// Takes `width` digits off the front.
std::optional<unsigned> take_digits(std::string_view& text, std::size_t width) noexcept {
  if (text.size() < width) return std::nullopt;
  unsigned value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, char c) noexcept {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Duration> take_fraction(std::string_view& text) noexcept {
  if (!take(text, '.') && !take(text, ',')) return Duration{0};
  std::int64_t ns = 0;
  std::int64_t scale = 100000000;
  std::size_t digits = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    ns += (text[0] - '0') * scale;
    scale /= 10;
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  return Duration{ns};
}

// Z, +hh:mm, +hhmm, or nothing.
std::optional<minutes> take_offset(std::string_view& text) noexcept {
  if (text.empty() || take(text, 'Z') || take(text, 'z')) return minutes{0};
  const bool west = text[0] == '-';
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  take(text, ':');
  const auto minute = take_digits(text, 2);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  const minutes offset{static_cast<int>(*hour * 60 + *minute)};
  return west ? -offset : offset;
}

}  // namespace

std::optional<Time> parse_time(std::string_view text) noexcept {
  text = trim(text);
  const auto y = take_digits(text, 4);
  if (!y || !take(text, '-')) return std::nullopt;
  const auto mo = take_digits(text, 2);
  if (!mo || !take(text, '-')) return std::nullopt;
  const auto d = take_digits(text, 2);
  if (!d) return std::nullopt;
  const year_month_day date{year{static_cast<int>(*y)}, month{*mo}, day{*d}};
  if (!date.ok() || *y < 1678 || *y > 2261) return std::nullopt;
  Time time = sys_days{date};
  if (text.empty()) return time;
  if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
  const auto h = take_digits(text, 2);
  if (!h || !take(text, ':')) return std::nullopt;
  const auto mi = take_digits(text, 2);
  if (!mi) return std::nullopt;
  unsigned s = 0;
  if (take(text, ':')) {
    const auto seconds = take_digits(text, 2);
    if (!seconds) return std::nullopt;
    s = *seconds;
  }
  if (*h > 23 || *mi > 59 || s > 60) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return time + hours{*h} + minutes{*mi} + seconds{s} + *fraction - *offset;
}

namespace {

struct Unit {
  std::string_view name;
  Duration length;
};
constexpr std::array<Unit, 8> units{{{"ns", nanoseconds{1}},
                                     {"us", microseconds{1}},
                                     {"ms", milliseconds{1}},
                                     {"s", seconds{1}},
                                     {"m", minutes{1}},
                                     {"h", hours{1}},
                                     {"d", hours{24}},
                                     {"w", hours{168}}}};

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) noexcept {
  text = trim(text);
  if (text.empty()) return std::nullopt;
  Duration total{0};
  while (!text.empty()) {
    const auto digits = text.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos) return std::nullopt;
    const auto number = parse_signed(text.substr(0, digits));
    text.remove_prefix(digits);
    const auto letters = text.find_first_of("0123456789");
    const auto name = text.substr(0, letters);
    text.remove_prefix(name.size());
    const Unit* unit = nullptr;
    for (const auto& u : units)
      if (u.name == name) unit = &u;
    if (!number || unit == nullptr || *number > INT64_MAX / unit->length.count()) return std::nullopt;
    const Duration part = unit->length * *number;
    if (total.count() > INT64_MAX - part.count()) return std::nullopt;
    total += part;
  }
  return total;
}

std::string render_duration(Duration duration) {
  if (duration < Duration{0}) return "-" + render_duration(-duration);
  if (duration < seconds{1}) {
    if (duration.count() % 1000000 == 0) return fmt::format("{}ms", duration.count() / 1000000);
    return duration.count() % 1000 == 0 ? fmt::format("{}us", duration.count() / 1000)
                                        : fmt::format("{}ns", duration.count());
  }
  std::string out;
  auto left = duration_cast<seconds>(duration).count();
  static constexpr std::pair<std::int64_t, char> parts[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
  for (const auto& [length, letter] : parts) {
    if (left >= length) out += fmt::format("{}{}", left / length, letter);
    left %= length;
  }
  const Duration rest = duration % seconds{1};
  if (rest != Duration{0}) out += render_duration(rest);
  return out;
}

}  // namespace tocsin
