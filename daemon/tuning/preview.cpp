#include "daemon/tuning/preview.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "collectors/base/counted.h"

namespace tocsin::daemon {
namespace {

using rules::TuningAct;
using rules::TuningEntry;

class Previewer {
 public:
  Previewer(StoreReader& reader, const TuningEntry& entry, const std::vector<std::string>& ids,
            ExerciseFilter exercises)
      : reader_(reader), entry_(entry), ids_(ids.begin(), ids.end()), exercises_(exercises) {}

  Result<Preview> run(Time since, Time until) {
    TOCSIN_CHECK(reader_.facts(since, until, [&](const AlertFacts& fact) {
      if (fact.exercise == Exercise::yes && exercises_ == ExerciseFilter::without) return;
      out_.of += fact.count;
      totals_["host\n" + std::string(fact.host)] += fact.count;
      totals_["rule\n" + std::string(fact.rule)] += fact.count;
    }));
    AlertQuery query;
    query.since = since;
    query.until = until;
    query.exercise = exercises_;
    query.limit = 1000;
    // Exact ids are looked up one by one, unless they are so many that one walk is cheaper.
    constexpr std::size_t look_ups_most = 32;
    const auto wanted = exact_ids();
    if (wanted.empty() || wanted.size() > look_ups_most) {
      TOCSIN_CHECK(walk(query));
    } else {
      for (const auto& id : wanted) {
        query.rule = id;
        query.cursor.clear();
        TOCSIN_CHECK(walk(query));
      }
    }
    TOCSIN_CHECK(finish());
    return std::move(out_);
  }

 private:
  // Empty: some selector is a pattern of ids.
  std::set<std::string> exact_ids() const {
    std::set<std::string> out = ids_;
    for (const auto& rule : entry_.rules) {
      if (rule.starts_with("file:") || rule.starts_with("re:")) continue;
      if (rule.find('*') != std::string::npos) return {};
      out.insert(rule);
    }
    return out;
  }

  Result<void> walk(AlertQuery query) {
    do {
      TOCSIN_TRY(const auto page, reader_.alerts(query));
      for (const auto& row : page.alerts) take(row);
      query.cursor = page.next;
    } while (!query.cursor.empty());
    return {};
  }

  void take(const AlertRow& row) {
    const auto alert = rules::parse_alert(row.json);
    if (!alert || !alert->rule) return;
    const auto ends = rules::alert_ends(*alert);
    for (const auto& address : ends.sources) total("source", render_address(address), alert->count);
    for (const auto& address : ends.destinations) total("destination", render_address(address), alert->count);
    if (!rules::selects(entry_, alert->rule->id) && !ids_.contains(alert->rule->id)) return;
    if (!rules::covers(entry_, *alert)) return;
    out_.gone += alert->count;
    count("rule", alert->rule->id, *alert, alert->rule->title);
    for (const auto& address : ends.sources) count("source", render_address(address), *alert, {});
    for (const auto& address : ends.destinations) count("destination", render_address(address), *alert, {});
    if (!alert->host.empty()) count("host", alert->host, *alert, {});
    if (row.incident.uuid != Uuid{}) {
      auto& incident = incidents_[row.incident];
      incident.gone += alert->count;
      ++incident.rows;
      incident.last = std::max(incident.last, alert->time);
    }
  }

  void total(std::string_view what, const std::string& value, std::uint64_t many) {
    totals_[std::string(what) + "\n" + value] += many;
  }

  void count(std::string_view what, const std::string& value, const rules::Alert& alert, const std::string& title) {
    auto& one = counts_[std::string(what) + "\n" + value];
    one.what = what;
    one.value = value;
    one.title = title;
    one.gone += alert.count;
    one.last = std::max(one.last, alert.time);
  }

  // Per kind the values that lose most; what is beyond the cap is counted.
  Result<void> finish() {
    std::map<std::string, std::vector<PreviewCount>> kinds;
    for (auto& [key, one] : counts_) {
      one.of = std::max(totals_[key], one.gone);
      kinds[one.what].push_back(std::move(one));
    }
    for (const auto& [id, lost] : incidents_) {
      TOCSIN_TRY(const auto incident, reader_.incident(id));
      if (incident.alert_count <= lost.rows) ++out_.incidents_empty;
      kinds["incident"].push_back({"incident", incident.alias, incident.title, lost.gone,
                                   std::max<std::uint64_t>(incident.alert_count, lost.gone), lost.last});
    }
    for (const auto* what : {"rule", "source", "destination", "host", "incident"}) {
      auto& list = kinds[what];
      std::ranges::sort(
          list, [](const auto& a, const auto& b) { return std::tie(b.gone, a.value) < std::tie(a.gone, b.value); });
      if (list.size() > Preview::values_most) {
        out_.left_out += list.size() - Preview::values_most;
        list.resize(Preview::values_most);
      }
      std::ranges::move(list, std::back_inserter(out_.counts));
    }
    return {};
  }

  struct Lost {
    std::uint64_t gone = 0;
    std::uint64_t rows = 0;
    Time last{};
  };
  StoreReader& reader_;
  const TuningEntry& entry_;
  const std::set<std::string> ids_;
  const ExerciseFilter exercises_;
  Preview out_;
  std::map<std::string, std::uint64_t> totals_;
  std::map<std::string, PreviewCount> counts_;
  std::map<IncidentId, Lost> incidents_;
};

}  // namespace

Result<Preview> preview_tuning(StoreReader& reader, const TuningEntry& entry, const std::vector<std::string>& rules,
                               Time since, Time until, ExerciseFilter exercises) {
  if (entry.act == TuningAct::enable) return Preview{};  // nothing stored could tell
  return Previewer(reader, entry, rules, exercises).run(since, until);
}

std::string preview_sentence(const Preview& preview, const TuningEntry& entry, Time since, Time until) {
  if (entry.act == TuningAct::enable) return "enabling takes nothing away; what it adds, only new traffic can tell";
  const bool modify = entry.act == TuningAct::modify;
  const double share =
      preview.of == 0 ? 0 : 100.0 * static_cast<double>(preview.gone) / static_cast<double>(preview.of);
  auto out = fmt::format("{} {} of {} from {} to {} ({:.1f} %)", modify ? "would touch" : "would take away",
                         preview.gone, counted(preview.of, "alert"), render_time(since), render_time(until), share);
  if (!modify && preview.incidents_empty != 0)
    out += fmt::format("; {} would have had no alert at all", counted(preview.incidents_empty, "incident"));
  if (preview.left_out != 0) out += fmt::format("; {} further rows are left out", preview.left_out);
  return out;
}

}  // namespace tocsin::daemon
