#include "rules/signature/rule_set.h"

#include <algorithm>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "rules/signature/compile/program.h"
#include "rules/signature/config/threshold_config.h"
#include "rules/signature/detector.h"
#include "rules/signature/lint/lint.h"
#include "rules/signature/parse/rule_parser.h"
#include "rules/signature/state/reputation.h"
#include "rules/signature/state/threshold_table.h"

namespace tocsin::rules::signature {
namespace {

class SignatureRuleSet final : public RuleSet {
 public:
  SignatureRuleSet(std::shared_ptr<const Program> program, DetectorSettings settings, Datasets datasets,
                   std::string data_directory, std::vector<SourceReading> readings)
      : program_(std::move(program)),
        settings_(settings),
        datasets_(std::move(datasets)),
        data_directory_(std::move(data_directory)),
        readings_(std::move(readings)) {
    for (const auto& signature : program_->signatures) rules_.push_back(signature.info);
  }

  Engine engine() const noexcept override { return Engine::signature; }
  const std::vector<RuleRef>& rules() const noexcept override { return rules_; }
  std::vector<std::string> remarks() const override {
    std::vector<std::string> out;
    for (const auto& [name, set] : datasets_)
      if (set->refused() != 0)
        out.push_back("The data set " + name + " is full: " + std::to_string(set->refused()) + " values left out.");
    if (const auto limited = sum(&WorkerCounters::matches_limited); limited != 0)
      out.push_back(
          fmt::format("{} matches were stopped at their limit of steps; tocsin rule cost names dear rules.", limited));
    if (const auto over = sum(&WorkerCounters::alerts_over_cap); over != 0)
      out.push_back(fmt::format("{} alerts were over the most that a packet may raise.", over));
    if (!program_->plain_matcher) return out;
    if (!hyperscan_usable()) out.emplace_back(hyperscan_remark);
    else if (program_->refusal.empty()) out.emplace_back("The plain matcher is in use: slower, same alerts.");
    else out.push_back("Hyperscan refused patterns (" + program_->refusal + "): slower there, same alerts.");
    return out;
  }
  std::unique_ptr<SharedState> make_state() const override { return std::make_unique<ThresholdTable>(); }
  std::unique_ptr<Detector> attach(const WorkerContext& context, SharedState&) const override {
    auto counters = std::make_shared<WorkerCounters>(rules_.size());
    {
      const std::lock_guard lock(mutex_);
      counters_.push_back(counters);
    }
    return std::make_unique<SignatureDetector>(program_, context, settings_, std::move(counters));
  }
  bool inspects(collectors::Buffer buffer) const override {
    return std::ranges::any_of(program_->groups, [&](const BufferGroup& group) { return group.buffer == buffer; });
  }
  std::vector<DataFile> data_files() const override {
    std::vector<DataFile> out;
    for (const auto& [name, set] : datasets_) {
      if (set->save_path.empty()) continue;
      const bool absolute = set->save_path.starts_with('/');
      if (!absolute && data_directory_.empty()) continue;
      out.push_back({absolute ? set->save_path : data_directory_ + "/" + set->save_path, set->changes(), set->memory(),
                     [kept = set] { return kept->save(); }});
    }
    return out;
  }
  void inherit(const RuleSet& old) const override {
    const auto* before = dynamic_cast<const SignatureRuleSet*>(&old);
    if (before == nullptr) return;
    for (const auto& [name, set] : datasets_) {
      const auto found = before->datasets_.find(name);
      if (found == before->datasets_.end()) continue;
      const auto& from = *found->second;
      // One that no rule changed, or changes, is what its file says.
      const bool same = from.type() == set->type() && from.with_reputation == set->with_reputation;
      if (same && from.changing() && set->changing()) set->take_over(from);
    }
  }
  std::vector<SourceReading> readings() const override { return readings_; }
  std::vector<LintFinding> lint() const override {
    std::vector<LintFinding> out;
    for (const auto& signature : program_->signatures)
      for (auto& finding : lint_signature(signature)) out.push_back(std::move(finding));
    return out;
  }
  std::vector<RuleCost> costs() const override {
    std::vector<RuleCost> out;
    out.reserve(rules_.size());
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      RuleCost cost{rules_[i]};
      for (const auto& worker : counters_) {
        cost.checks += worker->rules[i].checks.load(std::memory_order_relaxed);
        cost.matches += worker->rules[i].matches.load(std::memory_order_relaxed);
        cost.nanoseconds += worker->rules[i].nanoseconds.load(std::memory_order_relaxed);
      }
      out.push_back(std::move(cost));
    }
    return out;
  }

