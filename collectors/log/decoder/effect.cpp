#include "collectors/log/decoder/effect.h"

#include <algorithm>
#include <utility>

#include "collectors/base/text.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t copied_most = 512;

bool value_matches(std::string_view text, std::string_view wanted) {
  const bool head = wanted.starts_with('*');
  const bool tail = wanted.size() > 1 && wanted.ends_with('*');
  if (head) wanted.remove_prefix(1);
  if (tail) wanted.remove_suffix(1);
  if (text.size() < wanted.size()) return false;
  if (!head && !tail) return equals_ignoring_case(text, wanted);
  if (!head) return equals_ignoring_case(text.substr(0, wanted.size()), wanted);
  if (!tail) return equals_ignoring_case(text.substr(text.size() - wanted.size()), wanted);
  const auto same = [](char a, char b) { return to_lower_ascii(a) == b; };
  return !std::ranges::search(text, wanted, same).empty() || wanted.empty();
}

bool condition_holds(const Condition& condition, const EventBuilder& builder) {
  const Value* value = builder.find(condition.field);
  if (condition.present) return (value != nullptr && !value->is_null()) == *condition.present;
  if (value == nullptr) return false;
  for (const auto& item : value->items()) {
    std::string rendered;  // numbers are short: no memory is asked for
    if (!item.is_text()) append_text(rendered, item);
    const std::string_view text = item.is_text() ? item.as_text() : std::string_view(rendered);
    for (const auto& wanted : condition.values)
      if (value_matches(text, wanted)) return true;
  }
  return false;
}

void copy_first(const Effects::Copy& copy, LineContext& line) {
  for (const auto from : copy.from) {
    const Value* value = line.builder.find(from);
    if (value == nullptr || value->is_null()) continue;
    const auto& to = copy.to;
    if (to.meaning == Meaning::plain && (value->is_list() || FieldNames::type(to.field) == FieldType::text) &&
        (value->is_text() || value->is_list())) {
      line.builder.put(to.field, *value);
      return;
    }
    const std::string text = render_text(*value);
    if (text.empty() || text.size() > copied_most * 16) continue;
    assign_text(line, to.field, to.meaning, to.host, to.stamp, text);
    return;
  }
}

void join_parts(const Effects::Join& join, LineContext& line) {
  std::string text;
  for (const auto& part : join.parts) {
    text += part.text;
    if (part.field == Field{}) continue;
    const Value* value = line.builder.find(part.field);
    if (value == nullptr || value->is_null()) return;
    bool first = true;
    for (const auto& item : value->items()) {
      if (!std::exchange(first, false)) text += ' ';
      append_text(text, item);
      if (text.size() > copied_most * 16) return;
    }
  }
  line.builder.set_typed(join.to, text);
}

void look_up(const Effects::Lookup& lookup, LineContext& line) {
  const Value* value = line.builder.find(lookup.from);
  if (value == nullptr || value->is_null()) return;
  const auto found = lookup.table.find(lower_ascii(render_text(*value)));
  if (found != lookup.table.end()) line.builder.set_typed(lookup.to, found->second);
  else if (!lookup.otherwise.empty()) line.builder.set_typed(lookup.to, lookup.otherwise);
}

void extract_first(const Effects::Extract& extract, LineContext& line, Verdict& verdict) {
  static const KeyMap plain;
  for (const auto from : extract.from) {
    const Value* value = line.builder.find(from);
    if (value == nullptr || !value->is_text()) continue;
    const std::string_view text = trim(value->as_text());  // in the batch's arena: it stays
    for (const auto& form : extract.forms) {
      if (!form.needs.empty() && text.find(form.needs) == std::string_view::npos) continue;
      __attribute__((uninitialized)) Captures captures;
      if (!match_pattern(form.pattern, text, captures)) continue;
      assign_captures(line, line.keys == nullptr ? plain : *line.keys, captures);
      apply(form.effects, line, verdict);
      return;
    }
  }
}

void find_moment(const Effects::Moment& moment, LineContext& line) {
  std::string text;
  for (const auto from : moment.from) {
    const Value* value = line.builder.find(from);
    if (value == nullptr) return;
    if (!text.empty()) text += ' ';
    append_text(text, *value);
  }
  if (const auto stamp = read_stamp(moment.form, text)) line.observed = line.clock.resolve(*stamp, line.reference);
}

}  // namespace

bool holds(const std::vector<Condition>& conditions, const EventBuilder& builder) {
  return std::ranges::all_of(conditions, [&](const Condition& c) { return condition_holds(c, builder); });
}

void apply(const Effects& effects, LineContext& line, Verdict& verdict) {
  for (const auto& c : effects.set) line.builder.set_typed(c.field, c.text);
  for (const auto& e : effects.extract) extract_first(e, line, verdict);
  for (const auto& c : effects.copy) copy_first(c, line);
  for (const auto& j : effects.join) join_parts(j, line);
  for (const auto& l : effects.lookup) look_up(l, line);
  if (effects.time) find_moment(*effects.time, line);
  if (effects.event_class) verdict.event_class = *effects.event_class;
  if (!effects.dataset.empty()) verdict.dataset = effects.dataset;
  if (effects.nested) verdict.nested = effects.nested;
  for (const auto& branch : effects.then)
    if (holds(branch.when, line.builder)) apply(branch.effects, line, verdict);
  if (!effects.drop.empty()) line.builder.erase(effects.drop);
}

}  // namespace tocsin::collectors
