#pragma once
// An incident leaves the host as STIX 2.1: asked for by a person (incident.export) or by a playbook's share.stix. Both
// get the same bundle; what it may tell is decided by the marking let through (responders/action/share_stix/limit.h).

#include <filesystem>
#include <string>

#include "daemon/control/method.h"
#include "daemon/store/reader.h"
#include "responders/action/request.h"

namespace tocsin::daemon {

// The incident with what the store still knows of its alerts and of what was done; at most `bytes_most`, for which
// alerts are left out, the least severe first.
Result<std::string> stix_of(StoreReader& reader, IncidentId id, std::size_t bytes_most);

// The way to the guard of runs: gives a request what it is to pass on. One thread, as the gateway behind it.
class SharingGateway final : public responders::ActionGateway {
 public:
  // `guard` outlives it.
  SharingGateway(responders::ActionGateway& guard, std::filesystem::path store)
      : guard_(guard), store_(std::move(store)) {}

  Result<responders::Rehearsed> rehearse(const responders::ActionRequest& request) override {
    return guard_.rehearse(request);
  }
  Result<responders::Applied> apply(const responders::ActionRequest& request) override;
  Result<responders::Verification> verify(const std::string& key) override { return guard_.verify(key); }
  Result<responders::Outcome> undo(const std::string& key, const std::string& reason) override {
    return guard_.undo(key, reason);
  }

 private:
  responders::ActionGateway& guard_;
  const std::filesystem::path store_;
};

void add_share_methods(MethodTable& methods, const std::filesystem::path& store);

}  // namespace tocsin::daemon
