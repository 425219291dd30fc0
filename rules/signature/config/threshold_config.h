#pragma once
// threshold.config: event_filter / threshold, rate_filter and suppress lines. Suricata documentation, "Global
// Thresholds". sig_id 0 stands for every rule of the generator, gen_id 0 for every rule.

#include <cstdint>
#include <string_view>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "rules/signature/compile/signature.h"

namespace tocsin::rules::signature {

struct ThresholdLine {
  std::uint32_t gid = 0;
  std::uint32_t sid = 0;
  Threshold threshold;
};

std::vector<ThresholdLine> parse_threshold_config(std::string_view file, std::string_view text,
                                                  const Variables& variables, Diagnostics& diagnostics);

// "by_src", "by_dst", … ; nothing for another word.
std::optional<Threshold::Track> parse_track(std::string_view word) noexcept;
std::optional<Action> parse_action(std::string_view word) noexcept;

}  // namespace tocsin::rules::signature
