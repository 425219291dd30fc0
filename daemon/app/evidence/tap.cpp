#include "daemon/app/evidence/tap.h"

namespace tocsin::daemon {

EvidenceTapOptions tap_options(const EvidenceConfig& config, std::string interface) {
  EvidenceTapOptions out;
  out.packets.memory = config.recent_packets.bytes;
  out.packets.before_most = config.before.bytes;
  out.packets.after_most = config.after_most.bytes;
  out.packets.after = config.after;
  out.packets.interface = std::move(interface);
  out.files.memory = config.recent_files.bytes;
  out.files.file_most = config.file.bytes;
  return out;
}

EvidenceTap::EvidenceTap(const EvidenceTapOptions& options, rules::AlertSink& alerts, rules::AlertAnnotator* annotator)
    : packets_(options.packets.memory == 0 ? std::nullopt
                                           : std::optional<FlowCaptures>(std::in_place, options.packets, alerts)),
      files_(options.files, packets_ ? static_cast<rules::AlertSink&>(*packets_) : alerts, annotator) {}

std::vector<collectors::Observer*> EvidenceTap::observers() {
  std::vector<collectors::Observer*> out;
  if (packets_) out.push_back(&*packets_);
  out.push_back(&files_);
  return out;
}

std::vector<TakenEvidence> EvidenceTap::take_finished() {
  auto out = files_.take_finished();
  if (packets_)
    for (auto& capture : packets_->take_finished()) out.push_back(std::move(capture));
  return out;
}

EvidenceShortfall EvidenceTap::shortfall() const noexcept {
  EvidenceShortfall out;
  out.incomplete = files_.counters().cut;
  if (packets_) {
    out.incomplete += packets_->counters().overwritten + packets_->counters().cut_short;
    out.dropped = packets_->counters().dropped;
  }
  return out;
}

void EvidenceTap::finish() {
  files_.finish();
  if (packets_) packets_->finish();
}

}  // namespace tocsin::daemon
