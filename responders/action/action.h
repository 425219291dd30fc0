#pragma once
// What a response may do to this host. Every action, whatever it touches, has the same four verbs: rehearse (say what
// would happen, change nothing), apply, verify (is it in effect, read back from the system), undo. An action never
// decides whether it may: that is the guard's part, in front of it. One folder per action, one row in `action_table`.
//
// Thread: the guard calls actions from one thread. apply and undo are idempotent: doing them twice is doing them once.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/descriptor.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::responders {

// An action that passes on what it is given has a parameter of this name; whoever asks fills it with the marking of
// what the other parameters were made from.
inline constexpr std::string_view marking_parameter = "tlp";

enum class ParameterType : std::uint8_t {
  network,   // an address, or a network with prefix
  path,      // absolute, no NUL
  duration,  // "1h30m"
  text,      // one or more lines of UTF-8
  choice,    // one of `choices`
  number,    // a whole number, 0 to 2^53
  port,      // 1-65535
  process,   // the number of a process
  account,   // a login name
  unit,      // the name of a systemd unit
  domain,    // a name in DNS of two labels at least, lower case
  document,  // SHA-256, in hexadecimal, of a document that comes with the request; never given by a playbook
};
inline constexpr std::size_t document_bytes_most = 384U << 10U;

struct ParameterSpec {
  std::string_view name;
  ParameterType type = ParameterType::text;
  // What keeping up an effect came to. lapsed: it is over, or is left to end by itself because it must not go on.
  enum class Renewal : std::uint8_t { unneeded, renewed, lapsed };

  enum class Presence : std::uint8_t { required, optional } presence = Presence::required;
  std::string_view fallback;  // of an optional one, in its text form
  std::string_view help;
  std::span<const std::string_view> choices{};
};

// What holding it needs of the process.
enum class Capability : std::uint8_t {
  none,
  network_admin,
  file_owner,
  process_control,
  service_manager,
  process_memory
};
// expires: the kernel undoes it alone, even when every process of ours is dead.
enum class Reversibility : std::uint8_t { expires, undoable, irreversible };
// How much of the host feels it.
enum class BlastRadius : std::uint8_t { message, file, process, peer, account, service, network, host };
// Whether verify can tell, after a crash, if the effect took place. none: a message that went out leaves no trace.
enum class Readback : std::uint8_t { reliable, none };
// descriptors: what it made is taken by the program that asked, once, over the socket; nothing of it is told otherwise.
enum class Gives : std::uint8_t { outcome, descriptors };

struct ActionSpec {
  std::string_view name;  // "network.block_address"
  std::string_view summary;
  std::span<const ParameterSpec> parameters;
  Capability capability = Capability::none;
  Reversibility reversibility = Reversibility::irreversible;
  BlastRadius blast_radius = BlastRadius::message;
  Readback readback = Readback::reliable;
  Gives gives = Gives::outcome;

  const ParameterSpec* find(std::string_view parameter) const noexcept;
  const ParameterSpec* document() const noexcept;  // the parameter of that type
};
std::string_view capability_name(Capability capability) noexcept;
std::string_view reversibility_name(Reversibility reversibility) noexcept;
std::string_view blast_radius_name(BlastRadius radius) noexcept;

// Typed and complete: only parse_parameters makes one, so an action never sees unchecked text.
class Parameters {
 public:
  using Value = std::variant<std::string, Network, Duration, std::uint64_t>;
  using Texts = std::vector<std::pair<std::string, std::string>>;

  // Asking for a parameter the spec does not have, or as another type, is a bug in the action.
  const std::string& text(std::string_view name) const;  // of path, text, choice, account and unit
  const Network& network(std::string_view name) const;
  Duration duration(std::string_view name) const;
  std::uint64_t number(std::string_view name) const;  // of number, port and process
  bool has(std::string_view name) const noexcept;     // false for an optional one that is empty
  // Canonical texts in the spec's order: the same action is the same bytes.
  Texts texts() const;

