#pragma once
// Actions of playbooks that tocsind carries out itself, before the way to the guard: collect.packets, out of the frames
// that packet workers hold, into the vault. It changes nothing of the host, so no guard is asked; everything else goes
// on to the guard untouched. A run that asks again under its key, after a crash, is told what was taken then.
//
// One thread at a time; blocks while the workers look, seconds at most.

#include <functional>
#include <string>

#include "daemon/app/evidence/carving.h"
#include "daemon/app/evidence/evidence_book.h"
#include "responders/action/request.h"

namespace tocsin::daemon {

// What is looked at and where it goes.
struct PacketPlace {
  std::function<Result<CarvedPackets>(const PacketWish&)> carve;
  // On casework's thread, after all that was sent before; waits.
  std::function<Result<void>(std::function<Result<void>(EvidenceBook&)>)> with_book;
  std::function<Result<IncidentId>(const std::string& alias)> incident_of;
};

class CollectDesk final : public responders::ActionGateway {
 public:
  // `others` and `clock` outlive the desk.
  CollectDesk(responders::ActionGateway& others, PacketPlace place, const Clock& clock);

  // Looks, and takes nothing: how many packets there are now, and how far back frames are held.
  Result<responders::Rehearsed> rehearse(const responders::ActionRequest& request) override;
  // Outputs "packets", "bytes", "reaches" (how far back frames were held), "complete", "evidence" (its SHA-256; empty
  // when there was none to take).
  Result<responders::Applied> apply(const responders::ActionRequest& request) override;
  Result<responders::Verification> verify(const std::string& key) override { return others_.verify(key); }
  Result<responders::Outcome> undo(const std::string& key, const std::string& reason) override {
    return others_.undo(key, reason);
  }

 private:
  Result<responders::Outcome> take(const responders::ActionRequest& request, const responders::Parameters& parameters);

  responders::ActionGateway& others_;
  const PacketPlace place_;
  const Clock& clock_;
};

}  // namespace tocsin::daemon
