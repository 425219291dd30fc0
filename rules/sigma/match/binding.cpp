#include "rules/sigma/match/binding.h"

#include <algorithm>

namespace tocsin::rules::sigma {

Binding::Binding(const Program& program, const View* view) {
  for (Slot slot = 1; slot < program.slots.size(); ++slot) {
    const auto& name = program.slots[slot];
    by_field_[name].push_back({slot, Derivation::none});
    if (view == nullptr) continue;
    if (const auto found = view->fields.find(name); found != view->fields.end())
      for (const auto& source : found->second) {
        const bool itself = source.field == name && source.derivation == Derivation::none;
        if (!itself) by_field_[source.field].push_back({slot, source.derivation});
      }
  }
  if (view == nullptr) return;
  for (const auto& prefix : view->prefixes) {
    auto& [text, slots] = by_prefix_.emplace_back(prefix, std::unordered_map<std::string, Slot>());
    for (Slot slot = 1; slot < program.slots.size(); ++slot) slots.emplace(program.slots[slot], slot);
  }
}

std::vector<Bound> Binding::bounds(std::string_view event_field) const {
  std::vector<Bound> out;
  if (const auto found = by_field_.find(std::string(event_field)); found != by_field_.end()) out = found->second;
  for (const auto& [prefix, slots] : by_prefix_) {
    if (!event_field.starts_with(prefix)) continue;
    const auto found = slots.find(std::string(event_field.substr(prefix.size())));
    if (found != slots.end()) out.push_back({found->second, Derivation::none});
  }
  return out;
}

}  // namespace tocsin::rules::sigma
