#include "rules/sigma/compile/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "rules/sigma/compile/fold.h"
#include "rules/sigma/compile/lower.h"

namespace tocsin::rules::sigma {
namespace {

// Builds the counting network over the trees.
class Network {
 public:
  explicit Network(Program& program) : program_(program) {}

  // The gate that must fire for the tree to be true; nothing when nothing positive must hold.
  std::optional<std::uint32_t> gate(std::uint32_t node_index) {
    const auto& node = program_.nodes[node_index];
    if (node.kind == TreeNode::Kind::predicate) return node.predicate;
    if (node.kind == TreeNode::Kind::negation) return std::nullopt;
    const bool all = node.kind == TreeNode::Kind::all;
    std::vector<std::uint32_t> inputs;
    for (std::uint32_t i = 0; i < node.count; ++i) {
      const auto input = gate(program_.children[node.first + i]);
      if (input) inputs.push_back(*input);
      else if (!all) return std::nullopt;
    }
    std::ranges::sort(inputs);
    inputs.erase(std::ranges::unique(inputs).begin(), inputs.end());
    if (inputs.empty()) return std::nullopt;
    if (inputs.size() == 1) return inputs.front();
    const auto needs = all ? static_cast<std::uint32_t>(inputs.size()) : 1U;
    return share(needs, std::move(inputs));
  }

  bool has_negation(std::uint32_t node_index) const {
    const auto& node = program_.nodes[node_index];
    if (node.kind == TreeNode::Kind::negation) return true;
    for (std::uint32_t i = 0; i < node.count; ++i)
      if (has_negation(program_.children[node.first + i])) return true;
    return false;
  }

  void link() {
    std::vector<std::vector<std::uint32_t>> above_predicates(program_.predicates.size());
    std::vector<std::vector<std::uint32_t>> above_gates(inputs_.size());
    for (std::uint32_t g = 0; g < inputs_.size(); ++g)
      for (const auto input : inputs_[g]) {
        if ((input & Program::gate_bit) != 0) above_gates[input & ~Program::gate_bit].push_back(g);
        else above_predicates[input].push_back(g);
      }
    flatten(above_predicates, program_.predicate_edges);
    flatten(above_gates, program_.gate_edges);
    program_.predicate_rules.resize(program_.predicates.size());
    program_.gate_rules.resize(inputs_.size());
  }

 private:
  std::uint32_t share(std::uint32_t needs, std::vector<std::uint32_t> inputs) {
    const auto [place, is_new] =
        known_.try_emplace({needs, inputs}, static_cast<std::uint32_t>(inputs_.size()) | Program::gate_bit);
    if (is_new) {
      program_.gate_needs.push_back(needs);
      inputs_.push_back(std::move(inputs));
    }
    return place->second;
  }

  void flatten(const std::vector<std::vector<std::uint32_t>>& lists, std::vector<std::uint32_t>& starts) {
    for (const auto& list : lists) {
      starts.push_back(static_cast<std::uint32_t>(program_.edges.size()));
      program_.edges.insert(program_.edges.end(), list.begin(), list.end());
    }
    starts.push_back(static_cast<std::uint32_t>(program_.edges.size()));
  }

  Program& program_;
  std::vector<std::vector<std::uint32_t>> inputs_;  // by gate
  std::map<std::pair<std::uint32_t, std::vector<std::uint32_t>>, std::uint32_t> known_;
};

void build_network(Program& program) {
  Network network(program);
  std::vector<std::optional<std::uint32_t>> gates;
  for (auto& rule : program.rules) {
    gates.push_back(network.gate(rule.root));
    rule.exact = gates.back().has_value() && !network.has_negation(rule.root);
  }
  network.link();
  for (std::uint32_t i = 0; i < gates.size(); ++i) {
    if (!gates[i]) program.always.push_back(i);
    else if ((*gates[i] & Program::gate_bit) != 0) program.gate_rules[*gates[i] & ~Program::gate_bit].push_back(i);
    else program.predicate_rules[*gates[i]].push_back(i);
  }
}

void index_predicate(Program& program, PredicateId id) {
  const auto& p = program.predicates[id];
  auto& index = program.indices[p.slot];
  switch (p.kind) {
    case Predicate::Kind::present: index.present = id; break;
    case Predicate::Kind::has_value: index.has_value = id; break;
    case Predicate::Kind::exact: index.exact.emplace(p.text, id); break;
    case Predicate::Kind::number: index.numbers.emplace(p.number.real, id); break;
    case Predicate::Kind::regex: index.raw.add(id, &p); break;
    case Predicate::Kind::pattern:
      if (p.cased) index.raw.add(id, &p);
      else if (is_ascii(p.pattern.literal_text())) index.folded.add(id, &p);
      else index.folded_wide.add(id, &p);
      break;
    case Predicate::Kind::network:
    case Predicate::Kind::compare:
    case Predicate::Kind::time_part: index.others.push_back(id); break;
    case Predicate::Kind::field: program.field_predicates.push_back(id); break;
  }
}

KeywordGate keyword_gate(const Program& program) {
  KeywordGate gate;
  constexpr std::string_view number_letters = "+-0123456789";
  std::optional<std::size_t> shortest;
  for (PredicateId id = 0; id < program.predicates.size(); ++id) {
    const auto& p = program.predicates[id];
    if (p.slot != keyword_slot) continue;
    if (p.kind != Predicate::Kind::pattern || !p.pattern.starts_open() || !p.pattern.ends_open())
      return {.usual = false};
    const auto text = p.pattern.literal_text();
    const auto any_one = std::ranges::count(p.pattern.parts(), PatternPart::Kind::any_one, &PatternPart::kind);
    const auto points = std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; });
    shortest = std::min(shortest.value_or(SIZE_MAX), static_cast<std::size_t>(points + any_one));
    if (text.find_first_not_of(number_letters) == std::string::npos) gate.in_numbers.push_back(id);
  }
  gate.shortest = shortest.value_or(0);
  return gate;
}

}  // namespace

std::string Number::render() const { return is_real ? fmt::format("{}", real) : fmt::format("{}", integer); }

bool Program::indices_empty(Slot slot) const noexcept {
  const auto& index = indices[slot];
  return index.present == SlotIndex::none && index.has_value == SlotIndex::none && index.exact.empty() &&
         index.numbers.empty() && index.folded.empty() && index.folded_wide.empty() && index.raw.empty() &&
         index.others.empty();
}

std::size_t Program::slow_patterns() const noexcept {
  std::size_t count = 0;
  for (const auto& index : indices) count += index.folded.slow() + index.folded_wide.slow() + index.raw.slow();
  return count;
}

std::shared_ptr<const Program> compile_program(const std::vector<const Expression*>& rules,
                                               const std::vector<std::string>& extra, const PatternOptions& options) {
  auto program = std::make_shared<Program>();
  Lowering lowering(*program);
  for (const auto* rule : rules) lowering.add_rule(*rule);
  for (const auto& name : extra) lowering.add_field(name);
  build_network(*program);
  program->indices.resize(program->slots.size());
  for (PredicateId id = 0; id < program->predicates.size(); ++id) index_predicate(*program, id);
  program->keyword_gate = keyword_gate(*program);
  for (auto& index : program->indices) {
    index.folded.compile(options);
    index.folded_wide.compile(options);
    index.raw.compile(options);
  }
  return program;
}

}  // namespace tocsin::rules::sigma
