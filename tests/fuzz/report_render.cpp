// rooms: report
// A report whose every word is hostile: the page has the marks of the same report with harmless words and no others,
// the sheet and the JSON hold no raw control character.
#include <algorithm>
#include <cstdlib>

#include "daemon/report/render.h"

using namespace tocsin;
using namespace tocsin::daemon;

namespace {

Report make(const std::string& word, ReportKind kind) {
  Report report;
  report.kind = kind;
  report.title = report.period.name = report.scope.host = report.scope.organization = report.scope.zone_name = word;
  report.alerts = report.alerts_with_repeats = 2;
  report.bar_width = std::chrono::hours(1);
  report.bars.push_back({Time{}, {1, 0, 1, 0, 0}});
  report.rules.push_back({word, word, word, 70, 2, 2});
  report.tactics = report.engines = report.hosts = report.verdicts = {{word, 1}};
  responders::Incident incident;
  incident.alias = incident.title = incident.host = incident.owner = incident.organization = word;
  responders::IncidentAlert alert;
  alert.rule = alert.title = alert.host = word;
  alert.attack = {word};
  incident.alerts.push_back(alert);
  incident.entities.push_back({rules::EntityKind::user, rules::EntityRole::actor, word});
  incident.timeline.push_back({Time{}, responders::TimelineKind::note, word, {}});
  incident.timeline.back().actor.name = word;
  incident.evidence.push_back({Sha256{}, word, 1, Time{}});
  report.incidents.push_back(incident);
  report.metrics.push_back({word, 1, std::chrono::seconds(1), std::chrono::seconds(2)});
  report.actions.push_back({word, word, word, 1});
  report.losses.push_back({word, word, Time{}, Time{}, 1, Exercise::no});
  report.chains.push_back({word, 1, word, word});
  return report;
}

std::size_t count(const std::string& text, char c) { return static_cast<std::size_t>(std::ranges::count(text, c)); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 2048) return 0;
  const auto kind = (data[0] & 1U) != 0 ? ReportKind::incident : ReportKind::daily;
  const std::string word(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto hostile = make(word, kind);
  const auto harmless = make("word", kind);
  const auto page = render(hostile, ReportFormat::html);
  const auto plain = render(harmless, ReportFormat::html);
  for (const char c : {'<', '>', '"'})
    if (count(page, c) != count(plain, c)) std::abort();
  const auto control = [](char c) { return c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F); };
  if (std::ranges::any_of(page, control)) std::abort();
  if (std::ranges::any_of(render(hostile, ReportFormat::json), control)) std::abort();
  const auto text = render(hostile, ReportFormat::markdown);
  if (std::ranges::any_of(text, control) || count(text, '\n') != count(render(harmless, ReportFormat::markdown), '\n'))
    std::abort();
  (void)render(hostile, ReportFormat::csv);
  return 0;
}