 private:
  // Over all workers.
  std::uint64_t sum(std::atomic<std::uint64_t> WorkerCounters::* counter) const {
    const std::lock_guard lock(mutex_);
    std::uint64_t out = 0;
    for (const auto& worker : counters_) out += ((*worker).*counter).load(std::memory_order_relaxed);
    return out;
  }

  std::shared_ptr<const Program> program_;
  DetectorSettings settings_;
  Datasets datasets_;
  std::string data_directory_;
  std::vector<SourceReading> readings_;
  std::vector<RuleRef> rules_;
  mutable std::mutex mutex_;  // attach happens once per worker, costs now and then
  mutable std::vector<std::shared_ptr<WorkerCounters>> counters_;
};

CompileContext make_context(const SignatureOptions& options, Diagnostics& diagnostics) {
  CompileContext context;
  context.read_data = options.read_data;
  context.addresses = default_address_variables();
  context.ports = default_port_variables();
  for (const auto& [name, value] : options.address_variables) context.addresses[name] = value;
  for (const auto& [name, value] : options.port_variables) context.ports[name] = value;
  context.classifications = default_classifications();
  context.references = default_references();
  if (!options.classification.text.empty())
    parse_classifications(options.classification.file, options.classification.text, context.classifications,
                          diagnostics);
  if (!options.reference.text.empty())
    parse_references(options.reference.file, options.reference.text, context.references, diagnostics);
  context.dataset_settings = options.datasets;
  if (!options.reputation_categories.text.empty()) {
    auto reputation = std::make_shared<Reputation>();
    reputation->add_categories(options.reputation_categories.file, options.reputation_categories.text, diagnostics);
    for (const auto& source : options.reputation_files) reputation->add_scores(source.file, source.text, diagnostics);
    context.reputation = std::move(reputation);
  }
  return context;
}

// Lines for one rule replace its own threshold; lines for all rules only serve rules without one.
void apply_threshold_lines(const std::vector<ThresholdLine>& lines, std::vector<Compiled>& rules) {
  for (auto& rule : rules) {
    auto& info = rule.info;
    const bool own = !info.thresholds.empty();
    bool replaced = false;
    for (const auto& line : lines) {
      const bool exact = line.gid == info.gid && line.sid == info.sid;
      const bool group = line.sid == 0 && (line.gid == 0 || line.gid == info.gid);
      if (!exact && !group) continue;
      if (line.threshold.kind == Threshold::Kind::suppress || line.threshold.kind == Threshold::Kind::rate) {
        info.thresholds.push_back(line.threshold);
        continue;
      }
      if (group && (own || replaced)) continue;
      std::erase_if(info.thresholds, [](const Threshold& t) {
        return t.kind != Threshold::Kind::suppress && t.kind != Threshold::Kind::rate;
      });
      info.thresholds.push_back(line.threshold);
      replaced = true;
    }
  }
}

// Suppressions by analysts are lines for one rule as well, judged with all others.
void apply_tuning(const Tuning& tuning, std::vector<Compiled>& rules) {
  for (auto& rule : rules)
    for (auto& entry : tuning.suppressions(rule.info.id)) {
      Threshold line;
      line.kind = Threshold::Kind::suppress;
      line.tuned = std::move(entry);
      rule.info.thresholds.push_back(std::move(line));
    }
}

RuleGate make_gate(const SignatureOptions& options, const std::string& file) {
  if (options.tuning == nullptr || options.tuning->empty()) return {};
  return [tuning = options.tuning, file](std::string_view text, bool commented,
                                         std::string& rewritten) -> std::optional<std::string_view> {
    if (commented && !tuning->enables()) return std::nullopt;
    return tuning->load({find_rule_id(text), file, text}, commented, rewritten);
  };
}

// A sid given twice: the higher revision stays, as in Suricata.
bool replaces(std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t>& places, std::vector<Compiled>& rules,
              Compiled& rule, Diagnostics& diagnostics) {
  const auto [place, fresh] = places.emplace(std::pair(rule.info.gid, rule.info.sid), rules.size());
  if (fresh) return false;
  auto& other = rules[place->second];
  const bool newer = rule.info.rev > other.info.rev;
  const auto& loser = newer ? other.info : rule.info;
  diagnostics.add({newer ? Severity::warning : Severity::error, "S0401", loser.file, loser.line, 1, loser.id,
                   fmt::format("the rule {} is there twice; revision {} is left out", loser.id, loser.rev),
                   "Give one of them another sid"});
  if (newer) other = std::move(rule);
  return true;
}

using LoadedBySyntax = std::map<Syntax, std::size_t>;

class SetBuilder {
 public:
  SetBuilder(CompileContext& context, Diagnostics& diagnostics) : context_(context), diagnostics_(diagnostics) {}

