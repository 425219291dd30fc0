#include "rules/sigma/correlate/network.h"

#include <fmt/format.h>

#include <unordered_map>

namespace tocsin::rules::sigma {
namespace {

struct Target {
  bool is_correlation = false;
  std::uint32_t index = 0;
};
using Names = std::unordered_map<std::string, Target>;

void add_names(Names& names, const Heading& heading, Target target) {
  names.try_emplace(heading.info.id, target);
  if (!heading.name.empty()) names.try_emplace(heading.name, target);
}

void refuse_correlation(Diagnostics& diagnostics, const Correlation& c, std::string code, std::string cause,
                        std::string next) {
  report(diagnostics, c.heading.info.file, c.heading.info.id,
         {std::move(code), c.heading.place, std::move(cause), std::move(next)});
}

// Walks references depth first; a correlation is usable when all it needs is, and it does not need itself.
class Checker {
 public:
  Checker(const std::vector<Correlation>& all, const Names& names, Diagnostics& diagnostics)
      : all_(all), names_(names), diagnostics_(diagnostics), state_(all.size(), State::unknown) {}

  bool usable(std::uint32_t index) {
    auto& state = state_[index];
    if (state == State::visiting) return false;
    if (state != State::unknown) return state == State::good;
    state = State::visiting;
    bool good = true;
    for (const auto& reference : all_[index].rules) good = usable(index, reference) && good;
    state_[index] = good ? State::good : State::bad;
    return good;
  }

 private:
  enum class State : std::uint8_t { unknown, visiting, good, bad };

  bool usable(std::uint32_t index, const std::string& reference) {
    const auto found = names_.find(reference);
    if (found == names_.end()) {
      refuse_correlation(diagnostics_, all_[index], "G0407", fmt::format("There is no rule '{}'.", reference),
                         "Load the rule it needs, or correct the id or name.");
      return false;
    }
    if (!found->second.is_correlation) return true;
    const auto other = found->second.index;
    if (state_[other] == State::visiting) {
      refuse_correlation(diagnostics_, all_[index], "G0408",
                         fmt::format("It depends on itself through '{}'.", reference), "Break the circle.");
      return false;
    }
    if (usable(other)) return true;
    refuse_correlation(diagnostics_, all_[index], "G0407",
                       fmt::format("The correlation '{}' it needs was refused.", reference), "Correct that one first.");
    return false;
  }

  const std::vector<Correlation>& all_;
  const Names& names_;
  Diagnostics& diagnostics_;
  std::vector<State> state_;
};

Names name_table(const RuleBook& book, const std::vector<Correlation>& correlations) {
  Names names;
  for (std::uint32_t i = 0; i < book.rules.size(); ++i) add_names(names, book.rules[i].heading, {false, i});
  for (std::uint32_t i = 0; i < correlations.size(); ++i) add_names(names, correlations[i].heading, {true, i});
  return names;
}

// Rules that feed are silent unless one of the correlations they feed lets them speak.
void set_silence(CorrelationNetwork& network) {
  const auto silent = [&](const std::vector<Membership>& memberships) {
    bool feeds = false;
    for (const auto& m : memberships) {
      if (network.correlations[m.correlation].generate) return false;
      feeds = true;
    }
    return feeds;
  };
  for (const auto& memberships : network.of_rules) network.silent_rules.push_back(silent(memberships));
  for (const auto& memberships : network.of_correlations) network.silent_correlations.push_back(silent(memberships));
}

}  // namespace

CorrelationNetwork resolve_correlations(const RuleBook& book, Diagnostics& diagnostics) {
  std::vector<Correlation> parsed;
  for (const auto& document : book.correlations) {
    auto correlation = parse_correlation(document);
    if (correlation) parsed.push_back(std::move(*correlation));
    else report(diagnostics, document.heading.info.file, document.heading.info.id, correlation.error());
  }
  const auto all_names = name_table(book, parsed);
  Checker checker(parsed, all_names, diagnostics);
  CorrelationNetwork network;
  for (std::uint32_t i = 0; i < parsed.size(); ++i)
    if (checker.usable(i)) network.correlations.push_back(parsed[i]);

  const auto names = name_table(book, network.correlations);
  network.of_rules.resize(book.rules.size());
  network.of_correlations.resize(network.correlations.size());
  for (std::uint32_t c = 0; c < network.correlations.size(); ++c) {
    const auto& correlation = network.correlations[c];
    network.rules.push_back(std::make_shared<const RuleInfo>(correlation.heading.info));
    for (std::uint32_t m = 0; m < correlation.rules.size(); ++m) {
      const auto target = names.at(correlation.rules[m]);
      Membership membership{c, m, {}, correlation.fields};
      for (const auto& field : correlation.group_by)
        membership.keys.push_back(correlation.field_of(field, correlation.rules[m]));
      auto& list = target.is_correlation ? network.of_correlations[target.index] : network.of_rules[target.index];
      list.push_back(std::move(membership));
    }
  }
  set_silence(network);
  return network;
}

}  // namespace tocsin::rules::sigma
