#include "daemon/ruleset/compare.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "collectors/base/text.h"
#include "rules/signature/compile/signature.h"
#include "rules/signature/parse/rule_parser.h"

namespace tocsin::daemon {
namespace {

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::uint64_t text_hash(std::string_view text) { return hash128(trim(text)).low | 1U; }

// The value of an option of a signature that is not compiled.
std::string option_of(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return {};
  auto value = text.substr(at + name.size());
  value = trim(value.substr(0, value.find(';')));
  if (value.starts_with('"')) value.remove_prefix(1);
  if (value.ends_with('"')) value.remove_suffix(1);
  return std::string(value);
}

}  // namespace

void list_rules(const std::vector<rules::RuleRef>& rules, RuleListing& out) {
  for (const auto& rule : rules) {
    ListedRule one{rule->revision, rule->title, last_part(rule->file), true, 0};
    if (rule->engine == rules::Engine::signature)
      one.text = text_hash(static_cast<const rules::signature::SignatureInfo&>(*rule).source);
    out.rules[rule->id] = std::move(one);
  }
  out.loaded += rules.size();
}

void list_commented(const std::vector<rules::RuleSource>& signatures, RuleListing& out) {
  for (const auto& source : signatures) {
    Diagnostics ignored;
    const auto gate = [&](std::string_view text, bool commented, std::string&) -> std::optional<std::string_view> {
      const auto id = commented ? rules::signature::find_rule_id(text) : std::string{};
      if (!id.empty())
        out.rules.try_emplace(id, ListedRule{option_of(text, "rev:"), option_of(text, "msg:"), last_part(source.file),
                                             false, text_hash(text)});
      return std::nullopt;
    };
    rules::signature::parse_rules(source.file, source.text, rules::signature::Syntax::automatic, ignored, gate);
  }
}

void list_refused(const Diagnostics& diagnostics, RuleListing& out) {
  for (const auto& d : diagnostics.all()) {
    if (d.severity != Severity::error || d.code.starts_with('T')) continue;
    out.refused.try_emplace(
        last_part(d.file) + "\n" + (d.item.empty() ? std::to_string(d.line) : d.item) + "\n" + d.code, d);
  }
}

std::string_view rule_change_name(RuleChange change) noexcept {
  static constexpr std::array<std::string_view, 6> names{"added",   "removed",  "changed",
                                                         "enabled", "disabled", "refused"};
  return names[static_cast<std::size_t>(change)];
}

RuleComparison compare_rules(const RuleListing& before, const RuleListing& after) {
  RuleComparison out;
  out.loaded_before = before.loaded;
  out.loaded_after = after.loaded;
  const auto say = [&](RuleChange change, const std::string& id, const ListedRule& rule, std::string old,
                       std::string now) {
    out.differences.push_back({change, id, rule.title, rule.file, std::move(old), std::move(now), {}});
  };
  for (const auto& [id, rule] : after.rules) {
    const auto old = before.rules.find(id);
    if (old == before.rules.end()) {
      // A rule that comes switched off changes nothing.
      if (rule.enabled) say(RuleChange::added, id, rule, {}, rule.revision);
      continue;
    }
    const auto& was = old->second;
    if (was.enabled != rule.enabled)
      say(rule.enabled ? RuleChange::enabled : RuleChange::disabled, id, rule, was.revision, rule.revision);
    else if (rule.enabled && (was.revision != rule.revision || was.text != rule.text))
      say(RuleChange::changed, id, rule, was.revision, rule.revision);
  }
  for (const auto& [id, rule] : before.rules)
    if (rule.enabled && !after.rules.contains(id)) say(RuleChange::removed, id, rule, rule.revision, {});
  for (const auto& [key, d] : after.refused)
    if (!before.refused.contains(key))
      out.differences.push_back({RuleChange::refused,
                                 d.item,
                                 {},
                                 last_part(d.file) + ":" + std::to_string(d.line),
                                 {},
                                 {},
                                 d.code + ": " + d.cause});
  std::ranges::sort(out.differences, {},
                    [](const RuleDifference& one) { return std::tie(one.change, one.rule, one.file); });
  for (const auto& one : out.differences) ++out.counts[one.change];
  return out;
}

std::string much_worse(const LoadFigures& before, const LoadFigures& after) {
  constexpr std::size_t refusals_least = 20;
  const auto more = after.refused > before.refused ? after.refused - before.refused : 0;
  const auto allowed = std::max(refusals_least, before.loaded / 50);
  if (more > allowed)
    return fmt::format("{} more rules would be refused (at most {}, 2 %, are let pass)", more, allowed);
  // A set that has all but vanished is more often a broken download than a decision.
  if (before.loaded - std::min(before.loaded, after.loaded) > before.loaded / 3)
    return fmt::format("{} rules would be loaded instead of {}, less than two thirds", after.loaded, before.loaded);
  return {};
}

}  // namespace tocsin::daemon