  void add(const RuleSource& source, Syntax syntax, const RuleGate& gate) {
    LoadedBySyntax loaded;
    for (const auto& ast : parse_rules(source.file, source.text, syntax, diagnostics_, gate)) add(ast, loaded);
    for (const auto& [language, count] : loaded)
      readings_.push_back({source.file, std::string(syntax_name(language)), count});
  }
  std::vector<Compiled>& rules() noexcept { return rules_; }
  std::vector<SourceReading>& readings() noexcept { return readings_; }

 private:
  void add(const RuleAst& ast, LoadedBySyntax& loaded) {
    auto rule = compile_rule(ast, context_);
    if (rule) return take(ast, std::move(*rule), loaded);
    const auto other = ast.sure ? std::nullopt : read_again_as_snort(ast);
    const bool other_does = other && compile_rule(*other, context_);
    refuse(ast, other_does ? with_other_reading(std::move(rule.error())) : rule.error());
  }

  void refuse(const RuleAst& ast, const Mistake& mistake) {
    std::string item;
    for (const auto& option : ast.options)
      if (option.name == "sid") item = "1:" + option.value;
    const bool on_purpose = mistake.code == "S0390";
    diagnostics_.add({on_purpose ? Severity::note : Severity::error, mistake.code, ast.file, mistake.place.line,
                      mistake.place.column, item, mistake.cause, mistake.next_step});
  }

  void take(const RuleAst& ast, Compiled rule, LoadedBySyntax& loaded) {
    for (const auto& remark : rule.remarks)
      diagnostics_.add({Severity::note, remark.code, ast.file,
                        remark.place.line != 0 ? remark.place.line : ast.place.line, remark.place.column, rule.info.id,
                        remark.cause, remark.next_step});
    if (replaces(places_, rules_, rule, diagnostics_)) return;
    ++loaded[ast.syntax];
    rules_.push_back(std::move(rule));
  }

  CompileContext& context_;
  Diagnostics& diagnostics_;
  std::vector<Compiled> rules_;
  std::vector<SourceReading> readings_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> places_;
};

}  // namespace

std::shared_ptr<const RuleSet> compile_signatures(std::span<const RuleSource> sources, const SignatureOptions& options,
                                                  Diagnostics& diagnostics) {
  CompileContext context = make_context(options, diagnostics);
  SetBuilder set(context, diagnostics);
  for (const auto& source : sources) set.add(source, options.syntax, make_gate(options, source.file));
  if (!options.threshold.text.empty())
    apply_threshold_lines(
        parse_threshold_config(options.threshold.file, options.threshold.text, context.addresses, diagnostics),
        set.rules());
  if (options.tuning != nullptr) apply_tuning(*options.tuning, set.rules());
  auto program = std::make_shared<Program>(build_program(std::move(set.rules()), context, options.patterns));
  if (auto home = parse_addresses("$HOME_NET", context.addresses))
    program->home = std::make_shared<const AddressSet>(std::move(*home));
  return std::make_shared<SignatureRuleSet>(
      std::move(program), DetectorSettings{options.prefilter, options.alerts_per_packet_most},
      std::move(context.datasets), options.datasets.directory, std::move(set.readings()));
}

}  // namespace tocsin::rules::signature
