#pragma once
// Documents of Sigma files → rules. Collections (`action: global`, `reset`, `repeat`) are unfolded. What cannot be used
// is a diagnostic; the rest is loaded.

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "rules/detector.h"
#include "rules/sigma/parse/expression.h"
#include "rules/sigma/view/view.h"

namespace tocsin::rules::sigma {

struct Heading {
  RuleInfo info;
  std::string name;  // for references
  Place place;
};

struct DetectionRule {
  Heading heading;
  LogSource source;
  Expression expression;
  std::vector<LintFinding> lint;  // of its text
};

// A document that is not a detection, kept for the parser of its kind.
struct OtherDocument {
  Heading heading;
  LogSource source;
  Node body;
};

struct RuleBook {
  std::vector<DetectionRule> rules;
  std::vector<OtherDocument> correlations;
  std::vector<OtherDocument> filters;
};

using Placeholders = std::map<std::string, std::vector<std::string>>;

RuleBook parse_rules(std::span<const RuleSource> sources, const Placeholders& placeholders, Diagnostics& diagnostics);
// Documents already read, as one file; adds to `book`.
void add_documents(RuleBook& book, std::vector<Node> documents, const std::string& file,
                   const Placeholders& placeholders, Diagnostics& diagnostics);
// One detection rule from a document already read.
Parsed<DetectionRule> parse_rule(const Node& document, const std::string& file, const Placeholders& placeholders);
Parsed<Heading> parse_heading(const Node& document, const std::string& file);
// Replaces `%name%` by its values; unknown names refuse the rule.
Parsed<void> expand_placeholders(Expression& expression, const Placeholders& placeholders);
void report(Diagnostics& diagnostics, const std::string& file, const std::string& item, const Problem& problem,
            Severity severity = Severity::error);

}  // namespace tocsin::rules::sigma
