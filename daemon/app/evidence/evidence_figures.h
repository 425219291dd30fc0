#pragma once
// The vault's counters as metrics. Casework's thread writes, anyone reads.

#include "collectors/base/metrics.h"
#include "daemon/app/evidence/evidence_book.h"

namespace tocsin::daemon {

class EvidenceFigures {
 public:
  explicit EvidenceFigures(Metrics& metrics);
  void show(const EvidenceBook& book);
  // A capture that waited for casework in vain.
  void drop() { late_.add(); }
  std::uint64_t bytes() const noexcept { return static_cast<std::uint64_t>(bytes_.value()); }

 private:
  Counter& kept_;
  Counter& removed_;
  Counter& unwanted_;
  Counter& refused_;
  Counter& failed_;
  Counter& enough_;
  Counter& late_;
  Gauge& bytes_;
  EvidenceCounters shown_;
};

}  // namespace tocsin::daemon
