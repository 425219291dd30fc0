#pragma once
// Behind the desk: every alert that was let through goes into an incident (journaled first) and then to whoever shows
// or keeps it. One thread.

#include <functional>
#include <string>

#include "collectors/base/time.h"
#include "responders/incident/casework.h"
#include "rules/detector.h"

namespace tocsin::daemon {

class CaseDesk final : public rules::AlertSink {
 public:
  // Called once per alert after casework took it. The incident is empty when the journal could not write.
  using Taker = std::function<void(const rules::Alert&, const responders::TakenAlert&)>;

  // In a replay `clock` is advanced to each alert's time; live it is null.
  CaseDesk(responders::Casework& casework, ManualClock* clock, Taker taker)
      : casework_(casework), clock_(clock), taker_(std::move(taker)) {}

  void raise(rules::Alert alert) override;
  // Alerts that could not be put into an incident (the journal cannot write): counted, still handed on.
  std::uint64_t unfiled() const noexcept { return unfiled_; }
  const std::optional<Error>& trouble() const noexcept { return trouble_; }

 private:
  responders::Casework& casework_;
  ManualClock* clock_;
  Taker taker_;
  std::uint64_t unfiled_ = 0;
  std::optional<Error> trouble_;
};

}  // namespace tocsin::daemon
