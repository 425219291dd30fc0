#include "daemon/app/live/silence_watch.h"

#include <fnmatch.h>

#include <algorithm>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/json.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
using std::chrono::duration_cast;
using std::chrono::seconds;

std::int64_t day_of(Time time) { return duration_cast<std::chrono::hours>(time.time_since_epoch()).count() / 24; }

rules::RuleRef silence_rule() {
  static const rules::RuleRef rule = [] {
    auto out = std::make_shared<rules::RuleInfo>();
    out->engine = rules::Engine::self;
    out->id = "tocsin.silent";
    out->revision = "1";
    out->title = "A source fell silent";
    out->severity = 60;
    out->confidence = 60;
    out->attack = {"T1562", "defense-evasion"};
    out->description = "It was heard regularly and is not any more: stopped, cut off or silenced.";
    out->false_positives = "Machines that were shut down, logs that moved.";
    return rules::RuleRef(out);
  }();
  return rule;
}

}  // namespace

Duration SilenceWatch::fixed_for(const Key& key) const {
  const auto whole = key.source + "@" + key.host;
  for (const auto& [pattern, after] : config_.after) {
    const auto& subject = pattern.find('@') == std::string::npos ? key.source : whole;
    if (::fnmatch(pattern.c_str(), subject.c_str(), 0) == 0) return parse_duration(after).value_or(Duration{-1});
  }
  return Duration{-1};
}

SilenceWatch::Heard& SilenceWatch::of(std::string_view source, std::string_view host, Time now) {
  Key key{std::string(source), std::string(host)};
  if (const auto found = heard_.find(key); found != heard_.end()) return found->second;
  if (heard_.size() >= sources_most)
    heard_.erase(std::ranges::min_element(heard_, {}, [](const auto& each) { return each.second.last; }));
  Heard fresh;
  fresh.first = fresh.last = now;
  fresh.day = day_of(now);
  fresh.fixed = fixed_for(key);
  return heard_.emplace(std::move(key), fresh).first->second;
}

// Today's longest; older days move on.
void SilenceWatch::note_gap(Heard& heard, Time now) {
  const auto today = day_of(now);
  for (; heard.day < today; ++heard.day) {
    if (today - heard.day > static_cast<std::int64_t>(days_kept)) {
      heard.longest.fill(0);
      heard.day = today;
      break;
    }
    std::ranges::rotate(heard.longest, heard.longest.end() - 1);
    heard.longest[0] = 0;
  }
  const auto gap = std::clamp<std::int64_t>(duration_cast<seconds>(now - heard.last).count(), 0, UINT32_MAX);
  heard.longest[0] = std::max(heard.longest[0], static_cast<std::uint32_t>(gap));
}

void SilenceWatch::hear(const EventBatch& batch, Time now) {
  if (!config_.enabled) return;
  std::string_view source, host;
  Heard* heard = nullptr;
  for (const auto& event : batch.events()) {
    const auto& header = event.header();
    if (header.exercise == Exercise::yes || header.event_class == EventClass::loss) continue;
    if (heard == nullptr || header.source != source || header.host != host) {
      source = header.source;
      host = header.host;
      heard = &of(source, host, now);
      if (heard->silent) {
        heard->silent = false;
        ended_.push_back({std::string(source), fmt::format("{} was silent", host.empty() ? "it" : host), heard->last,
                          now, 0, Exercise::no});
      }
      note_gap(*heard, now);
      heard->last = now;
    }
    ++heard->events;
  }
}

// How long it may be quiet; zero: as long as it likes.
Duration SilenceWatch::limit(const Heard& heard) const {
  if (heard.fixed >= Duration{}) return heard.fixed;
  if (heard.events < events_least || heard.last - heard.first < known_least) return {};
  const auto out = std::max<Duration>(config_.least, seconds{*std::ranges::max_element(heard.longest)} * 2);
  return out > longest_watched ? Duration{} : out;
}

