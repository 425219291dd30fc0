#include "rules/sigma/rule_set.h"

#include "rules/sigma/compile/plan.h"
#include "rules/sigma/correlate/state.h"
#include "rules/sigma/match/detector.h"
#include "rules/sigma/parse/filter.h"

namespace tocsin::rules::sigma {
namespace {

class SigmaRuleSet final : public RuleSet {
 public:
  SigmaRuleSet(std::shared_ptr<const Plan> plan, const SigmaOptions& options, std::optional<Time> next_change)
      : plan_(std::move(plan)),
        limits_{options.most_groups, options.most_entries, options.lateness},
        tuning_(options.tuning),
        next_change_(next_change) {}

  Engine engine() const noexcept override { return Engine::sigma; }
  const std::vector<RuleRef>& rules() const noexcept override { return plan_->rules; }

  std::vector<std::string> remarks() const override {
    std::vector<std::string> out;
    if (!hyperscan_usable()) out.emplace_back(hyperscan_remark);
    std::size_t slow = 0;
    for (const auto& program : plan_->programs)
      for (const auto& index : program.program->indices) slow += index.raw.slow();
    if (slow != 0 && hyperscan_usable())
      out.push_back(std::to_string(slow) + " regular expressions are matched one by one.");
    return out;
  }

  std::unique_ptr<SharedState> make_state() const override {
    return std::make_unique<SigmaState>(plan_->network, limits_, plan_, tuning_);
  }

  std::unique_ptr<Detector> attach(const WorkerContext& context, SharedState&) const override {
    return std::make_unique<SigmaDetector>(plan_, context);
  }

  std::vector<RuleCost> costs() const override {
    std::vector<RuleCost> out;
    out.reserve(plan_->rules.size());
    for (std::size_t i = 0; i < plan_->rules.size(); ++i)
      out.push_back({plan_->rules[i], plan_->counters[i].checks.load(std::memory_order_relaxed),
                     plan_->counters[i].matches.load(std::memory_order_relaxed),
                     plan_->counters[i].nanoseconds.load(std::memory_order_relaxed)});
    return out;
  }
  std::vector<LintFinding> lint() const override { return plan_->lint; }
  std::optional<Time> next_change() const override { return next_change_; }

 private:
  std::shared_ptr<const Plan> plan_;
  const CorrelationLimits limits_;
  const std::shared_ptr<const Tuning> tuning_;
  const std::optional<Time> next_change_;
};

}  // namespace

std::shared_ptr<const RuleSet> compile_sigma(std::span<const RuleSource> rules, std::span<const RuleSource> views,
                                             const SigmaOptions& options, Diagnostics& diagnostics) {
  auto book = parse_rules(rules, options.placeholders, diagnostics);
  const auto next_change = apply_filters(book, options.placeholders, options.now, diagnostics);
  auto parsed_views = parse_views(views, diagnostics);
  return std::make_shared<SigmaRuleSet>(make_plan(book, std::move(parsed_views), options, diagnostics), options,
                                        next_change);
}

}  // namespace tocsin::rules::sigma
