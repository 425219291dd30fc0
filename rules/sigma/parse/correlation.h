#pragma once
// Correlation documents (specification 2.1, "Sigma Correlation Rules").

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/time.h"
#include "rules/sigma/parse/condition.h"
#include "rules/sigma/parse/rule.h"

namespace tocsin::rules::sigma {

enum class CorrelationType : std::uint8_t {
  event_count,
  value_count,
  temporal,
  temporal_ordered,
  value_sum,
  value_avg,
  value_percentile,
  value_median,
};
std::string_view correlation_type_name(CorrelationType type) noexcept;

enum class Relation : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };
std::string_view relation_sign(Relation relation) noexcept;

struct Threshold {
  Relation relation = Relation::greater_equal;
  double value = 0;
  bool holds(double number) const noexcept;
};

struct Correlation {
  Heading heading;
  CorrelationType type = CorrelationType::event_count;
  std::vector<std::string> rules;  // ids or names, as written
  std::vector<std::string> group_by;
  std::vector<std::string> fields;  // whose values are counted or summed
  Duration timespan{};
  std::vector<Threshold> thresholds;  // all must hold
  double percentile = 50;
  std::optional<Condition> extended;  // over the rules that fired, instead of thresholds
  bool generate = false;              // the rules alert on their own too
  std::map<std::string, std::map<std::string, std::string>> aliases;  // alias → rule → its field

  // Judged when the window closes, not on arrival: an upper bound alone, `not` in a boolean condition.
  bool judged_at_close() const;
  // `eq: 0`: fires when a group that was seen falls silent for the timespan.
  bool judges_silence() const;
  bool holds(double number) const;
  // The name under which `rule` has the group-by field.
  const std::string& field_of(const std::string& group_field, const std::string& rule) const;
};

Parsed<Correlation> parse_correlation(const OtherDocument& document);

}  // namespace tocsin::rules::sigma
