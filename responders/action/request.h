#pragma once
// A request for an action and the answers to it, as they pass between a playbook run and the guard.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "responders/action/action.h"

namespace tocsin::responders {

// Demonstrations and replays: rehearsed like anything else, never applied.
enum class Marked : std::uint8_t { real, exercise };

// The person on whose behalf a program asks, as that program says. The guard grants nothing for it; it only refuses
// more: this person cannot approve the request, and is not locked out by it.
struct Requester {
  std::uint32_t uid = UINT32_MAX;
  std::uint32_t login_uid = UINT32_MAX;
  int pid = 0;
  friend bool operator==(const Requester&, const Requester&) = default;
};

// Whether the address that a request names is known to be the sender's. handshake: it answered (TCP, a login);
// spoofable: anybody could have written it (UDP, ICMP, text of others). Whoever asks says so; not saying is not
// knowing.
enum class SourceProof : std::uint8_t { unstated, handshake, spoofable };

struct ActionRequest {
  std::string action;  // "network.block_address"
  std::string key;     // idempotency key; the same key is the same effect, once
  Parameters::Texts parameters;
  // What an action with a parameter of type document passes on. The guard keeps that of the first request under a key
  // and puts its digest into the parameter; a later one is not looked at.
  std::string document;
  std::string incident;  // "INC-2026-0042" or empty
  std::string playbook;  // playbook id or empty
  std::string step;
  std::string reason;  // who reads the journal later wants it; applying needs one
  Marked marked = Marked::real;
  Requester behalf;
  std::string rule;              // the detection that set it off; empty: a person
  std::uint8_t asset_level = 0;  // of what it acts upon, 1-5; 0 = not known
  std::uint8_t depth = 0;        // 0: set off by something outside; 1: by what a response of ours caused; and so on
  SourceProof source = SourceProof::unstated;
};

// What the guard says of a request. `unasked`: no guard was there (an offline rehearsal).
struct GuardVerdict {
  enum class Kind : std::uint8_t { allowed, needs_approval, refused, unasked } kind = Kind::unasked;
  std::string rule;  // which rule of the guard decided: "never_touch", "mode", "rate", "exercise", …
  std::string reason;
  friend bool operator==(const GuardVerdict&, const GuardVerdict&) = default;
};
std::string_view guard_verdict_name(GuardVerdict::Kind kind) noexcept;

struct Rehearsed {
  Forecast forecast;
  GuardVerdict verdict;
};

struct Applied {
  Outcome outcome;
  std::optional<Verification> verification;
};

// The way to the guard. One caller at a time.
class ActionGateway {
 public:
  virtual ~ActionGateway() = default;
  // The verdict is of an apply that would follow now.
  virtual Result<Rehearsed> rehearse(const ActionRequest& request) = 0;
  // denied: refused, with the verdict's reason as message. An outcome in state pending: nothing was done, an approver
  // is awaited; the same request asked again tells what came of it.
  virtual Result<Applied> apply(const ActionRequest& request) = 0;
  virtual Result<Verification> verify(const std::string& key) = 0;
  virtual Result<Outcome> undo(const std::string& key, const std::string& reason) = 0;
};

// The way to what actions give, too (Gives::descriptors).
class LendingGateway : public ActionGateway {
 public:
  // What was applied under this key, by the same user and once. conflict: it was taken already; not_found: its time was
  // over, or nothing was applied.
  virtual Result<std::vector<OwnedDescriptor>> take(const std::string& key) = 0;
};

}  // namespace tocsin::responders
