#include "daemon/app/event_hunt.h"

#include <ctime>
#include <set>

#include <fmt/format.h>

#include "collectors/base/json.h"
#include "collectors/log/decoder/decoder_set.h"
#include "daemon/app/desk.h"
#include "daemon/app/event_feed.h"
#include "daemon/app/lanes.h"
#include "daemon/app/rule_files.h"
#include "rules/sigma/rule_set.h"

namespace tocsin::daemon {
namespace {

constexpr std::size_t shown_most = 1000;
constexpr std::size_t original_most = 512;

Duration elapsed() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

class Findings final : public rules::AlertSink {
 public:
  void raise(rules::Alert alert) override {
    result.found += alert.count;
    if (hosts_.size() < shown_most && !alert.host.empty()) hosts_.insert(alert.host);
    if (result.matches.size() >= shown_most) return;
    HuntMatch match{alert.rule->title, alert.rule->id, alert.host, {}, alert.original.substr(0, original_most),
                    alert.time};
    if (!alert.events.empty()) match.event = render_digest(alert.events.back());
    result.matches.push_back(std::move(match));
  }
  HuntResult take() {
    result.hosts.assign(hosts_.begin(), hosts_.end());
    return std::move(result);
  }
  HuntResult result;

 private:
  std::set<std::string> hosts_;
};

// The payload alone: what is wrong with a view is told where views are loaded.
Result<std::shared_ptr<const rules::RuleSet>> compile(const HuntPlace& place, std::string_view text) {
  const rules::RuleSource source{"payload", std::string(text)};
  Diagnostics of_views;
  const auto views = read_rule_files(place.views, of_views);
  rules::sigma::SigmaOptions options;
  options.placeholders = place.placeholders;
  Diagnostics diagnostics;
  auto set = rules::sigma::compile_sigma({&source, 1}, views.sigma, options, diagnostics);
  std::size_t deaf = 0;
  std::string why;
  for (const auto& d : diagnostics.all()) {
    if (d.file != source.file) continue;
    if (d.severity == Severity::error) return fail(Code::invalid, fmt::format("line {}: {}", d.line, d.cause));
    if (d.code == "G0610") ++deaf, why = d.cause;
  }
  if (set == nullptr || set->rules().empty()) return fail(Code::invalid, "there is no rule in it");
  if (deaf >= set->rules().size()) return fail(Code::invalid, "it can match nothing here: " + why);
  return set;
}

}  // namespace

HuntPlace hunt_place(const Config& config) {
  return {config.store.directory, config.rules.views, config.rules.placeholders};
}

Result<HuntResult> hunt_events(const HuntPlace& place, std::string_view rules, const HuntLimits& limits) {
  TOCSIN_TRY(auto set, compile(place, rules));
  std::vector<ActiveRules> active(1);
  active.front().state = set->make_state();
  active.front().set = std::move(set);
  FieldNames names;
  Findings findings;
  findings.result.since = limits.since;
  findings.result.until = limits.until;
  EventLane lane({names, 0, 1, "", Exercise::no}, active);
  Desk desk(active, findings);
  EventFeed feed;
  feed.store = place.store;
  feed.since = limits.since;
  feed.until = limits.until;
  const Duration end = elapsed() + limits.time;
  Time latest = Time::min();
  auto& result = findings.result;
  const auto fed = feed_events(feed, nullptr, names, [&](const EventBatch& batch) -> Result<bool> {
    if (limits.stop != nullptr && limits.stop->load()) return fail(Code::conflict, "the hunt was cancelled");
    lane.inspect(batch);
    desk.offer(lane.take_alerts());
    for (const auto& event : batch.events()) latest = std::max(latest, event.header().observed);
    desk.release(latest);
    result.events += batch.size();
    if (elapsed() > end) result.cut = "its time was over";
    else if (result.events >= limits.events_most)
      result.cut = fmt::format("{} events are its most", limits.events_most);
    if (!result.cut.empty()) result.cut += ", at " + render_time(latest);
    return result.cut.empty();
  });
  if (!fed) return std::unexpected(fed.error());
  desk.finish();
  return findings.take();
}

std::string render_json(const HuntResult& result) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object()
      .member("matches", result.found)
      .member("events", result.events)
      .member("complete", result.cut.empty())
      .member("cut", result.cut)
      .member("since", render_time(result.since))
      .member("until", render_time(result.until))
      .key("hosts")
      .begin_array();
  for (const auto& host : result.hosts) writer.value(host);
  writer.end_array().key("found").begin_array();
  for (const auto& match : result.matches)
    writer.begin_object()
        .member("time", render_time(match.time))
        .member("rule", match.rule)
        .member("id", match.id)
        .member("host", match.host)
        .member("event", match.event)
        .member("original", match.original)
        .end_object();
  writer.end_array().end_object();
  return out;
}

}  // namespace tocsin::daemon
