#pragma once
// One worker's YARA matcher: whole files, and traffic through `observer`.

#include <memory>
#include <string>

#include "rules/detector.h"
#include "rules/yara/scanner.h"
#include "rules/yara/traffic.h"

namespace tocsin::rules::yara {

class YaraDetector final : public Detector {
 public:
  // All given must outlive the detector.
  YaraDetector(const CompiledRules& rules, const YaraOptions& options, ScanCounters& counters,
               const WorkerContext& context);

  void inspect(const FileView& file, AlertSink& sink) override;
  collectors::Observer* observer(AlertSink& sink) override;

 private:
  void raise(const FileView& file, const Hit& hit, const std::string& digest, std::uint64_t order, AlertSink& sink);

  const CompiledRules& rules_;
  const YaraOptions& options_;
  ScanCounters& counters_;
  const WorkerContext context_;
  const std::string host_;
  Scanner scanner_;
  std::unique_ptr<Traffic> traffic_;
};

}  // namespace tocsin::rules::yara
