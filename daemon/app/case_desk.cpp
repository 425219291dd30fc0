#include "daemon/app/case_desk.h"

namespace tocsin::daemon {

void CaseDesk::raise(rules::Alert alert) {
  if (clock_ != nullptr) clock_->advance_to(alert.time);
  auto taken = casework_.take(alert);
  if (!taken) {
    ++unfiled_;
    trouble_ = std::move(taken).error();
    taker_(alert, responders::TakenAlert{});
    return;
  }
  trouble_.reset();
  taker_(alert, *taken);
}

}  // namespace tocsin::daemon
