#include "collectors/log/envelope/zone.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

using namespace std::chrono;

namespace {

constexpr std::size_t file_most = 64 * 1024;

class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}
  bool ok() const { return ok_; }
  bool done() const { return at_ >= text_.size(); }
  bool take(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void name() {
    if (take('<')) {
      while (!done() && text_[at_] != '>') ++at_;
      ok_ = ok_ && take('>');
      return;
    }
    const auto start = at_;
    while (!done() && ((text_[at_] | 32) >= 'a' && (text_[at_] | 32) <= 'z')) ++at_;
    ok_ = ok_ && at_ - start >= 3;
  }
  int number() {
    int value = 0;
    const auto start = at_;
    while (!done() && text_[at_] >= '0' && text_[at_] <= '9' && at_ - start < 4)
      value = value * 10 + (text_[at_++] - '0');
    ok_ = ok_ && at_ != start;
    return value;
  }
  // [+-]hh[:mm[:ss]]
  std::int64_t clock() {
    const bool negative = take('-');
    if (!negative) take('+');
    std::int64_t value = number() * 3600;
    if (take(':')) value += number() * 60;
    if (take(':')) value += number();
    return negative ? -value : value;
  }
  ZoneSwitch change() {
    ZoneSwitch s;
    if (take('M')) {
      s.month = number();
      ok_ = ok_ && take('.');
      s.week = number();
      ok_ = ok_ && take('.');
      s.weekday = number();
      ok_ = ok_ && s.month >= 1 && s.month <= 12 && s.week >= 1 && s.week <= 5 && s.weekday <= 6;
    } else {
      s.kind = take('J') ? ZoneSwitch::Kind::julian : ZoneSwitch::Kind::day;
      s.day = number();
      ok_ = ok_ && s.day <= 365;
    }
    if (take('/')) s.second = clock();
    return s;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

// Local seconds since the epoch of a switch in one year.
std::int64_t switch_at(const ZoneSwitch& s, year y) {
  sys_days date;
  if (s.kind == ZoneSwitch::Kind::month) {
    const month m{static_cast<unsigned>(s.month)};
    const weekday w{static_cast<unsigned>(s.weekday)};
    date = s.week == 5 ? sys_days{y / m / w[last]} : sys_days{y / m / w[static_cast<unsigned>(s.week)]};
  } else {
    int day_of_year = s.day;
    if (s.kind == ZoneSwitch::Kind::julian) day_of_year += (y.is_leap() && s.day >= 60) ? 0 : -1;
    date = sys_days{y / January / 1} + days{day_of_year};
  }
  return duration_cast<seconds>(date.time_since_epoch()).count() + s.second;
}

struct Counts {
  std::uint32_t utc, standard, leap, times, types, letters;
};
Counts read_header(ByteReader& reader) {
  reader.skip(20);  // magic, version, reserved: checked by the caller
  Counts c{};
  c.utc = reader.u32();
  c.standard = reader.u32();
  c.leap = reader.u32();
  c.times = reader.u32();
  c.types = reader.u32();
  c.letters = reader.u32();
  return c;
}

std::optional<TimeZone> fixed_zone(std::string_view name) {
  if (name.empty() || name == "UTC" || name == "Z" || name == "GMT" || name == "Etc/UTC") return TimeZone{};
  if (name[0] != '+' && name[0] != '-') return std::nullopt;
  std::string digits;
  for (const char c : name.substr(1))
    if (c >= '0' && c <= '9') digits += c;
    else if (c != ':') return std::nullopt;
  if (digits.size() != 4 && digits.size() != 2) return std::nullopt;
  int value = ((digits[0] - '0') * 10 + (digits[1] - '0')) * 3600;
  if (digits.size() == 4) value += ((digits[2] - '0') * 10 + (digits[3] - '0')) * 60;
  return TimeZone{seconds{name[0] == '-' ? -value : value}};
}

}  // namespace

Result<TimeZone> TimeZone::load(std::string_view name, const std::string& directory) {
  if (const auto fixed = fixed_zone(name)) return *fixed;
  std::string path = "/etc/localtime";
  if (name != "local") {
    const bool plain = std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
             c == '-' || c == '+';
    });
    if (!plain || name.front() == '/' || name.size() > 64)
      return fail(Code::invalid,
                  "\"" + std::string(name) + "\" is not a time zone name. Use one such as Europe/Berlin.");
    path = directory + "/" + std::string(name);
  }
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return fail(Code::not_found, "time zone \"" + std::string(name) + "\" is unknown (no " + path +
                                     "). Use an IANA name, an offset such as +03:00, or install tzdata.");
  std::string bytes;
  bytes.resize(file_most);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  auto zone = parse(bytes);
  if (!zone) return std::unexpected(std::move(zone).error().within("while reading " + path));
  return zone;
}

