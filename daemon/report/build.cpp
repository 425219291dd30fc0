// From the store to the model.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "collectors/base/text.h"
#include "daemon/report/report_model.h"

namespace tocsin::daemon {

using responders::Incident;
namespace chrono = std::chrono;

std::string_view band_name(Band band) noexcept {
  static constexpr std::array<std::string_view, bands> names{"information", "low", "medium", "high", "critical"};
  return names[static_cast<std::size_t>(band)];
}

Band band_of(std::uint8_t severity) noexcept { return static_cast<Band>(std::min(severity / 20, 4)); }

std::string_view file_suffix(ReportFormat format) noexcept {
  switch (format) {
    case ReportFormat::html: return ".html";
    case ReportFormat::markdown: return ".md";
    case ReportFormat::csv: return ".csv";
    case ReportFormat::json: return ".json";
  }
  return "";
}

namespace {

constexpr std::size_t rules_counted_most = 10'000;

Duration bar_width(Duration length) {
  static constexpr std::array<Duration, 13> widths{
      chrono::seconds(1),  chrono::seconds(10), chrono::minutes(1), chrono::minutes(5), chrono::minutes(15),
      chrono::minutes(30), chrono::hours(1),    chrono::hours(3),   chrono::hours(6),   chrono::hours(12),
      chrono::hours(24),   chrono::hours(168),  chrono::hours(720)};
  constexpr int bars_most = 48;
  for (const auto width : widths)
    if (length / width < bars_most) return width;
  return widths.back();
}

// An alert as the report may tell it.
struct Told {
  std::string rule;
  std::string title;
};
Told told(rules::Tlp tlp, std::string_view rule, std::string_view title, Report& report) {
  if (tlp <= report.scope.max_tlp) return {std::string(rule), std::string(title)};
  ++report.withheld_alerts;
  return {rules::tlp_label(tlp), "withheld"};
}

void add_incident(Report& report, Incident incident) {
  const bool held = incident.tlp > report.scope.max_tlp;
  report.withheld_incidents += held ? 1 : 0;
  report.incidents.push_back(held ? responders::withhold(incident) : std::move(incident));
}

// Counts alerts into the report. Everything it keeps is capped or has as many entries as there are rules.
class Counter {
 public:
  explicit Counter(Report& report) : report_(report) {}

  void begin(Time since, Time until) {
    report_.bar_width = bar_width(until - since);
    // Bars begin at round times, so that two reports of one day agree.
    const auto step = report_.bar_width.count();
    for (auto at = since.time_since_epoch().count() / step * step; Time{Duration{at}} < until; at += step)
      report_.bars.push_back({Time{Duration{at}}, {}});
  }

  void add(Time time, std::uint8_t severity, std::string_view engine, const Told& rule,
           const std::vector<std::string>& attack, std::string_view host, std::uint64_t count) {
    const auto band = static_cast<std::size_t>(band_of(severity));
    ++report_.alerts;
    report_.alerts_with_repeats += count;
    ++report_.by_band[band];
    if (!report_.bars.empty()) {
      const auto index = (time - report_.bars.front().start) / report_.bar_width;
      if (index >= 0 && static_cast<std::size_t>(index) < report_.bars.size())
        ++report_.bars[static_cast<std::size_t>(index)].counts[band];
    }
    ++engines_[std::string(engine)];
    count_name(hosts_, host);
    for (const auto& tactic : responders::tactics_of(attack)) count_name(tactics_, tactic);
    const auto key = std::pair(std::string(engine), rule.rule);
    if (!rules_.contains(key) && rules_.size() >= rules_counted_most) return;
    auto& volume = rules_[key];
    volume.rule = rule.rule;
    volume.title = rule.title;
    volume.engine = engine;
    volume.severity = std::max(volume.severity, severity);
    ++volume.alerts;
    volume.count += count;
  }

  void end() {
    report_.engines = top(engines_);
    report_.hosts = top(hosts_);
    report_.tactics = top(tactics_);
    for (auto& [key, volume] : rules_) report_.rules.push_back(std::move(volume));
    std::ranges::stable_sort(report_.rules, [](const RuleVolume& a, const RuleVolume& b) {
      return std::tie(a.alerts, a.severity) > std::tie(b.alerts, b.severity);
    });
    if (report_.rules.size() <= Report::rules_most) return;
    report_.rules_left_out = report_.rules.size() - Report::rules_most;
    report_.rules.resize(Report::rules_most);
  }

 private:
  using Counts = std::map<std::string, std::uint64_t, std::less<>>;

