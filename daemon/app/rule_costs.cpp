#include "daemon/app/rule_costs.h"

#include <algorithm>
#include <cmath>

#include <boost/json.hpp>

#include "collectors/base/descriptor.h"
#include "daemon/app/rule_files.h"

namespace tocsin::daemon {

std::vector<RuleCostRow> rule_costs(const Engines& engines) {
  std::vector<RuleCostRow> out;
  std::uint64_t whole = 0;
  for (const auto& active : engines.active())
    for (auto& cost : active.set->costs()) {
      if (cost.checks == 0) continue;
      whole += cost.nanoseconds;
      out.push_back({std::move(cost.rule), cost.checks, cost.matches, cost.nanoseconds, 0});
    }
  for (auto& row : out)
    if (whole != 0) row.share = 100.0 * static_cast<double>(row.nanoseconds) / static_cast<double>(whole);
  std::ranges::stable_sort(out, [](const RuleCostRow& a, const RuleCostRow& b) {
    return a.nanoseconds != b.nanoseconds ? a.nanoseconds > b.nanoseconds : a.checks > b.checks;
  });
  return out;
}

std::string render_json(const RuleCostRow& row) {
  boost::json::object out;
  out["rule"] = row.rule->id;
  out["title"] = row.rule->title;
  out["engine"] = rules::engine_name(row.rule->engine);
  out["file"] = row.rule->file;
  out["line"] = row.rule->line;
  out["checks"] = row.checks;
  out["matches"] = row.matches;
  out["microseconds"] = row.nanoseconds / 1'000;
  out["nanoseconds_per_check"] = row.nanoseconds / row.checks;
  out["share"] = std::round(row.share * 100) / 100;
  return boost::json::serialize(out);
}

Result<void> write_rule_costs(const std::string& path, const Engines& engines) {
  std::string text;
  for (const auto& row : rule_costs(engines)) text += render_json(row) + '\n';
  return replace_file(path, as_bytes(text), 0644);
}

}  // namespace tocsin::daemon
