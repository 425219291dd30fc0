#include "rules/yara/rule_set.h"

#include "rules/yara/compile.h"
#include "rules/yara/detector.h"
#include "rules/yara/scanner.h"

namespace tocsin::rules::yara {
namespace {

class YaraRuleSet final : public RuleSet {
 public:
  YaraRuleSet(CompiledRules compiled, const YaraOptions& options)
      : compiled_(std::move(compiled)),
        options_(options),
        counters_(options.metrics != nullptr ? *options.metrics : own_metrics_, compiled_.by_index.size()) {}

  Engine engine() const noexcept override { return Engine::yara; }
  const std::vector<RuleRef>& rules() const noexcept override { return compiled_.visible; }

  std::unique_ptr<Detector> attach(const WorkerContext& context, SharedState&) const override {
    return std::make_unique<YaraDetector>(compiled_, options_, counters_, context);
  }

  std::vector<RuleCost> costs() const override {
    std::vector<RuleCost> out;
    for (std::size_t i = 0; i < compiled_.by_index.size(); ++i)
      if (compiled_.by_index[i])
        out.push_back({compiled_.by_index[i], counters_.scans.value(), counters_.by_rule[i].value(), 0});
    return out;
  }

 private:
  const CompiledRules compiled_;
  const YaraOptions options_;
  Metrics own_metrics_;
  mutable ScanCounters counters_;  // atomics: counting is not a change of the rules
};

}  // namespace

std::shared_ptr<const RuleSet> compile_yara(std::span<const RuleSource> sources, const YaraOptions& options,
                                            Diagnostics& diagnostics) {
  return std::make_shared<YaraRuleSet>(compile_sources(sources, diagnostics), options);
}

}  // namespace tocsin::rules::yara
