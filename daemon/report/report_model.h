#pragma once
// What a report says, before it is written as anything. Every renderer reads this and nothing else, so the four formats
// cannot disagree. Plain value. Exercises are left out of all numbers and counted apart.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/base/time.h"
#include "collectors/log/envelope/zone.h"
#include "daemon/config/config.h"
#include "daemon/report/schedule.h"
#include "daemon/store/reader.h"

namespace tocsin::daemon {

enum class Band : std::uint8_t { information, low, medium, high, critical };
constexpr std::size_t bands = 5;
std::string_view band_name(Band band) noexcept;
Band band_of(std::uint8_t severity) noexcept;  // 0-19, 20-39, 40-59, 60-79, 80-100

struct ReportScope {
  std::string host;          // that made the report
  std::string organization;  // may be empty
  collectors::TimeZone zone;
  std::string zone_name = "UTC";
  Time made{};
  rules::Tlp max_tlp = rules::tlp_most;  // of what is marked stricter only the numbers are told
};

struct NamedCount {
  std::string name;
  std::uint64_t count = 0;
  friend bool operator==(const NamedCount&, const NamedCount&) = default;
};
struct RuleVolume {
  std::string rule;
  std::string title;
  std::string engine;
  std::uint8_t severity = 0;
  std::uint64_t alerts = 0;
  std::uint64_t count = 0;  // with folded repeats
};
struct TimeBar {
  Time start{};
  std::array<std::uint64_t, bands> counts{};
};
// Nearest-rank percentiles.
struct MetricRow {
  std::string name;  // "time to detect"
  std::size_t samples = 0;
  Duration p50{};
  Duration p90{};
};
struct ActionVolume {
  std::string action;
  std::string mode;
  std::string outcome;
  std::uint64_t count = 0;
};
struct ChainStatus {
  std::string name;  // "journal", "audit"
  std::uint64_t entries = 0;
  std::string head;     // hex
  std::string trouble;  // empty: intact
};

struct Report {
  static constexpr std::size_t rules_most = 25;
  static constexpr std::size_t names_most = 15;
  static constexpr std::size_t incidents_most = 200;

  ReportKind kind = ReportKind::daily;
  std::string title;
  Period period;
  ReportScope scope;
  // Volume
  std::uint64_t alerts = 0;
  std::uint64_t alerts_with_repeats = 0;
  std::uint64_t exercise_alerts = 0;  // left out
  std::array<std::uint64_t, bands> by_band{};
  Duration bar_width{};
  std::vector<TimeBar> bars;
  std::vector<RuleVolume> rules;  // most alerts first
  std::uint64_t rules_left_out = 0;
  std::vector<NamedCount> tactics;
  std::vector<NamedCount> engines;
  std::vector<NamedCount> hosts;
  std::uint64_t withheld_alerts = 0;     // counted above, their rules are not named: marked above scope.max_tlp
  std::uint64_t withheld_incidents = 0;  // shown without title, entities and timeline
  // Incidents
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;
  std::uint64_t open_at_end = 0;
  std::uint64_t exercise_incidents = 0;         // left out
  std::vector<NamedCount> verdicts;             // of those closed
  std::vector<responders::Incident> incidents;  // touched in the period; the most severe first
  std::uint64_t incidents_left_out = 0;
  std::vector<MetricRow> metrics;
  std::vector<ActionVolume> actions;
  std::vector<NamedCount> rehearsed;  // playbooks, by how often; they changed nothing
  // What was not seen, and whether the record holds
  std::vector<BlindInterval> losses;
  std::vector<ChainStatus> chains;
  std::uint64_t store_bytes = 0;
};

// Reads one consistent snapshot of the store. usage: an incident is no period.
Result<Report> make_periodic(StoreReader& reader, ReportKind kind, const Period& period, const ReportScope& scope);
Result<Report> make_incident(StoreReader& reader, IncidentId id, const ReportScope& scope);

// The same report is the same bytes.
std::string render(const Report& report, ReportFormat format);
std::string_view file_suffix(ReportFormat format) noexcept;  // ".html", ".md", ".csv", ".json"

}  // namespace tocsin::daemon