  static void count_name(Counts& counts, std::string_view name) {
    const auto found = counts.find(name);
    if (found != counts.end()) ++found->second;
    else if (counts.size() < rules_counted_most) counts.emplace(name, 1);
  }
  static std::vector<NamedCount> top(const Counts& counts) {
    std::vector<NamedCount> out;
    for (const auto& [name, count] : counts) out.push_back({name, count});
    std::ranges::stable_sort(out, std::ranges::greater(), &NamedCount::count);
    if (out.size() > Report::names_most) out.resize(Report::names_most);
    return out;
  }

  Report& report_;
  Counts engines_;
  Counts hosts_;
  Counts tactics_;
  std::map<std::pair<std::string, std::string>, RuleVolume> rules_;
};

Duration percentile(const std::vector<Duration>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

std::vector<MetricRow> measure_all(const std::vector<Incident>& incidents) {
  using Pick = std::optional<Duration> responders::IncidentMetrics::*;
  static constexpr std::array<std::pair<std::string_view, Pick>, 6> picks{
      {{"time to detect", &responders::IncidentMetrics::to_detect},
       {"time to triage", &responders::IncidentMetrics::to_triage},
       {"time to acknowledge", &responders::IncidentMetrics::to_acknowledge},
       {"time to contain", &responders::IncidentMetrics::to_contain},
       {"time to qualify", &responders::IncidentMetrics::to_qualify},
       {"time to resolve", &responders::IncidentMetrics::to_resolve}}};
  std::vector<MetricRow> out;
  for (const auto& [name, pick] : picks) {
    std::vector<Duration> samples;
    for (const auto& incident : incidents)
      if (const auto value = responders::measure(incident).*pick;
          value && !incident.merged_into && incident.exercise == Exercise::no)
        samples.push_back(*value);
    std::ranges::sort(samples);
    MetricRow row{std::string(name), samples.size(), {}, {}};
    if (!samples.empty()) {
      row.p50 = percentile(samples, 0.5);
      row.p90 = percentile(samples, 0.9);
    }
    out.push_back(std::move(row));
  }
  return out;
}

void count_actions(Report& report, const std::vector<responders::change::RunRecorded>& runs) {
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> counts;
  std::map<std::string, std::uint64_t> rehearsed;
  for (const auto& run : runs) {
    if (!run.action.empty()) ++counts[{run.action, run.mode, run.outcome}];
    if (run.mode == "rehearse" && run.phase == responders::change::RunPhase::finished) ++rehearsed[run.playbook];
  }
  for (const auto& [name, count] : rehearsed) report.rehearsed.push_back({name, count});
  for (const auto& [key, count] : counts)
    report.actions.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), count});
}

Result<void> read_incidents(Report& report, StoreReader& reader) {
  const auto& period = report.period;
  IncidentQuery query{.until = period.until, .order = Order::oldest_first, .limit = 1000};
  std::vector<IncidentRow> touched;
  std::map<std::string, std::uint64_t> verdicts;
  do {
    TOCSIN_TRY(auto page, reader.incidents(query));
    for (auto& row : page.incidents) {
      const bool open = row.closed == Time{} || row.closed >= period.until;
      const bool in_period = row.updated >= period.since || open;
      if (row.exercise == Exercise::yes) {
        report.exercise_incidents += in_period ? 1 : 0;
        continue;
      }
      if (row.merged_into) continue;  // goes on as another one, which is counted
      report.opened += row.opened >= period.since ? 1 : 0;
      report.open_at_end += open ? 1 : 0;
      if (!open && row.closed >= period.since) {
        ++report.closed;
        ++verdicts[row.verdict];
      }
      if (in_period) touched.push_back(std::move(row));
    }
    query.cursor = page.next;
  } while (!query.cursor.empty());
  for (const auto& [name, count] : verdicts) report.verdicts.push_back({name, count});
  std::ranges::stable_sort(touched, std::ranges::greater(), &IncidentRow::severity);
  if (touched.size() > Report::incidents_most) {
    report.incidents_left_out = touched.size() - Report::incidents_most;
    touched.resize(Report::incidents_most);
  }
  for (const auto& row : touched) {
    TOCSIN_TRY(auto incident, reader.incident(row.id));
    add_incident(report, std::move(incident));
  }
  return {};
}

