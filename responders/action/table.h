#pragma once
// Every action there is, in one table: the guard, the playbook validator, `tocsin list actions` and the offline
// rehearsal read it.

#include <memory>
#include <span>

#include "responders/action/action.h"
#include "responders/action/environment.h"
#include "responders/action/request.h"

namespace tocsin::responders {

struct ActionRow {
  const ActionSpec& spec;
  // Null: tocsind carries it out, with what it holds itself; it needs no privilege and changes nothing of the host.
  std::unique_ptr<Action> (*make)(const ActionEnvironment& environment);
  // The forecast that needs no look at the system: the same input is the same text on every host.
  Forecast (*describe)(const Parameters& parameters);
};

std::span<const ActionRow> all_actions() noexcept;
const ActionRow* find_action(std::string_view name) noexcept;

// Rehearses without a guard and without a look at the system, for replays and for authors: the verdict is `unasked`,
// except what is refused on every host (loopback, multicast, broadcast, the exercise mark). Applies nothing.
class OfflineGateway final : public ActionGateway {
 public:
  Result<Rehearsed> rehearse(const ActionRequest& request) override;
  Result<Applied> apply(const ActionRequest& request) override;
  Result<Verification> verify(const std::string& key) override;
  Result<Outcome> undo(const std::string& key, const std::string& reason) override;
};

// Networks that no response may ever touch, on any host, with the reason. Overlap counts.
std::optional<std::string> reserved_reason(const Network& network);

}  // namespace tocsin::responders
