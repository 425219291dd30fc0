#pragma once
// RuleAst → Signature: options read in order by the keyword table, then the whole checked and its kind decided.

#include <expected>

#include "rules/signature/compile/signature.h"
#include "rules/signature/keyword/rule_builder.h"
#include "rules/signature/parse/rule_ast.h"

namespace tocsin::rules::signature {

// Severity 0-100 of a rule's priority, where no metadata says better: 1 → 80, 2 → 60, 3 → 40, 4 and more → 20.
std::uint8_t severity_of_priority(std::uint8_t priority) noexcept;

struct Compiled {
  Signature signature;
  SignatureInfo info;
  std::vector<Mistake> remarks{};
};
std::expected<Compiled, Mistake> compile_rule(const RuleAst& ast, CompileContext& context);

// The content that the prefilter looks for: asked for by the rule, else the longest, ties by rarity of its bytes.
// Leaves fast_chain at -1 when the rule has none that is good enough.
void choose_fast_pattern(Signature& signature);
// The bytes the prefilter gets of that content.
std::pair<std::size_t, std::size_t> fast_part(const ContentTest& content) noexcept;

}  // namespace tocsin::rules::signature
