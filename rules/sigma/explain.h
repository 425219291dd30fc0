#pragma once
// Why one rule fires on an event, or what keeps it from firing: the leaves of its condition that decide, each with what
// it asks and what the event has. The same compiled program and views as the live path, for one rule alone.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "collectors/base/result.h"
#include "collectors/event/event.h"
#include "rules/detector.h"
#include "rules/sigma/rule_set.h"

namespace tocsin::rules::sigma {

struct DecidingLeaf {
  bool holds = false;
  bool negated = false;   // the condition wants it not to hold
  std::string selection;  // as the rule names it; "logsource" for what the view asks of events
  std::string field;      // of the rule; empty: any field or the line itself
  std::string where;      // of the event: what was looked at; empty: it has nothing there
  std::string test;       // "is like '*\\evil.exe'"; several of one field and selection are one leaf
  std::string value;      // what the event has, an excerpt
};

struct Explanation {
  std::string view;     // the log-source view that was judged
  bool routed = false;  // the event is of the rule's log source
  bool match = false;   // and the condition holds
  std::vector<DecidingLeaf> leaves;
};

// Not thread-safe. `names` must outlive it.
class Explainer {
 public:
  // `rule` is an id, a name or a title, or empty when `rules` hold one rule only. not_found, with what is near; invalid
  // when it was refused (`diagnostics` has why) or is a correlation.
  static Result<Explainer> open(std::span<const RuleSource> rules, std::span<const RuleSource> views,
                                const SigmaOptions& options, std::string_view rule, const FieldNames& names,
                                Diagnostics& diagnostics);
  ~Explainer();
  Explainer(Explainer&&) noexcept;
  Explainer& operator=(Explainer&&) noexcept;

  const RuleInfo& rule() const noexcept;
  // Under the view that takes the event, else under the first that serves the rule, with what it misses.
  Explanation explain(const Event& event);

 private:
  Explainer();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::rules::sigma
