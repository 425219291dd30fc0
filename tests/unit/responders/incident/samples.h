#pragma once
// Alerts as engines would raise them, for the tests of casework and what stands on it.

#include <string>
#include <utility>
#include <vector>

#include "rules/alert.h"

namespace tocsin::samples {

inline Time at(std::int64_t seconds) {
  return Time{std::chrono::seconds(1'795'338'000 + seconds)};
}  // 2026-11-22 09:00

struct AlertRecipe {
  std::string rule = "ssh-guess";
  std::int64_t second = 0;
  rules::Engine engine = rules::Engine::sigma;
  std::uint8_t severity = 40;
  std::vector<std::string> attack{};
  std::vector<rules::Entity> entities{};
  std::string host = "web1";
  Exercise exercise = Exercise::no;
  rules::Tlp tlp = rules::Tlp::none;
};

inline rules::Alert make_alert(const AlertRecipe& recipe) {
  auto rule = std::make_shared<rules::RuleInfo>();
  rule->engine = recipe.engine;
  rule->id = recipe.rule;
  rule->revision = "1";
  rule->title = "Title of " + recipe.rule;
  rule->severity = recipe.severity;
  rule->attack = recipe.attack;
  rules::Alert alert;
  alert.rule = rule;
  alert.time = at(recipe.second);
  alert.host = recipe.host;
  alert.severity = recipe.severity;
  alert.exercise = recipe.exercise;
  alert.tlp = recipe.tlp;
  alert.add_entity(rules::EntityKind::host, rules::EntityRole::target, recipe.host);
  for (const auto& e : recipe.entities) alert.add_entity(e.kind, e.role, e.value);
  alert.why.push_back({"selection", "event.action", "login_failed", -1, 0});
  std::string identity = recipe.rule + '@' + std::to_string(recipe.second) + '@' + recipe.host;
  for (const auto& e : recipe.entities) identity += '@' + e.value;
  alert.events.push_back(hash128(identity));
  rules::seal(alert);
  return alert;
}

inline rules::Entity from(std::string address) {
  return {rules::EntityKind::address, rules::EntityRole::actor, std::move(address)};
}
inline rules::Entity towards(std::string address) {
  return {rules::EntityKind::address, rules::EntityRole::target, std::move(address)};
}
inline rules::Entity user(std::string name) {
  return {rules::EntityKind::user, rules::EntityRole::related, std::move(name)};
}
inline rules::Entity file(std::string path) {
  return {rules::EntityKind::file, rules::EntityRole::related, std::move(path)};
}
inline rules::Entity domain(std::string name) {
  return {rules::EntityKind::domain, rules::EntityRole::related, std::move(name)};
}

}  // namespace tocsin::samples