Result<TimeZone> TimeZone::parse(std::string_view file) {
  const auto broken = [] { return fail(Code::invalid, "not a time zone file (RFC 8536)"); };
  ByteReader reader(as_bytes(file));
  if (file.size() < 44 || !file.starts_with("TZif") || file[4] < '2') return broken();
  const Counts old = read_header(reader);
  reader.skip(std::size_t{old.times} * 5 + std::size_t{old.types} * 6 + old.letters + std::size_t{old.leap} * 8 +
              old.standard + old.utc);
  const Counts c = read_header(reader);
  if (!reader.ok() || c.times > 4096 || c.types == 0 || c.types > 256 || c.letters > 4096) return broken();
  TimeZone zone;
  zone.transitions_.resize(c.times);
  for (auto& t : zone.transitions_) t.at = static_cast<std::int64_t>(reader.u64());
  const Bytes kinds = reader.take(c.times);
  std::vector<std::int64_t> offsets(c.types);
  for (auto& offset : offsets) {
    offset = static_cast<std::int32_t>(reader.u32());
    reader.skip(2);
  }
  reader.skip(std::size_t{c.letters} + std::size_t{c.leap} * 12 + c.standard + c.utc);
  if (!reader.ok()) return broken();
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] >= offsets.size()) return broken();
    zone.transitions_[i].offset = offsets[kinds[i]];
  }
  if (!std::ranges::is_sorted(zone.transitions_, {}, &Transition::at)) return broken();
  zone.first_ = offsets[0];
  auto footer = as_text(reader.rest());
  if (footer.starts_with('\n')) footer.remove_prefix(1);
  footer = footer.substr(0, footer.find('\n'));
  zone.has_rule_ = zone.parse_footer(footer);
  if (!zone.has_rule_) zone.standard_ = zone.transitions_.empty() ? zone.first_ : zone.transitions_.back().offset;
  return zone;
}

bool TimeZone::parse_footer(std::string_view rule) {
  if (rule.empty()) return false;
  RuleReader reader(rule);
  reader.name();
  standard_ = -reader.clock();
  daylight_ = standard_;
  if (!reader.ok()) return false;
  if (reader.done()) return true;
  reader.name();
  daylight_ = standard_ + 3600;
  if (!reader.done() && !reader.take(',')) {
    daylight_ = -reader.clock();
    reader.take(',');
  }
  to_daylight_ = reader.change();
  if (!reader.take(',')) return false;
  to_standard_ = reader.change();
  has_daylight_ = reader.ok();
  return reader.ok();
}

std::int64_t TimeZone::rule_offset(std::int64_t utc) const noexcept {
  if (!has_daylight_) return standard_;
  const year_month_day date{floor<days>(sys_seconds{seconds{utc + standard_}})};
  const std::int64_t begin = switch_at(to_daylight_, date.year()) - standard_;
  const std::int64_t end = switch_at(to_standard_, date.year()) - daylight_;
  const bool daylight = begin < end ? utc >= begin && utc < end : utc >= begin || utc < end;
  return daylight ? daylight_ : standard_;
}

seconds TimeZone::offset_at(Time utc) const noexcept {
  const auto at = floor<seconds>(utc).time_since_epoch().count();
  if (transitions_.empty() || at >= transitions_.back().at) return seconds{rule_offset(at)};
  const auto next = std::ranges::upper_bound(transitions_, at, {}, &Transition::at);
  return seconds{next == transitions_.begin() ? first_ : std::prev(next)->offset};
}

Time TimeZone::to_utc(LocalTime local) const noexcept {
  const Time naive{local.time_since_epoch()};
  const auto before = offset_at(naive - days{1});
  const auto after = offset_at(naive + days{1});
  if (before == after) {
    const Time utc = naive - before;
    if (offset_at(utc) == before) return utc;
    return naive - offset_at(utc);
  }
  const Time first = naive - before;
  if (offset_at(first) == before) return first;
  const Time second = naive - after;
  return offset_at(second) == after ? second : first;
}

}  // namespace tocsin::collectors
