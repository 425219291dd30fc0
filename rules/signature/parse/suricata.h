#pragma once
// One rule in Suricata's language → RuleAst: what a line of the file holds, or several that backslashes join.

#include <algorithm>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "rules/signature/parse/rule_ast.h"

namespace tocsin::rules::signature {

// One rule's text after joining, and where each piece of it stood in the file.
class LogicalLine {
 public:
  void append(std::string_view piece, std::uint32_t line) {
    starts_.push_back({text_.size(), line});
    text_ += piece;
  }
  const std::string& text() const noexcept { return text_; }
  bool empty() const noexcept { return starts_.empty(); }
  Place place(std::size_t position) const noexcept {
    auto piece = std::ranges::upper_bound(starts_, position, {}, &Start::position);
    if (piece != starts_.begin()) --piece;
    return {piece->line, static_cast<std::uint32_t>(position - piece->position + 1)};
  }

 private:
  struct Start {
    std::size_t position;
    std::uint32_t line;
  };
  std::string text_;
  std::vector<Start> starts_;
};

std::expected<RuleAst, Mistake> read_suricata_rule(std::string_view file, const LogicalLine& line);

}  // namespace tocsin::rules::signature
