#include "daemon/report/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
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

}  // namespace tocsin::daemon
