#include "daemon/app/evidence/evidence_figures.h"

namespace tocsin::daemon {

EvidenceFigures::EvidenceFigures(Metrics& metrics)
    : kept_(metrics.counter("tocsin_evidence_kept", "Pieces of evidence put into the vault")),
      removed_(metrics.counter("tocsin_evidence_removed", "Pieces of closed incidents that went for newer ones")),
      unwanted_(metrics.counter("tocsin_evidence_dropped", "Evidence that did not go into the vault, by cause",
                                "cause=\"no incident\"")),
      refused_(metrics.counter("tocsin_evidence_dropped", "Evidence that did not go into the vault, by cause",
                               "cause=\"no room\"")),
      failed_(metrics.counter("tocsin_evidence_dropped", "Evidence that did not go into the vault, by cause",
                              "cause=\"store\"")),
      enough_(metrics.counter("tocsin_evidence_dropped", "Evidence that did not go into the vault, by cause",
                              "cause=\"incident has enough\"")),
      late_(metrics.counter("tocsin_evidence_dropped", "Evidence that did not go into the vault, by cause",
                            "cause=\"casework\"")),
      bytes_(metrics.gauge("tocsin_evidence_bytes", "What the vault holds")) {}

void EvidenceFigures::show(const EvidenceBook& book) {
  const auto& now = book.counters();
  kept_.add(now.kept - shown_.kept);
  removed_.add(now.removed - shown_.removed);
  unwanted_.add(now.unwanted - shown_.unwanted);
  refused_.add(now.refused - shown_.refused);
  failed_.add(now.failed - shown_.failed);
  enough_.add(now.enough - shown_.enough);
  bytes_.set(static_cast<std::int64_t>(book.bytes()));
  shown_ = now;
}

}  // namespace tocsin::daemon
