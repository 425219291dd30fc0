#include "daemon/app/engines.h"

#include <algorithm>
#include <filesystem>

#include "collectors/base/text.h"
#include "daemon/app/rule_files.h"
#include "daemon/tuning/file.h"
#include "rules/indicator/rule_set.h"
#include "rules/sigma/rule_set.h"
#include "rules/signature/rule_set.h"
#include "rules/yara/rule_set.h"

namespace tocsin::daemon {
namespace {

std::vector<rules::RuleSource> read_views(const std::vector<std::string>& directories, Diagnostics& diagnostics) {
  auto files = read_rule_files(directories, diagnostics);
  return std::move(files.sigma);  // views are YAML as well
}

// Variables of addresses hold networks, those of ports hold numbers; Suricata keeps them apart and so do we, by the
// name.
bool names_ports(std::string_view name) { return lower_ascii(name).find("port") != std::string::npos; }

// A file that a rule names: beside the rule's own file, or as it is.
Result<std::string> read_data_file(const std::string& rule_file, const std::string& path) {
  const auto slash = rule_file.rfind('/');
  if (!path.starts_with('/') && slash != std::string::npos)
    if (auto text = read_file(rule_file.substr(0, slash + 1) + path)) return text;
  return read_file(path);
}

rules::signature::SignatureOptions signature_options(const EngineOptions& options, const RuleFiles& files,
                                                     Diagnostics& diagnostics) {
  rules::signature::SignatureOptions out;
  std::string home;
  for (const auto& network : options.home_networks) home += (home.empty() ? "[" : ",") + render_network(network);
  if (!home.empty()) out.address_variables["HOME_NET"] = home + "]";
  for (const auto& [name, value] : options.variables)
    (names_ports(name) ? out.port_variables : out.address_variables)[name] = value;
  const auto source = [&](const std::string& file, const char* name, const std::string& beside) -> rules::RuleSource {
    if (file.empty()) return {name, beside};
    auto text = read_file(file, 16U << 20);
    if (text) return {file, std::move(*text)};
    Diagnostic d;
    d.code = "R0001";
    d.file = file;
    d.cause = text.error().message;
    d.next_step = "check the path in the Suricata configuration";
    diagnostics.add(std::move(d));
    return {name, beside};
  };
  out.classification = source(options.classification_file, "classification.config", files.classification);
  out.reference = source(options.reference_file, "reference.config", files.reference);
  out.threshold = source(options.threshold_file, "threshold.config", files.threshold);
  const auto reputation = [&](const std::string& file) {
    const bool beside = !file.starts_with('/') && !options.reputation_directory.empty();
    return source(beside ? options.reputation_directory + "/" + file : file, "reputation", {});
  };
  if (!options.reputation_categories.empty()) out.reputation_categories = reputation(options.reputation_categories);
  for (const auto& file : options.reputation_files) out.reputation_files.push_back(reputation(file));
  out.datasets = options.datasets;
  if (options.alerts_per_packet_most) out.alerts_per_packet_most = *options.alerts_per_packet_most;
  out.syntax = options.syntax;
  out.read_data = read_data_file;
  return out;
}

std::shared_ptr<rules::Tuning> load_tuning(const EngineOptions& options, const RuleFiles& files,
                                           Diagnostics& diagnostics) {
  if (!options.now) return nullptr;
  auto sources = files.tuning;
  const auto same = [&](const auto& source) { return source.file == options.tuning; };
  std::error_code error;
  if (!options.tuning.empty() && std::ranges::none_of(sources, same) &&
      std::filesystem::exists(options.tuning, error)) {
    auto text = read_file(options.tuning, 1U << 20);
    if (text) sources.push_back({options.tuning, std::move(*text)});
    else diagnostics.add({Severity::error, "R0001", options.tuning, 0, 0, "", text.error().message, "check the path"});
  }
  std::vector<rules::TuningEntry> entries;
  for (const auto& source : sources)
    for (auto& entry : parse_tuning(source.file, source.text, *options.now, diagnostics)) {
      entry.file = source.file;
      if (std::ranges::find(entries, entry.id, &rules::TuningEntry::id) == entries.end())
        entries.push_back(std::move(entry));
    }
  Counter* taken = options.metrics == nullptr
                       ? nullptr
                       : &options.metrics->counter("tocsin_alerts_suppressed",
                                                   "Alerts taken away by tuning entries; exercises are left out");
  return std::make_shared<rules::Tuning>(std::move(entries), *options.now, taken);
}

}  // namespace

rules::sigma::SigmaOptions sigma_options(const EngineOptions& options) {
  rules::sigma::SigmaOptions out;
  out.placeholders = options.placeholders;
  out.lateness = options.lateness;
  out.now = options.now;
  return out;
}

Engines Engines::load(const EngineOptions& options, Diagnostics& diagnostics) {
  Engines out;
  const auto files = read_rule_files(options.paths, diagnostics);
  out.files_ = files.files;
  const auto tuning = load_tuning(options, files, diagnostics);
  out.tuning_ = tuning;
  const auto cache = options.cache.empty() ? nullptr : std::make_shared<const rules::PatternCache>(options.cache);
  const auto add = [&](std::shared_ptr<const rules::RuleSet> set) {
    ActiveRules active;
    active.state = set->make_state();
    active.set = std::move(set);
    out.active_.push_back(std::move(active));
  };
  if (!files.signatures.empty()) {
    auto signatures = signature_options(options, files, diagnostics);
    signatures.patterns.cache = cache;
    signatures.tuning = tuning;
    add(rules::signature::compile_signatures(files.signatures, signatures, diagnostics));
  }
  if (!files.sigma.empty()) {
    const auto views = read_views(options.views, diagnostics);
    auto sigma = sigma_options(options);
    sigma.cache = cache;
    sigma.tuning = tuning;
    add(rules::sigma::compile_sigma(files.sigma, views, sigma, diagnostics));
  }
  if (!files.yara.empty()) {
    rules::yara::YaraOptions yara;
    yara.metrics = options.metrics;
    yara.most_scanned = options.file_most;
    add(rules::yara::compile_yara(files.yara, yara, diagnostics));
  }
  if (!options.indicator_paths.empty()) {
    const auto lists = read_indicator_files(options.indicator_paths, diagnostics);
    out.files_ += lists.size();
    auto indicators = options.indicators;
    indicators.own_networks = options.home_networks;
    indicators.metrics = options.metrics;
    add(rules::indicator::compile_indicators(lists, indicators, diagnostics));
  }
  if (tuning == nullptr) return out;
  for (const auto& rules : out.active_) tuning->meet(rules.set->rules());
  judge_tuning(*tuning, *options.now, diagnostics);
  return out;
}

Engines Engines::fresh_copy() const {
  Engines out;
  out.files_ = files_;
  out.tuning_ = tuning_;
  for (const auto& rules : active_) out.active_.push_back({rules.set, rules.set->make_state()});
  return out;
}

std::optional<Time> Engines::next_change(Time now) const {
  auto out = tuning_ == nullptr ? std::nullopt : tuning_->next_change(now);
  for (const auto& rules : active_)
    if (const auto next = rules.set->next_change()) out = out ? std::min(*out, *next) : next;
  return out;
}

Desk& Engines::desk(rules::AlertSink& out) {
  if (desk_ == nullptr) desk_ = std::make_unique<Desk>(active_, out, tuning_);
  return *desk_;
}

void Engines::inherit(const Engines& old) {
  if (tuning_ != nullptr && old.tuning_ != nullptr) tuning_->inherit(*old.tuning_);
  for (auto& rules : active_)
    for (const auto& before : old.active_)
      if (before.set->engine() == rules.set->engine()) rules.set->inherit(*before.set);
  for (auto& rules : active_)
    for (const auto& before : old.active_)
      // State that does not fit the new rules is theirs to ignore; counting starts over then.
      if (before.set->engine() == rules.set->engine()) [[maybe_unused]]
        const auto restored = rules.state->restore(before.state->save());
}

void Engines::complete(EveOptions& eve) const {
  for (const auto buffer : {collectors::Buffer::ja3_hash, collectors::Buffer::ja3_string, collectors::Buffer::ja3s_hash,
                            collectors::Buffer::ja3s_string})
    for (const auto& rules : active_) eve.detail.tls.ja3 = eve.detail.tls.ja3 || rules.set->inspects(buffer);
  for (const auto& rules : active_)
    eve.detail.tls.ja4 = eve.detail.tls.ja4 || rules.set->inspects(collectors::Buffer::ja4_hash);
}

std::size_t Engines::loaded() const noexcept {
  std::size_t count = 0;
  for (const auto& rules : active_) count += rules.set->rules().size();
  return count;
}

std::vector<std::string> Engines::remarks() const {
  std::vector<std::string> out;
  for (const auto& rules : active_)
    for (auto& remark : rules.set->remarks()) out.push_back(std::move(remark));
  return out;
}

}  // namespace tocsin::daemon
