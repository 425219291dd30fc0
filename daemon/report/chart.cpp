#include "daemon/report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "collectors/base/counted.h"
#include "daemon/report/render.h"

namespace tocsin::daemon {
namespace {

constexpr int width = 960;
constexpr int height = 240;
constexpr int left = 48;
constexpr int right = 12;
constexpr int top = 12;
constexpr int bottom = 34;

std::uint64_t total_of(const TimeBar& bar) {
  return std::accumulate(bar.counts.begin(), bar.counts.end(), std::uint64_t{0});
}

// 1, 2 or 5 times a power of ten: at most five lines, whole numbers.
std::uint64_t grid_step(std::uint64_t most) {
  std::uint64_t power = 1;
  for (;; power *= 10)
    for (const std::uint64_t factor : {1, 2, 5})
      if (most <= 5 * factor * power) return factor * power;
}

std::string label_of(Time time, const Report& report, Duration span) {
  const auto local = render_local(time, report.scope.zone);  // YYYY-MM-DD hh:mm:ss
  if (span <= std::chrono::minutes(10)) return local.substr(11);
  if (span <= std::chrono::hours(36)) return local.substr(11, 5);
  return local.substr(5, 5);
}

void append_bars(std::string& out, const Report& report, double step, double unit) {
  const double gap = std::min(3.0, step * 0.15);
  for (std::size_t i = 0; i < report.bars.size(); ++i) {
    const auto& bar = report.bars[i];
    const auto total = total_of(bar);
    if (total == 0) continue;
    out += fmt::format("<g><title>{}: {}</title>", render_local(bar.start, report.scope.zone).substr(0, 16),
                       counted(total, "alert"));
    double y = height - bottom;
    for (std::size_t band = 0; band < bands; ++band) {
      if (bar.counts[band] == 0) continue;
      const double tall = static_cast<double>(bar.counts[band]) * unit;
      y -= tall;
      out +=
          fmt::format("<rect class=\"band-{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"1\"/>",
                      band, left + static_cast<double>(i) * step + gap / 2, y, step - gap, tall);
    }
    out += "</g>";
  }
}

}  // namespace

std::string render_chart(const Report& report) {
  if (report.bars.empty()) return {};
  std::uint64_t most = 1;
  for (const auto& bar : report.bars) most = std::max(most, total_of(bar));
  const auto grid = grid_step(most);
  const auto ceiling = (most + grid - 1) / grid * grid;
  const double step = static_cast<double>(width - left - right) / static_cast<double>(report.bars.size());
  const double unit = static_cast<double>(height - top - bottom) / static_cast<double>(ceiling);
  std::string out = fmt::format(
      "<svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"chart-title "
      "chart-text\"><title id=\"chart-title\">Alerts over time</title><desc id=\"chart-text\">"
      "{} in {} bars of {}; the highest bar has {}. The table below holds the numbers."
      "</desc>",
      width, height, counted(report.alerts, "alert"), report.bars.size(), render_duration(report.bar_width), most);
  for (std::uint64_t value = 0; value <= ceiling; value += grid) {
    const double y = height - bottom - static_cast<double>(value) * unit;
    out += fmt::format(
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/><text class=\"axis\" x=\"{}\" "
        "y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
        left, width - right, y, y, left - 8, y + 4, value);
  }
  append_bars(out, report, step, unit);
  const Duration span = report.bar_width * static_cast<Duration::rep>(report.bars.size());
  const std::size_t every = std::max<std::size_t>(1, (report.bars.size() + 7) / 8);
  for (std::size_t i = 0; i < report.bars.size(); i += every)
    out += fmt::format("<text class=\"axis\" x=\"{:.1f}\" y=\"{}\">{}</text>", left + static_cast<double>(i) * step,
                       height - bottom + 20, label_of(report.bars[i].start, report, span));
  return out + "</svg>";
}

}  // namespace tocsin::daemon
