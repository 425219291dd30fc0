#pragma once
// What an entry would have done to the alerts that are stored: asked before it is put in force. Reads only; the thread
// of the reader. Cost: every stored alert of the rule (or of the period, for patterns of rules) is read once.

#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "daemon/store/reader.h"
#include "rules/tuning.h"

namespace tocsin::daemon {

struct PreviewCount {
  std::string what;  // "rule", "source", "destination", "host", "incident"
  std::string value;
  std::string title;       // of rules and incidents
  std::uint64_t gone = 0;  // alerts that would go away, or change
  std::uint64_t of = 0;    // all stored of the period; of an incident: all it has
  Time last{};
};

struct Preview {
  std::uint64_t gone = 0;
  std::uint64_t of = 0;  // all alerts of the period
  std::vector<PreviewCount> counts;
  std::size_t left_out = 0;         // further values beyond `values_most` of a kind
  std::size_t incidents_empty = 0;  // incidents none of whose alerts would stay
  static constexpr std::size_t values_most = 20;
};

// `rules`: ids that selectors by file or text stand for. The entry's own period (from, expires) is not asked: the
// stored alerts stand for those to come.
Result<Preview> preview_tuning(StoreReader& reader, const rules::TuningEntry& entry,
                               const std::vector<std::string>& rules, Time since, Time until,
                               ExerciseFilter exercises = ExerciseFilter::without);

// "would take away 132 of 1,204 alerts …": one sentence.
std::string preview_sentence(const Preview& preview, const rules::TuningEntry& entry, Time since, Time until);

}  // namespace tocsin::daemon