Result<void> read_health(Report& report, StoreReader& reader) {
  TOCSIN_TRY(auto losses, reader.blind(report.period.since, report.period.until));
  for (auto& loss : losses)
    if (loss.exercise == Exercise::no) report.losses.push_back(std::move(loss));
  const auto judge = [&](std::string name, Result<responders::ChainHead> head) {
    ChainStatus status{std::move(name), 0, {}, {}};
    if (head) {
      status.entries = head->sequence;
      status.head = render_digest(head->hash);
    } else {
      status.trouble = head.error().message;
    }
    report.chains.push_back(std::move(status));
  };
  judge("journal", reader.verify_journal());
  judge("audit", reader.verify_audit());
  for (const char* file : {"store.db", "store.db-wal"}) {
    std::error_code error;
    const auto size = std::filesystem::file_size(reader.directory() / file, error);
    if (!error) report.store_bytes += size;
  }
  return {};
}

std::vector<std::string> tags_of(std::string_view joined) {
  std::vector<std::string> out;
  for (const auto tag : split(joined, ','))
    if (!tag.empty()) out.emplace_back(tag);
  return out;
}

}  // namespace

Result<Report> make_periodic(StoreReader& reader, ReportKind kind, const Period& period, const ReportScope& scope) {
  if (kind == ReportKind::incident)
    return fail(Code::usage, "an incident report is about one incident, not a period; name the incident");
  TOCSIN_TRY(const auto snapshot, reader.snapshot());
  Report report;
  report.kind = kind;
  report.period = period;
  report.scope = scope;
  report.title = kind == ReportKind::daily    ? "Daily report"
                 : kind == ReportKind::weekly ? "Weekly report"
                                              : "Monthly report";
  Counter counter(report);
  counter.begin(period.since, period.until);
  TOCSIN_CHECK(reader.facts(period.since, period.until, [&](const AlertFacts& a) {
    if (a.exercise == Exercise::yes) ++report.exercise_alerts;
    else
      counter.add(a.time, a.severity, a.engine, told(a.tlp, a.rule, a.title, report), tags_of(a.attack), a.host,
                  a.count);
  }));
  counter.end();
  TOCSIN_CHECK(read_incidents(report, reader));
  report.metrics = measure_all(report.incidents);
  TOCSIN_TRY(const auto changes, reader.changes(period.since, period.until, "run_recorded"));
  std::vector<responders::change::RunRecorded> runs;
  for (const auto& change : changes) runs.push_back(std::get<responders::change::RunRecorded>(change.body));
  count_actions(report, runs);
  TOCSIN_CHECK(read_health(report, reader));
  return report;
}

Result<Report> make_incident(StoreReader& reader, IncidentId id, const ReportScope& scope) {
  TOCSIN_TRY(const auto snapshot, reader.snapshot());
  TOCSIN_TRY(auto incident, reader.incident(id));
  Report report;
  report.kind = ReportKind::incident;
  report.scope = scope;
  report.title = "Incident " + incident.alias;
  const auto& times = incident.times;
  report.period = {times.first_event, std::max(times.last_event, times.first_event) + chrono::seconds(1),
                   incident.alias};
  Counter counter(report);
  counter.begin(report.period.since, report.period.until);
  TOCSIN_CHECK(reader.facts(id, [&](const AlertFacts& a) {
    counter.add(a.time, a.severity, a.engine, told(a.tlp, a.rule, a.title, report), tags_of(a.attack), a.host, a.count);
  }));
  // Alerts older than the retention are gone; the incident still knows their kinds.
  const bool gone = report.alerts == 0;
  for (const auto& a : incident.alerts)
    if (gone)
      counter.add(a.time, a.severity, rules::engine_name(a.engine), told(a.tlp, a.rule, a.title, report), a.attack,
                  a.host, a.count);
  counter.end();
  TOCSIN_TRY(const auto records, reader.journal_of(id));
  std::vector<responders::change::RunRecorded> runs;
  for (const auto& record : records) {
    TOCSIN_TRY(const auto change, responders::parse_change(record.json));
    if (const auto* run = std::get_if<responders::change::RunRecorded>(&change.body)) runs.push_back(*run);
  }
  count_actions(report, runs);
  report.opened = 1;
  report.closed = incident.open() ? 0 : 1;
  report.open_at_end = incident.open() ? 1 : 0;
  if (incident.verdict) report.verdicts.push_back({std::string(responders::verdict_name(*incident.verdict)), 1});
  add_incident(report, std::move(incident));
  report.metrics = measure_all(report.incidents);
  TOCSIN_CHECK(read_health(report, reader));
  return report;
}

}  // namespace tocsin::daemon
