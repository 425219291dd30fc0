#include "rules/tuning.h"

#include <algorithm>
#include <array>

namespace tocsin::rules {
namespace {

constexpr std::array<std::string_view, 4> act_names{"enable", "disable", "modify", "suppress"};
constexpr std::array<std::string_view, 3> side_names{"either", "source", "destination"};

// '*' stands for any run of characters. Linear but for repeats of one star: no recursion.
bool glob(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

constexpr std::string_view file_prefix = "file:";
constexpr std::string_view text_prefix = "re:";

bool is_wild(std::string_view selector) noexcept {
  return selector.starts_with(file_prefix) || selector.starts_with(text_prefix) ||
         selector.find('*') != std::string_view::npos;
}

bool any_in(const std::vector<Network>& networks, const std::vector<IpAddress>& addresses) {
  return std::ranges::any_of(addresses, [&](const IpAddress& address) {
    return std::ranges::any_of(networks, [&](const Network& n) { return n.contains(address); });
  });
}

// An address inside the networks and outside the exceptions.
bool side_covered(const TuningEntry& entry, const std::vector<IpAddress>& addresses) {
  return std::ranges::any_of(addresses, [&](const IpAddress& address) {
    const std::vector<IpAddress> one{address};
    return (entry.networks.empty() || any_in(entry.networks, one)) && !any_in(entry.except, one);
  });
}

void add_address(std::vector<IpAddress>& out, std::string_view text) {
  if (const auto address = parse_address(text)) out.push_back(address->unmapped());
}

}  // namespace

std::string_view tuning_act_name(TuningAct act) noexcept { return act_names[static_cast<std::size_t>(act)]; }

std::optional<TuningAct> parse_tuning_act(std::string_view name) noexcept {
  const auto found = std::ranges::find(act_names, name);
  if (found == act_names.end()) return std::nullopt;
  return static_cast<TuningAct>(found - act_names.begin());
}

std::string_view tuning_side_name(TuningSide side) noexcept { return side_names[static_cast<std::size_t>(side)]; }

std::optional<TuningSide> parse_tuning_side(std::string_view name) noexcept {
  const auto found = std::ranges::find(side_names, name);
  if (found == side_names.end()) return std::nullopt;
  return static_cast<TuningSide>(found - side_names.begin());
}

bool TuningEntry::in_hours(Time time) const {
  if (!hours) return true;
  const auto local = time + (offset ? offset(time) : std::chrono::seconds{0});
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const auto minute = std::chrono::duration_cast<std::chrono::minutes>(local - day).count();
  const auto weekday = std::chrono::weekday(day).iso_encoding() - 1;  // Monday is 0
  const auto wanted = [&](unsigned of) { return (hours->days >> of & 1U) != 0; };
  if (hours->from < hours->until) return wanted(weekday) && minute >= hours->from && minute < hours->until;
  // Over midnight: the early part belongs to the day before.
  if (minute >= hours->from) return wanted(weekday);
  return minute < hours->until && wanted((weekday + 6) % 7);
}

AlertEnds alert_ends(const Alert& alert) {
  AlertEnds out;
  if (alert.packet) {
    out.sources.push_back(alert.packet->source.unmapped());
    out.destinations.push_back(alert.packet->destination.unmapped());
    return out;
  }
  for (const auto& [name, value] : alert.fields) {
    if (name == "source.ip") add_address(out.sources, value);
    if (name == "destination.ip") add_address(out.destinations, value);
  }
  if (out.sources.empty() && out.destinations.empty())
    for (const auto& entity : alert.entities)
      if (entity.kind == EntityKind::address)
        add_address(entity.role == EntityRole::target ? out.destinations : out.sources, entity.value);
  return out;
}

bool selects(const TuningEntry& entry, std::string_view id) noexcept {
  return std::ranges::any_of(entry.rules, [&](std::string_view selector) {
    if (!is_wild(selector)) return selector == id;
    return !selector.starts_with(file_prefix) && !selector.starts_with(text_prefix) && glob(selector, id);
  });
}

bool selects(const TuningEntry& entry, const RuleFace& rule) {
  if (selects(entry, rule.id)) return true;
  const auto name = rule.file.substr(rule.file.rfind('/') + 1);
  for (const std::string_view selector : entry.rules)
    if (selector.starts_with(file_prefix) && !name.empty() && glob(selector.substr(file_prefix.size()), name))
      return true;
  return std::ranges::any_of(entry.finds, [&](const auto& finds) { return finds(rule.text); });
}

bool covers(const TuningEntry& entry, const Alert& alert) {
  if (!entry.host.empty() && entry.host != alert.host) return false;
  if (!entry.in_hours(alert.time)) return false;
  if (entry.keeps && entry.keeps(alert)) return false;
  if (entry.networks.empty() && entry.except.empty()) return true;
  const auto ends = alert_ends(alert);
  switch (entry.side) {
    case TuningSide::source: return side_covered(entry, ends.sources);
    case TuningSide::destination: return side_covered(entry, ends.destinations);
    case TuningSide::either: break;
  }
  return side_covered(entry, ends.sources) || side_covered(entry, ends.destinations);
}

bool TunedEntry::takes(const Alert& alert) const {
  if (!entry_.in_force(alert.time) || !covers(entry_, alert)) return false;
  if (taken_ != nullptr && entry_.act != TuningAct::modify && alert.exercise == Exercise::no) taken_->add(alert.count);
  alerts_.fetch_add(alert.count, std::memory_order_relaxed);
  last_.store(alert.time.time_since_epoch().count(), std::memory_order_relaxed);
  return true;
}

void TunedEntry::inherit(const TunedEntry& old) const noexcept {
  alerts_.store(old.alerts(), std::memory_order_relaxed);
  last_.store(old.last_.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

std::optional<Time> TunedEntry::last() const noexcept {
  const auto value = last_.load(std::memory_order_relaxed);
  if (value == INT64_MIN) return std::nullopt;
  return Time{Duration{value}};
}

Tuning::Tuning(std::vector<TuningEntry> entries, Time now, Counter* taken) : now_(now) {
  for (auto& entry : entries) entries_.push_back(std::make_shared<TunedEntry>(std::move(entry), taken));
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (!entries_[i]->entry().expired(now)) index(i);
}

void Tuning::index(std::size_t number) {
  const auto& entry = entries_[number]->entry();
  const auto put = [&](Index& exact, std::vector<std::size_t>& wild) {
    for (const auto& selector : entry.rules) {
      auto& list = is_wild(selector) ? wild : exact[selector];
      if (list.empty() || list.back() != number) list.push_back(number);
    }
  };
  if (entry.act != TuningAct::suppress && entry.in_force(now_)) {
    put(load_exact_, load_wild_);
    enables_ = enables_ || entry.act == TuningAct::enable;
  }
  // A disabled rule of an engine that loads all of its rules raises nothing.
  if (entry.act == TuningAct::suppress || entry.act == TuningAct::disable) put(suppress_exact_, suppress_wild_);
  if (entry.act == TuningAct::modify && entry.severity) put(change_exact_, change_wild_);
}

// Entries in the order of the file.
template <class Each>
void Tuning::each(const Index& exact, const std::vector<std::size_t>& wild, std::string_view id, Each act) const {
  const auto found = exact.find(id);
  static const std::vector<std::size_t> none;
  const auto& mine = found == exact.end() ? none : found->second;
  std::size_t m = 0, w = 0;
  while (m < mine.size() || w < wild.size()) {
    const bool take_mine = w == wild.size() || (m < mine.size() && mine[m] <= wild[w]);
    const auto number = take_mine ? mine[m] : wild[w];
    if (take_mine && w < wild.size() && wild[w] == number) ++w;
    ++(take_mine ? m : w);
    if (!act(entries_[number])) return;
  }
}

std::optional<std::string_view> Tuning::load(const RuleFace& rule, bool commented, std::string& rewritten) const {
  bool on = !commented;
  std::string_view text = rule.text;
  each(load_exact_, load_wild_, rule.id, [&](const TunedEntryRef& tuned) {
    const auto& entry = tuned->entry();
    if (!selects(entry, {rule.id, rule.file, text})) return true;
    if (entry.act == TuningAct::enable) on = true;
    if (entry.act == TuningAct::disable) on = false;
    if (entry.act == TuningAct::modify && entry.rewrite)
      if (auto fresh = entry.rewrite(text)) {
        rewritten = std::move(*fresh);
        text = rewritten;
      }
    // A commented rule that stays so is not met by what only modifies it.
    if (entry.act != TuningAct::modify || on) tuned->count_rule();
    return true;
  });
  if (!on) return std::nullopt;
  return text;
}

void Tuning::meet(std::span<const RuleRef> rules) const {
  for (const auto& rule : rules) {
    const bool signature = rule->engine == Engine::signature;
    each(suppress_exact_, suppress_wild_, rule->id, [&](const TunedEntryRef& tuned) {
      // Signatures that are switched off were met when they were loaded.
      if (selects(tuned->entry(), rule->id) && (!signature || tuned->entry().act == TuningAct::suppress))
        tuned->count_rule();
      return true;
    });
    if (signature) continue;
    each(change_exact_, change_wild_, rule->id, [&](const TunedEntryRef& tuned) {
      if (selects(tuned->entry(), rule->id)) tuned->count_rule();
      return true;
    });
  }
}

std::vector<TunedEntryRef> Tuning::suppressions(std::string_view rule) const {
  std::vector<TunedEntryRef> out;
  each(suppress_exact_, suppress_wild_, rule, [&](const TunedEntryRef& tuned) {
    if (tuned->entry().act == TuningAct::suppress && selects(tuned->entry(), rule)) out.push_back(tuned);
    return true;
  });
  return out;
}

namespace {

bool is_exception(const TuningEntry& entry) noexcept { return entry.act == TuningAct::disable || entry.narrows(); }

}  // namespace

bool Tuning::has_exceptions(std::string_view rule) const {
  bool found = false;
  each(suppress_exact_, suppress_wild_, rule, [&](const TunedEntryRef& tuned) {
    found = is_exception(tuned->entry()) && selects(tuned->entry(), rule);
    return !found;
  });
  return found;
}

bool Tuning::excepts(const Alert& alert) const {
  bool taken = false;
  each(suppress_exact_, suppress_wild_, alert.rule->id, [&](const TunedEntryRef& tuned) {
    taken = is_exception(tuned->entry()) && selects(tuned->entry(), alert.rule->id) && tuned->takes(alert);
    return !taken;
  });
  return taken;
}

bool Tuning::takes(const Alert& alert) const {
  bool taken = false;
  each(suppress_exact_, suppress_wild_, alert.rule->id, [&](const TunedEntryRef& tuned) {
    taken = selects(tuned->entry(), alert.rule->id) && tuned->takes(alert);
    return !taken;
  });
  return taken;
}

void Tuning::change(Alert& alert) const {
  each(change_exact_, change_wild_, alert.rule->id, [&](const TunedEntryRef& tuned) {
    if (selects(tuned->entry(), alert.rule->id) && tuned->takes(alert)) alert.severity = *tuned->entry().severity;
    return true;
  });
}

void Tuning::inherit(const Tuning& old) const {
  std::map<std::string_view, const TunedEntry*> before;
  for (const auto& entry : old.entries_) before[entry->entry().id] = entry.get();
  for (const auto& entry : entries_)
    if (const auto found = before.find(entry->entry().id); found != before.end()) entry->inherit(*found->second);
}

std::optional<Time> Tuning::next_change(Time now) const {
  std::optional<Time> next;
  for (const auto& tuned : entries_) {
    const auto& entry = tuned->entry();
    if (entry.act == TuningAct::suppress) continue;
    for (const auto& moment : {entry.from, std::optional(entry.expires)})
      if (moment && *moment > now && (!next || *moment < *next)) next = moment;
  }
  return next;
}

}  // namespace tocsin::rules
