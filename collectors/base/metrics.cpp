#include "collectors/base/metrics.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "collectors/base/assert.h"

namespace tocsin {

Metrics::Row& Metrics::row(std::string_view name, std::string_view help, std::string_view labels, bool is_counter) {
  const std::lock_guard lock(mutex_);
  for (auto& r : rows_) {
    if (r.name != name || r.labels != labels) continue;
    TOCSIN_ASSERT(r.is_counter == is_counter);
    return r;
  }
  auto& r = rows_.emplace_back();
  r.name = name;
  r.help = help;
  r.labels = labels;
  r.is_counter = is_counter;
  return r;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, std::string_view labels) {
  return row(name, help, labels, true).counter;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, std::string_view labels) {
  return row(name, help, labels, false).gauge;
}

std::string Metrics::render_openmetrics() const {
  std::vector<const Row*> sorted;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& r : rows_) sorted.push_back(&r);
  }
  std::ranges::sort(
      sorted, [](const Row* a, const Row* b) { return std::tie(a->name, a->labels) < std::tie(b->name, b->labels); });
  std::string out;
  std::string_view family;
  for (const auto* r : sorted) {
    if (family != r->name) {
      family = r->name;
      out +=
          fmt::format("# TYPE {} {}\n# HELP {} {}\n", r->name, r->is_counter ? "counter" : "gauge", r->name, r->help);
    }
    out += r->name;
    if (r->is_counter) out += "_total";
    if (!r->labels.empty()) out += '{' + r->labels + '}';
    out += r->is_counter ? fmt::format(" {}\n", r->counter.value()) : fmt::format(" {}\n", r->gauge.value());
  }
  return out + "# EOF\n";
}

}  // namespace tocsin
