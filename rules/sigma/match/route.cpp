#include "rules/sigma/match/route.h"

#include <algorithm>

#include "collectors/base/text.h"

namespace tocsin::rules::sigma {
namespace {

// Datasets and values come from outside (JSON says its own): past these, answers are worked out anew.
constexpr std::size_t lanes_most = 4096;
constexpr std::size_t answers_most = 1024;
constexpr std::size_t key_most = 256;

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

Router::Lane& Router::lane(const EventHeader& header) {
  key_.assign(1, static_cast<char>(header.event_class));
  key_ += header.dataset;
  if (const auto found = lanes_.find(key_); found != lanes_.end()) return found->second;
  if (lanes_.size() >= lanes_most) lanes_.clear();
  auto& lane = lanes_[key_];
  for (std::size_t i = 0; i < views_.size(); ++i)
    for (const auto& selector : views_[i]->events) {
      if (!class_and_dataset_agree(selector, header)) continue;
      lane.choices.push_back({i, &selector});
      for (const auto& condition : selector.fields)
        if (std::ranges::find(lane.asked, condition.first) == lane.asked.end()) lane.asked.push_back(condition.first);
    }
  return lane;
}

const Value* Router::find(std::string_view name, const Event& event) {
  auto place = fields_.find(name);
  if (place == fields_.end()) {
    const auto field = names_.find(name);
    if (!field) return nullptr;
    place = fields_.emplace(name, *field).first;
  }
  return event.find(place->second);
}

// Each behind its length: values must not run into one another.
void Router::append_values(const Lane& lane, const Event& event) {
  key_.clear();
  for (const auto name : lane.asked) {
    const auto* value = find(name, event);
    key_ += value == nullptr ? '-' : '+';
    if (value == nullptr) continue;
    for (const auto& item : value->items()) {
      std::string_view text = item.as_text();
      if (!item.is_text()) {
        rendered_.clear();
        append_text(rendered_, item);
        text = rendered_;
      }
      key_ += std::to_string(text.size());
      key_ += ':';
      key_ += text;
    }
    if (key_.size() > key_most) return;
  }
}

bool Router::fields_agree(const EventSelector& selector, const Event& event) {
  return std::ranges::all_of(selector.fields, [&](const auto& condition) {
    const auto* value = find(condition.first, event);
    if (value == nullptr) return false;
    return std::ranges::any_of(value->items(), [&](const Value& item) {
      return std::ranges::find(condition.second, lower_ascii(render_text(item))) != condition.second.end();
    });
  });
}

void Router::choose(const Lane& lane, const Event& event, std::vector<std::size_t>& out) {
  out.clear();
  for (const auto& choice : lane.choices) {
    if (!out.empty() && out.back() == choice.view) continue;
    if (fields_agree(*choice.selector, event)) out.push_back(choice.view);
  }
}

const std::vector<std::size_t>& Router::route(const Event& event) {
  auto& lane = this->lane(event.header());
  append_values(lane, event);
  if (key_.size() > key_most) {
    choose(lane, event, out_);
    return out_;
  }
  if (const auto found = lane.answers.find(key_); found != lane.answers.end()) return found->second;
  if (lane.answers.size() >= answers_most) lane.answers.clear();
  auto& answer = lane.answers[key_];
  choose(lane, event, answer);
  return answer;
}

}  // namespace tocsin::rules::sigma
