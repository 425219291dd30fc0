#include "rules/sigma/match/route.h"

#include <algorithm>

#include "collectors/base/text.h"

namespace tocsin::rules::sigma {
namespace {

// Datasets may come from outside (JSON says its own): past this, answers are worked out anew.
constexpr std::size_t most_remembered = 4096;

bool class_and_dataset_agree(const EventSelector& selector, const EventHeader& header) {
  if (!selector.classes.empty() && std::ranges::find(selector.classes, header.event_class) == selector.classes.end())
    return false;
  if (selector.datasets.empty()) return true;
  return std::ranges::any_of(selector.datasets, [&](const std::string& wanted) {
    if (wanted.ends_with('*')) return header.dataset.starts_with(std::string_view(wanted).substr(0, wanted.size() - 1));
    return header.dataset == wanted;
  });
}

}  // namespace

const std::vector<Router::Choice>& Router::choices(const EventHeader& header) {
  key_.assign(1, static_cast<char>(header.event_class));
  key_ += header.dataset;
  if (const auto found = remembered_.find(key_); found != remembered_.end()) return found->second;
  if (remembered_.size() >= most_remembered) remembered_.clear();
  auto& list = remembered_[key_];
  for (std::size_t i = 0; i < views_.size(); ++i)
    for (const auto& selector : views_[i]->events)
      if (class_and_dataset_agree(selector, header)) list.push_back({i, &selector});
  return list;
}

bool Router::fields_agree(const EventSelector& selector, const Event& event) {
  return std::ranges::all_of(selector.fields, [&](const auto& condition) {
    auto place = fields_.find(condition.first);
    if (place == fields_.end()) {
      const auto field = names_.find(condition.first);
      if (!field) return false;
      place = fields_.emplace(condition.first, *field).first;
    }
    const auto* value = event.find(place->second);
    if (value == nullptr) return false;
    return std::ranges::any_of(value->items(), [&](const Value& item) {
      return std::ranges::find(condition.second, lower_ascii(render_text(item))) != condition.second.end();
    });
  });
}

const std::vector<std::size_t>& Router::route(const Event& event) {
  out_.clear();
  for (const auto& choice : choices(event.header())) {
    if (!out_.empty() && out_.back() == choice.view) continue;
    if (fields_agree(*choice.selector, event)) out_.push_back(choice.view);
  }
  return out_;
}

}  // namespace tocsin::rules::sigma