rules::Alert SilenceWatch::alert_for(const Key& key, const Heard& heard, Duration limit, Time now) const {
  rules::Alert alert;
  alert.rule = silence_rule();
  alert.time = now;
  alert.host = key.host;
  alert.severity = alert.rule->severity;
  alert.confidence = alert.rule->confidence;
  alert.add_entity(rules::EntityKind::host, rules::EntityRole::target, key.host);
  const auto quiet = render_duration(duration_cast<seconds>(now - heard.last));
  const auto value = heard.fixed >= Duration{}
                         ? fmt::format("nothing for {}; {} are allowed", quiet, render_duration(limit))
                         : fmt::format("nothing for {}; the longest of the last week was {}", quiet,
                                       render_duration(seconds{*std::ranges::max_element(heard.longest)}));
  alert.why.push_back({"silent since " + render_time(heard.last), key.source, value});
  alert.fields = {{"event.kind", "alert"}, {"event.source", key.source}, {"host.name", key.host}};
  std::ranges::sort(alert.fields);
  alert.events.push_back(
      hash128(fmt::format("silent/{}/{}/{}", key.source, key.host, heard.last.time_since_epoch().count())));
  rules::seal(alert);
  return alert;
}

SilenceVerdict SilenceWatch::look(Time now) {
  SilenceVerdict out;
  out.ended = std::exchange(ended_, {});
  const auto pause = now - looked_;
  looked_ = now;
  std::vector<Silent> quiet;
  for (auto& [key, heard] : heard_) {
    if (pause > away && !heard.silent) heard.last = std::min(now, heard.last + pause);
    if (!heard.silent) {
      const auto most = limit(heard);
      if (most > Duration{} && now - heard.last > most) {
        heard.silent = true;
        out.alerts.push_back(alert_for(key, heard, most, now));
      }
    }
    if (heard.silent) quiet.push_back({key.source, key.host, heard.last});
  }
  std::ranges::sort(out.alerts, {}, [](const rules::Alert& alert) { return alert.id; });
  std::ranges::sort(quiet, {}, [](const Silent& s) { return std::tie(s.source, s.host); });
  const std::lock_guard lock(mutex_);
  silent_ = std::move(quiet);
  return out;
}

std::vector<SilenceWatch::Silent> SilenceWatch::silent() const {
  const std::lock_guard lock(mutex_);
  return silent_;
}

std::string SilenceWatch::save() const {
  std::string out;
  JsonWriter writer(out);
  const auto whole = [](Time time) { return duration_cast<seconds>(time.time_since_epoch()).count(); };
  writer.begin_array();
  for (const auto& [key, heard] : heard_) {
    writer.begin_object().member("source", key.source).member("host", key.host).member("events", heard.events);
    writer.member("first", whole(heard.first)).member("last", whole(heard.last)).member("day", heard.day);
    writer.member("silent", heard.silent).key("longest").begin_array();
    for (const auto gap : heard.longest) writer.value(gap);
    writer.end_array().end_object();
  }
  writer.end_array();
  return out;
}

void SilenceWatch::restore(std::string_view saved, Time now) {
  json::error_code error;
  const auto read = json::parse(saved, error);
  if (error || !read.is_array()) return;
  const auto number = [](const json::object& row, const char* name) {
    const auto* found = row.if_contains(name);
    return found == nullptr || !found->is_int64() ? std::int64_t{0} : found->get_int64();
  };
  const auto text = [](const json::object& row, const char* name) {
    const auto* found = row.if_contains(name);
    return found == nullptr || !found->is_string() ? std::string() : std::string(found->get_string());
  };
  for (const auto& each : read.get_array()) {
    if (!each.is_object() || heard_.size() >= sources_most) continue;
    const auto& row = each.get_object();
    auto& heard = of(text(row, "source"), text(row, "host"), now);
    heard.events = static_cast<std::uint64_t>(std::max<std::int64_t>(0, number(row, "events")));
    heard.first = std::min(now, Time{seconds{std::max<std::int64_t>(0, number(row, "first"))}});
    heard.day = std::clamp<std::int64_t>(number(row, "day"), 0, day_of(now));
    const auto* silent = row.if_contains("silent");
    heard.silent = silent != nullptr && silent->is_bool() && silent->get_bool();
    // While we were away nobody could be heard: the silence of all others begins anew.
    if (heard.silent) heard.last = std::min(now, Time{seconds{std::max<std::int64_t>(0, number(row, "last"))}});
    const auto* longest = row.if_contains("longest");
    if (longest == nullptr || !longest->is_array()) continue;
    const auto& gaps = longest->get_array();
    for (std::size_t i = 0; i < std::min(gaps.size(), heard.longest.size()); ++i)
      if (gaps[i].is_int64())
        heard.longest[i] = static_cast<std::uint32_t>(std::clamp<std::int64_t>(gaps[i].get_int64(), 0, UINT32_MAX));
  }
}

}  // namespace tocsin::daemon
