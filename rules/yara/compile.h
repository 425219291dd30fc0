#pragma once
// Sources → libyara's compiled rules. libyara's types stay behind the forward declaration.

#include <memory>
#include <span>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "rules/alert.h"
#include "rules/detector.h"

struct YR_RULES;

namespace tocsin::rules::yara {

struct CompiledRules {
  std::shared_ptr<YR_RULES> rules;  // null when nothing compiled
  // One per rule of the rules table, in its order; null for private rules, which only serve others.
  std::vector<RuleRef> by_index;
  std::vector<RuleRef> visible;
};

CompiledRules compile_sources(std::span<const RuleSource> sources, Diagnostics& diagnostics);

}  // namespace tocsin::rules::yara
