#include "daemon/report/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collectors/base/counted.h"

namespace tocsin::daemon {

std::string render(const Report& report, ReportFormat format) {
  switch (format) {
    case ReportFormat::html: return render_html(report);
    case ReportFormat::markdown: return render_markdown(report);
    case ReportFormat::csv: return render_csv(report);
    case ReportFormat::json: return render_json(report);
  }
  return {};
}

std::string readable(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '_', ' ');
  return out;
}

std::string readable_duration(Duration duration) {
  struct Unit {
    Duration size;
    std::string_view name;
  };
  static constexpr std::array<Unit, 5> units{{{std::chrono::hours(24), "d"},
                                              {std::chrono::hours(1), "h"},
                                              {std::chrono::minutes(1), "m"},
                                              {std::chrono::seconds(1), "s"},
                                              {std::chrono::milliseconds(1), "ms"}}};
  std::string out;
  int shown = 0;
  for (const auto& unit : units) {
    const auto count = duration / unit.size;
    if (count == 0 && shown == 0) continue;
    if (count != 0) out += fmt::format("{}{}{}", out.empty() ? "" : " ", count, unit.name);
    duration -= count * unit.size;
    if (++shown == 2) break;
  }
  return out.empty() ? "0s" : out;
}

std::vector<rules::Entity> entities_once(const responders::Incident& incident) {
  std::vector<rules::Entity> out;
  for (const auto& entity : incident.entities)
    if (std::ranges::none_of(
            out, [&](const auto& other) { return other.kind == entity.kind && other.value == entity.value; }))
      out.push_back(entity);
  return out;
}

std::string withheld_text(const Report& report) {
  if (report.withheld_alerts == 0 && report.withheld_incidents == 0) return {};
  const std::string limit =
      report.scope.max_tlp == rules::Tlp::none ? "unmarked" : rules::tlp_label(report.scope.max_tlp);
  return fmt::format("Withheld: what {} and {} are about is marked stricter than {}, the most this report tells.",
                     counted(report.withheld_alerts, "alert"), counted(report.withheld_incidents, "incident"), limit);
}

std::string no_action_text(const Report& report) {
  return report.rehearsed.empty() ? "No playbook was rehearsed or run."
                                  : "Nothing was applied: playbooks were rehearsed only.";
}

}  // namespace tocsin::daemon