 private:
  friend Result<Parameters> parse_parameters(const ActionSpec& spec, const Texts& texts);
  const Value* find(std::string_view name) const noexcept;

  std::vector<std::pair<std::string_view, Value>> values_;
};

// invalid: a missing, unknown or repeated parameter, or a value that is not of its type; the message names it.
Result<Parameters> parse_parameters(const ActionSpec& spec, const Parameters::Texts& texts);
// The same check for one value; what it would be stored as.
Result<Parameters::Value> parse_parameter(const ParameterSpec& spec, std::string_view text);

struct Touch {
  std::string kind;  // "address", "network", "file", "mailbox", "url", "log"
  std::string value;
  friend bool operator==(const Touch&, const Touch&) = default;
};

// What apply would do. `known`: false when the system was not asked (an offline rehearsal).
struct Forecast {
  std::vector<std::string> would;  // sentences, most important first
  std::vector<Touch> touches;
  std::string undo;              // how it would be undone, one sentence
  std::vector<std::string> now;  // what the system says now: "the file is there, 142 bytes, sha256 …"
  bool already = false;          // in effect already
  std::string obstacle;          // why apply would fail as things stand; empty = nothing is known
};

struct Outcome {
  // pending: nothing happened yet, the guard awaits an approver. unknown: begun once, and nobody can tell whether it
  // took effect; it is not done again. An action itself gives neither: they are the guard's.
  enum class State : std::uint8_t { applied, already, undone, pending, unknown } state = State::applied;
  std::string summary;
  // What undo needs and cannot find out by itself; kept in the guard's journal.
  std::string undo_token;
  std::vector<std::pair<std::string, std::string>> outputs;  // for a playbook's out_args
  std::optional<Duration> expires_in;                        // by itself
};

// What keeping up an effect came to. lapsed: it is over, or is left to end by itself because it must not go on.
enum class Renewal : std::uint8_t { unneeded, renewed, lapsed };

enum class Presence : std::uint8_t { in_effect, absent, changed };  // changed: someone else touched it since

struct Verification {
  Presence presence = Presence::absent;
  std::string detail;
  // Of an effect that is there and whose outcome was lost: what apply would have given. Stays in the guard.
  std::vector<std::pair<std::string, std::string>> outputs = {};
};

class Action {
 public:
  virtual ~Action() = default;
  virtual const ActionSpec& spec() const noexcept = 0;
  // Where the spec says none, the configuration may know of a way.
  virtual Readback readback(const Parameters&) const { return spec().readback; }
  // What came with the request, before apply: kept under its digest until it is passed on.
  virtual Result<void> keep(std::string_view) { return fail(Code::invalid, "this action passes no document on"); }
  // Reads the system.
  virtual Result<Forecast> rehearse(const Parameters& parameters) = 0;
  // `key`: the caller's idempotency key, 1-128 characters of [A-Za-z0-9._:-]; the same key must have one effect.
  virtual Result<Outcome> apply(const Parameters& parameters, std::string_view key) = 0;
  virtual Result<Verification> verify(const Parameters& parameters, std::string_view key) = 0;
  // Undoing what is gone already succeeds. `undo_token` is empty when the outcome was never recorded.
  virtual Result<Outcome> undo(const Parameters& parameters, std::string_view key, std::string_view undo_token) = 0;
  // Of an action that gives descriptors: what apply made under this key. conflict: it was taken already; not_found:
  // there is none (any more).
  virtual Result<std::vector<OwnedDescriptor>> take(std::string_view) {
    return fail(Code::invalid, "this action gives nothing to take");
  }
  // Asked every few seconds while the effect is live: one that hangs on a short lease renews it here, for at most
  // `left`, once it has proven that it may go on.
  virtual Result<Renewal> renew(const Parameters&, std::string_view, Duration) { return Renewal::unneeded; }
};

bool is_action_key(std::string_view key) noexcept;

}  // namespace tocsin::responders
