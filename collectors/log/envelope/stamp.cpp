#include "collectors/log/envelope/stamp.h"

#include <array>
#include <utility>

#include "collectors/log/envelope/zone_name.h"

namespace tocsin::collectors {

using namespace std::chrono;

namespace {

class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  std::size_t at() const { return at_; }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  bool need(char c) { return ok_ = ok_ && take(c); }
  bool ok() const { return ok_; }
  void failed() { ok_ = false; }
  void back(std::size_t at) { at_ = at; }
  std::string_view rest() const { return text_.substr(at_); }
  void skip(std::size_t count) { at_ += count; }
  static bool digit(char c) { return c >= '0' && c <= '9'; }
  // Between `least` and `most` digits.
  int number(int least, int most) {
    int value = 0;
    int count = 0;
    while (count < most && digit(peek())) {
      value = value * 10 + (peek() - '0');
      ++at_;
      ++count;
    }
    if (count < least) ok_ = false;
    return value;
  }
  unsigned month() {
    static constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text_.size() - at_ >= 3)
      for (unsigned i = 0; i < 12; ++i)
        if (text_.substr(at_, 3) == names.substr(std::size_t{i} * 3, 3)) {
          at_ += 3;
          return i + 1;
        }
    ok_ = false;
    return 0;
  }
  void word() {
    while ((peek() | 32) >= 'a' && (peek() | 32) <= 'z') ++at_;
  }
  // ".123456"; ",123" too where a comma cannot be the next column of a table.
  Duration fraction(bool comma) {
    if (peek() != '.' && (!comma || peek() != ',')) return {};
    if (at_ + 1 >= text_.size() || !digit(text_[at_ + 1])) return {};
    ++at_;
    std::int64_t value = 0;
    std::int64_t scale = 1000000000;
    while (digit(peek())) {
      if (scale > 1) {
        scale /= 10;
        value += (peek() - '0') * scale;
      }
      ++at_;
    }
    return Duration{value};
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

struct Parts {
  int year = 1972;
  unsigned month = 0;
  int day = 0;
  Duration clock{};
};

Duration read_clock(Cursor& c, bool comma = false) {
  const int h = c.number(1, 2);
  c.need(':');
  const int m = c.number(2, 2);
  c.need(':');
  const int s = c.number(2, 2);
  if (h > 23 || m > 59 || s > 60) c.failed();
  return hours{h} + minutes{m} + seconds{s} + c.fraction(comma);
}

// Z, +hh:mm, +hhmm, +hh; absent leaves the cursor where it was.
std::optional<seconds> read_offset(Cursor& c) {
  if (c.take('Z') || c.take('z')) return seconds{0};
  const char sign = c.peek();
  if (sign != '+' && sign != '-') return std::nullopt;
  const auto start = c.at();
  c.take(sign);
  if (!Cursor::digit(c.peek())) {
    c.back(start);
    return std::nullopt;
  }
  const int h = c.number(2, 2);
  const bool colon = c.take(':');
  int m = 0;
  if (colon || Cursor::digit(c.peek())) m = c.number(2, 2);
  if (!c.ok() || h > 18 || m > 59) {
    c.failed();
    return std::nullopt;
  }
  const seconds offset{h * 3600 + m * 60};
  return sign == '-' ? -offset : offset;
}

// " CEST": the offset that the name stands for, if it stands for one; the cursor is behind it then, or where it was.
// `after`: what must follow, where a host could stand in its place; 0: anything that ends a word.
std::optional<seconds> read_zone_name(Cursor& c, char after = '\0') {
  if (c.peek() != ' ') return std::nullopt;
  const auto text = c.rest().substr(1);
  const auto zone = zone_name_at(text);
  if (!zone) return std::nullopt;
  const auto end = zone->name.size();
  if (after != '\0' && (end >= text.size() || text[end] != after)) return std::nullopt;
  c.skip(1 + end);
  return zone->offset;
}

std::optional<Stamp> make(const Cursor& c, const Parts& p, bool has_year, std::optional<seconds> offset = {}) {
  if (!c.ok() || p.year < 1900 || p.year > 2260) return std::nullopt;
  const year_month_day date{year{p.year}, month{p.month}, day{static_cast<unsigned>(p.day)}};
  if (!date.ok()) return std::nullopt;
  Stamp stamp;
  stamp.local = LocalTime{sys_days{date}.time_since_epoch() + p.clock};
  stamp.has_year = has_year;
  stamp.offset = offset;
  stamp.length = c.at();
  return stamp;
}

std::optional<Stamp> read_syslog(Cursor c) {
  const bool starred = c.take('*') || (c.peek() == '.' && c.take('.'));
  Parts p;
  p.month = c.month();
  c.need(' ');
  c.take(' ');
  p.day = c.number(1, 2);
  c.need(' ');
  bool has_year = false;
  const auto mark = c.at();
  if (const int y = c.number(0, 4); y >= 1900 && c.take(' ')) {
    p.year = y;
    has_year = true;
  } else {
    c.back(mark);
  }
  p.clock = read_clock(c);
  if (!has_year && c.peek() == ' ') {  // "Dec 10 06:55:46 2024 host"
    const auto before = c.at();
    c.take(' ');
    const int y = c.number(0, 4);
    if (y >= 1970 && y < 2261 && (c.peek() == ' ' || c.peek() == ':')) {
      p.year = y;
      has_year = true;
    } else {
      c.back(before);
    }
  }
  const auto offset = read_zone_name(c, ':');
  if (starred || c.peek() == ':') c.take(':');
  return make(c, p, has_year, offset);
}

std::optional<Stamp> read_iso(Cursor c, char separator) {
  Parts p;
  p.year = c.number(4, 4);
  c.need(separator);
  p.month = static_cast<unsigned>(c.number(2, 2));
  c.need(separator);
  p.day = c.number(2, 2);
  if (!c.take('T') && !c.take('t') && !c.take('\t')) {
    c.need(' ');
    c.take(' ');  // MariaDB pads the hour: "2024-12-10  6:55:46"
  }
  if (separator == '/' && c.take('-')) c.need(' ');
  if (!c.ok()) return std::nullopt;
  p.clock = read_clock(c, separator == '-');
  const auto mark = c.at();
  auto offset = read_offset(c);
  if (!offset && c.peek() == ' ') {  // "… 06:55:46 +0000" and "… 06:55:46 UTC"
    c.take(' ');
    offset = read_offset(c);
    if (!offset) {
      c.back(mark);
      offset = read_zone_name(c);
    }
  }
  return make(c, p, true, offset);
}

std::optional<Stamp> read_common(Cursor c) {
  Parts p;
  p.day = c.number(1, 2);
  c.need('/');
  p.month = c.month();
  c.need('/');
  p.year = c.number(4, 4);
  if (!c.take(' ')) c.need(':');
  p.clock = read_clock(c);
  std::optional<seconds> offset;
  if (c.take(' ')) offset = read_offset(c);
  return make(c, p, true, offset);
}

std::optional<Stamp> read_ctime(Cursor c) {
  const auto start = c.at();
  c.word();
  if (!c.take(' ')) return std::nullopt;
  if (Cursor::digit(c.peek()) || c.peek() == ' ') c.back(start);
  Parts p;
  p.month = c.month();
  c.need(' ');
  c.take(' ');
  p.day = c.number(1, 2);
  c.need(' ');
  p.clock = read_clock(c);
  auto offset = read_zone_name(c);  // "Tue Dec 10 06:55:46 CET 2024", as date(1) writes it
  c.need(' ');
  p.year = c.number(4, 4);
  if (!offset) offset = read_zone_name(c, ']');
  return make(c, p, true, offset);
}

std::optional<Stamp> read_day(Cursor c) {
  Parts p;
  p.day = c.number(1, 2);
  const char separator = c.peek() == ' ' ? ' ' : '-';  // bind's "10-Dec-2024", Redis's "10 Dec 2024"
  c.need(separator);
  p.month = c.month();
  c.need(separator);
  p.year = c.number(4, 4);
  c.need(' ');
  p.clock = read_clock(c);
  const auto mark = c.at();
  std::optional<seconds> offset;
  if (c.take(' ')) offset = read_offset(c);
  if (!offset) {
    c.back(mark);
    offset = read_zone_name(c);
  }
  return make(c, p, true, offset);
}

std::optional<Stamp> read_epoch(Cursor c) {
  std::int64_t value = 0;
  int digits = 0;
  while (Cursor::digit(c.peek()) && digits < 13) {
    value = value * 10 + (c.peek() - '0');
    c.take(c.peek());
    ++digits;
  }
  constexpr std::int64_t seconds_most = 9'000'000'000;  // the year 2255: nanoseconds still fit
  if (digits < 9 || (digits > 10 && digits < 13) || Cursor::digit(c.peek())) return std::nullopt;
  const bool in_milliseconds = digits == 13;
  if (value > (in_milliseconds ? seconds_most * 1000 : seconds_most)) return std::nullopt;
  Duration since = in_milliseconds ? Duration{milliseconds{value}} : Duration{seconds{value}};
  since += c.fraction(false);
  Stamp stamp;
  stamp.local = LocalTime{since};
  stamp.offset = seconds{0};
  stamp.length = c.at();
  return stamp;
}

std::optional<Stamp> read_compact(Cursor c) {
  Parts p;
  const auto start = c.at();
  c.number(6, 8);
  const auto length = c.at() - start;
  c.back(start);
  if (length != 6 && length != 8) return std::nullopt;
  p.year = length == 8 ? c.number(4, 4) : 2000 + c.number(2, 2);
  p.month = static_cast<unsigned>(c.number(2, 2));
  p.day = c.number(2, 2);
  c.need(' ');
  c.take(' ');
  p.clock = read_clock(c);
  return make(c, p, true);
}

std::optional<Stamp> read_us(Cursor c) {
  Parts p;
  p.month = static_cast<unsigned>(c.number(1, 2));
  c.need('/');
  p.day = c.number(1, 2);
  c.need('/');
  const auto start = c.at();
  p.year = c.number(2, 4);
  if (c.at() - start == 2) p.year += 2000;
  else if (c.at() - start != 4) return std::nullopt;
  c.take(',');
  if (!c.take(' ')) c.need(':');
  p.clock = read_clock(c);
  const auto mark = c.at();
  if (c.take(' ')) {
    const bool evening = c.take('P');
    if ((evening || c.take('A')) && c.take('M')) {
      const bool twelve = p.clock >= hours{12};
      if (evening && !twelve) p.clock += hours{12};
      if (!evening && twelve) p.clock -= hours{12};
      const auto offset = read_zone_name(c);
      return make(c, p, true, offset);
    }
    c.back(mark);
    c.take(' ');
    if (auto offset = read_offset(c)) return make(c, p, true, offset);
    c.back(mark);
  }
  const auto offset = read_zone_name(c);
  return make(c, p, true, offset);
}

}  // namespace

std::optional<StampForm> parse_stamp_form(std::string_view name) noexcept {
  static constexpr std::array<std::pair<std::string_view, StampForm>, 9> names{{{"syslog", StampForm::syslog},
                                                                                {"iso", StampForm::iso},
                                                                                {"slash", StampForm::slash},
                                                                                {"common", StampForm::common},
                                                                                {"ctime", StampForm::ctime},
                                                                                {"day", StampForm::day},
                                                                                {"epoch", StampForm::epoch},
                                                                                {"compact", StampForm::compact},
                                                                                {"us", StampForm::us}}};
  for (const auto& [text, form] : names)
    if (text == name) return form;
  return std::nullopt;
}

std::optional<Stamp> read_stamp(StampForm form, std::string_view text) noexcept {
  const Cursor c(text);
  switch (form) {
    case StampForm::syslog: return read_syslog(c);
    case StampForm::iso: return read_iso(c, '-');
    case StampForm::slash: return read_iso(c, '/');
    case StampForm::common: return read_common(c);
    case StampForm::ctime: return read_ctime(c);
    case StampForm::day: return read_day(c);
    case StampForm::epoch: return read_epoch(c);
    case StampForm::compact: return read_compact(c);
    case StampForm::us: return read_us(c);
  }
  return std::nullopt;
}

Time LineClock::resolve(const Stamp& stamp, Time reference) noexcept {
  LocalTime local = stamp.local;
  if (!stamp.has_year) {
    const auto day_point = floor<days>(stamp.local);
    const year_month_day date{day_point};
    const auto clock = stamp.local - day_point;
    const auto month_number = static_cast<unsigned>(date.month());
    int y = year_;
    if (year_ == 0) {
      y = static_cast<int>(year_month_day{floor<days>(reference)}.year());
      if (sys_days{year{y} / date.month() / date.day()} > reference + days{1}) --y;
    } else if (last_month_ >= month_number + 6) {  // months went back by half a year: the next year began
      y = ++year_;
      last_month_ = month_number;
    } else if (last_month_ == 1 && month_number == 12) {
      y = year_ - 1;  // a late line of the old year; the clock stays in the new one
    } else {
      last_month_ = month_number;
    }
    year_month_day real{year{y}, date.month(), date.day()};
    if (!real.ok()) real = year{y} / date.month() / last;  // 29 February outside a leap year
    local = LocalTime{sys_days{real}.time_since_epoch() + clock};
  }
  if (stamp.offset) return Time{local.time_since_epoch()} - *stamp.offset;
  return zone_.to_utc(local);
}

}  // namespace tocsin::collectors
