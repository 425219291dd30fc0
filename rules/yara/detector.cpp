#include "rules/yara/detector.h"

#include "collectors/base/digest.h"

namespace tocsin::rules::yara {

YaraDetector::YaraDetector(const CompiledRules& rules, const YaraOptions& options, ScanCounters& counters,
                           const WorkerContext& context)
    : rules_(rules),
      options_(options),
      counters_(counters),
      context_(context),
      host_(context.host),
      scanner_(rules, options, counters) {}

void YaraDetector::inspect(const FileView& file, AlertSink& sink) {
  auto bytes = file.bytes;
  if (bytes.size() > options_.most_scanned) {
    counters_.truncated.add();
    bytes = bytes.first(options_.most_scanned);
  }
  const auto hits = scanner_.scan(bytes, {file.name, file.path, file.owner, "file"});
  if (hits.empty()) return;
  const auto digest = render_digest(sha256(file.bytes));
  std::uint64_t order = 0;
  for (const auto& hit : hits) raise(file, hit, digest, order++, sink);
}

void YaraDetector::raise(const FileView& file, const Hit& hit, const std::string& digest, std::uint64_t order,
                         AlertSink& sink) {
  Alert alert;
  alert.rule = rules_.by_index[hit.rule];
  alert.time = file.observed;
  alert.host = file.host.empty() ? host_ : std::string(file.host);
  alert.severity = alert.rule->severity;
  alert.confidence = alert.rule->confidence;
  alert.exercise = file.exercise == Exercise::yes ? Exercise::yes : context_.exercise;
  alert.why = hit.why;
  alert.events.push_back(file.id ? file.id : hash128(std::string(file.path) + '\n' + digest));
  alert.add_entity(EntityKind::host, EntityRole::target, alert.host);
  alert.add_entity(EntityKind::file, EntityRole::related, file.path);
  alert.fields.emplace_back("file.hash.sha256", digest);
  if (!file.name.empty()) alert.fields.emplace_back("file.name", file.name);
  if (!file.owner.empty()) alert.fields.emplace_back("file.owner", file.owner);
  alert.fields.emplace_back("file.path", file.path);
  alert.fields.emplace_back("file.size", std::to_string(file.bytes.size()));
  alert.order = order;
  seal(alert);
  sink.raise(std::move(alert));
}

collectors::Observer* YaraDetector::observer(AlertSink& sink) {
  if (!rules_.rules) return nullptr;
  traffic_ = std::make_unique<Traffic>(scanner_, rules_, options_, counters_, context_, sink);
  return traffic_.get();
}

}  // namespace tocsin::rules::yara
