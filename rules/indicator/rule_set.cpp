#include "rules/indicator/rule_set.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "rules/indicator/detector.h"
#include "rules/indicator/finding.h"
#include "rules/indicator/parse/intake.h"
#include "rules/indicator/value.h"

namespace tocsin::rules::indicator {
namespace {

std::optional<Time> bound(Second second) {
  if (second == 0) return std::nullopt;
  return Time{std::chrono::seconds{second}};
}

class LoadedIndicators final : public IndicatorSet {
 public:
  LoadedIndicators(std::unique_ptr<Compiled> compiled, std::vector<SourceLoad> loads, const IndicatorOptions& options)
      : compiled_(std::move(compiled)),
        table_(compiled_->table),
        loads_(std::move(loads)),
        window_(options.window),
        counters_(table_.sources().size()) {
    for (const auto& load : loads_) {
      auto rule = std::make_shared<RuleInfo>();
      rule->engine = Engine::indicator;
      rule->id = "indicator:list:" + load.name;
      rule->revision = "1";
      rule->title = fmt::format("{} from {}", counted(load.loaded + load.merged, "indicator"), load.name);
      rule->file = load.file;
      rule->confidence = options.confidence;
      rule->severity = severity_of(options.confidence, Contact::other);
      lists_.push_back(std::move(rule));
    }
    if (options.metrics == nullptr) return;
    folded_ = &options.metrics->counter("tocsin_indicator_folded",
                                        "Meetings with indicators that had alerted within their window");
    options.metrics->gauge("tocsin_indicators", "Indicators that are loaded")
        .set(static_cast<std::int64_t>(table_.entries().size()));
    options.metrics->gauge("tocsin_indicators_bytes", "Memory that loaded indicators take")
        .set(static_cast<std::int64_t>(table_.memory()));
    expired_ = &options.metrics->gauge("tocsin_indicators_expired", "Indicators that have ended; once a minute");
    std::size_t refused = 0;
    for (const auto& load : loads_) refused += load.refused;
    options.metrics->gauge("tocsin_indicators_refused", "Entries of lists that could not be used")
        .set(static_cast<std::int64_t>(refused));
  }

  Engine engine() const noexcept override { return Engine::indicator; }
  const std::vector<RuleRef>& rules() const noexcept override { return lists_; }
  std::vector<std::string> remarks() const override {
    std::size_t refused = 0;
    for (const auto& load : loads_) refused += load.refused;
    if (refused == 0) return {};
    return {fmt::format("{} of indicator lists were refused; tocsin indicator check lists them",
                        counted(refused, "entry"))};
  }
  std::unique_ptr<SharedState> make_state() const override {
    if (expired_ == nullptr) return std::make_unique<AlertWindow>(window_, folded_);
    return std::make_unique<AlertWindow>(window_, folded_, [compiled = compiled_, gauge = expired_](Time now) {
      gauge->set(static_cast<std::int64_t>(compiled->table.expired(to_second(now))));
    });
  }
  std::unique_ptr<Detector> attach(const WorkerContext& context, SharedState& state) const override {
    return std::make_unique<IndicatorDetector>(*compiled_, counters_, static_cast<AlertWindow&>(state), context);
  }
  // By list: a list without entries of its own has no number.
  std::vector<RuleCost> costs() const override {
    std::vector<RuleCost> out;
    for (std::size_t i = 0, number = 0; i < lists_.size(); ++i) {
      const bool counts = loads_[i].loaded + loads_[i].merged != 0 && number < counters_.matches.size();
      out.push_back({lists_[i], counters_.events.value(), counts ? counters_.matches[number++].value() : 0, 0});
    }
    return out;
  }
  std::size_t size() const noexcept override { return table_.entries().size(); }
  std::size_t size(Kind kind) const noexcept override { return table_.count(kind); }
  std::size_t expired(Time now) const noexcept override { return table_.expired(to_second(now)); }
  std::size_t memory() const noexcept override { return table_.memory(); }
  const std::vector<SourceLoad>& loads() const noexcept override { return loads_; }

  IndicatorRow row(std::size_t number) const override {
    const auto& entry = table_.entries()[number];
    IndicatorRow out;
    out.kind = kind_name(entry.kind);
    out.value = render_value(entry.kind, table_.key(entry));
    const auto sources = table_.sources_of(entry);
    if (entry.origin != 0) out.sources.emplace_back(table_.text(entry.origin));
    for (const auto source : sources) out.sources.push_back(table_.sources()[source]);
    out.title = table_.text(entry.title);
    out.reference = table_.text(entry.reference);
    out.file = compiled_->files[sources.front()];
    out.line = entry.line;
    out.confidence = entry.confidence;
    out.tlp = entry.tlp;
    out.reach = entry.reach;
    out.from = bound(entry.from);
    out.until = bound(entry.until);
    return out;
  }

  std::vector<IndicatorRow> lookup(std::string_view text) const override {
    std::vector<IndicatorRow> out;
    const auto value = parse_value(text, Reach::exact);
    if (!value) return out;
    for (const auto id : table_.around(*value)) out.push_back(row(id));
    return out;
  }

 private:
  const std::shared_ptr<const Compiled> compiled_;
  const IndicatorTable& table_;
  const std::vector<SourceLoad> loads_;
  const Duration window_;
  mutable HitCounters counters_;  // atomics: counting is not a change of the set
  Counter* folded_ = nullptr;
  Gauge* expired_ = nullptr;
  std::vector<RuleRef> lists_;
};

void read(Format format, std::string_view text, Intake& intake) {
  switch (format) {
    case Format::plain: return read_plain(text, intake);
    case Format::csv: return read_csv(text, intake);
    case Format::stix: return read_stix(text, intake);
    case Format::misp: return read_misp(text, intake);
    case Format::none: return;
  }
}

}  // namespace

std::shared_ptr<const IndicatorSet> compile_indicators(std::span<const RuleSource> sources,
                                                       const IndicatorOptions& options, Diagnostics& diagnostics) {
  TableLimits limits;
  limits.entries_most = options.entries_most;
  auto compiled = std::make_unique<Compiled>(limits);
  for (const auto& network : options.own_networks) compiled->allow_list.add(network);
  for (const auto& text : options.allow)
    if (const auto added = compiled->allow_list.add(text); !added)
      diagnostics.add({Severity::error, "I0001", "rules.indicators.allow", 0, 0, text, added.error().message,
                       "name an address, a network or a domain"});
  std::vector<SourceLoad> loads;
  for (const auto& source : sources) {
    const auto format = detect_format(source.file, source.text);
    if (format == Format::none) continue;
    Intake intake(source.file, options, compiled->allow_list, compiled->table, diagnostics);
    read(format, source.text, intake);
    auto& load = loads.emplace_back(intake.load());
    load.format = format_name(format);
    // A source that shares the last number keeps the file of its first owner.
    compiled->files.resize(std::max(compiled->files.size(), compiled->table.sources().size()), source.file);
  }
  compiled->table.finish();
  return std::make_shared<LoadedIndicators>(std::move(compiled), std::move(loads), options);
}

}  // namespace tocsin::rules::indicator
