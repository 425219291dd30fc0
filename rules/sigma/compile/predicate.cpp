#include "rules/sigma/compile/predicate.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "collectors/base/text.h"

namespace tocsin::rules::sigma {
namespace {

bool starts_number(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  const char c = text[0];
  return (c >= '0' && c <= '9') || c == '-' || c == '.';
}

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int number = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

struct CivilTime {
  std::chrono::year_month_day date;
  int hour = 0;
  int minute = 0;
};

// The clock reading as written: the zone of the event is not converted.
std::optional<CivilTime> civil_time(std::string_view text) {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
  CivilTime out;
  out.date = std::chrono::year{*year} / std::chrono::month{static_cast<unsigned>(*month)} /
             std::chrono::day{static_cast<unsigned>(*day)};
  if (!out.date.ok()) return std::nullopt;
  if (text.size() == 10) return out;
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  if (!hour || !minute || (text[10] != 'T' && text[10] != ' ') || text[13] != ':') return std::nullopt;
  if (*hour > 23 || *minute > 59) return std::nullopt;
  out.hour = *hour;
  out.minute = *minute;
  return out;
}

int iso_week(std::chrono::year_month_day date) {
  using std::chrono::days;
  const std::chrono::sys_days day = date;
  const auto weekday = std::chrono::weekday(day).iso_encoding();
  // The week belongs to the year its Thursday is in.
  const auto thursday = day + days(4) - days(static_cast<int>(weekday));
  const auto year = std::chrono::year_month_day(thursday).year();
  const std::chrono::sys_days first = year / std::chrono::January / 1;
  return static_cast<int>((thursday - first) / days(7)) + 1;
}

int part_of(const CivilTime& time, TimePart part) {
  switch (part) {
    case TimePart::minute: return time.minute;
    case TimePart::hour: return time.hour;
    case TimePart::day: return static_cast<int>(static_cast<unsigned>(time.date.day()));
    case TimePart::week: return iso_week(time.date);
    case TimePart::month: return static_cast<int>(static_cast<unsigned>(time.date.month()));
    case TimePart::year: return static_cast<int>(time.date.year());
  }
  return 0;
}

bool in_network(const Network& network, const Operand& operand) {
  IpAddress address = operand.value.as_ip();
  if (!address) {
    const auto parsed = parse_address(operand.text);
    if (!parsed) return false;
    address = *parsed;
  }
  return network.contains(address) || network.contains(address.unmapped());
}

}  // namespace

std::string Predicate::identity() const {
  return fmt::format("{}|{}|{}|{}{}{}|{}|{}|{}|{}|{}|{}{}{}|{}|{}", static_cast<int>(kind), slot, other, cased, starts,
                     ends, static_cast<int>(comparison), static_cast<int>(time_part), number.is_real, number.integer,
                     number.real, flags.ignore_case, flags.multiline, flags.dot_all,
                     kind == Kind::network ? render_network(network) : text, pattern.render_exact());
}

std::optional<double> number_of(const Operand& operand) {
  if (operand.value.is_number()) return operand.value.as_real();
  if (!starts_number(operand.text)) return std::nullopt;
  const auto number = parse_real(operand.text);
  if (!number || !std::isfinite(*number)) return std::nullopt;
  return number;
}

bool compares(double value, Comparison comparison, double with) {
  switch (comparison) {
    case Comparison::equal: return value == with;
    case Comparison::less: return value < with;
    case Comparison::less_equal: return value <= with;
    case Comparison::greater: return value > with;
    case Comparison::greater_equal: return value >= with;
  }
  return false;
}

bool holds(const Predicate& p, const Operand& operand) {
  switch (p.kind) {
    case Predicate::Kind::present:
    case Predicate::Kind::has_value:
    case Predicate::Kind::field: return false;
    case Predicate::Kind::exact: return operand.folded == p.text;
    case Predicate::Kind::number: {
      if (operand.text == p.text) return true;
      const auto number = number_of(operand);
      return number && *number == p.number.real;
    }
    case Predicate::Kind::pattern: return matches(p.pattern, p.cased ? operand.text : operand.folded);
    case Predicate::Kind::regex: return p.regex.search(operand.text);
    case Predicate::Kind::network: return in_network(p.network, operand);
    case Predicate::Kind::compare: {
      const auto number = number_of(operand);
      return number && compares(*number, p.comparison, p.number.real);
    }
    case Predicate::Kind::time_part: {
      const auto time = civil_time(operand.text);
      return time && compares(part_of(*time, p.time_part), p.comparison, p.number.real);
    }
  }
  return false;
}

bool field_holds(const Predicate& p, std::string_view value, std::string_view other) {
  if (p.starts && p.ends) return value.find(other) != std::string_view::npos;
  if (p.starts) return value.starts_with(other);
  if (p.ends) return value.ends_with(other);
  return value == other;
}

}  // namespace tocsin::rules::sigma
