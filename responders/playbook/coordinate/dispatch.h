#pragma once
// One piece of work for many agents: in waves, each agent asked until it answers or its time is over, joined by a
// quorum. The way to the agents is an interface, so that the fleet's bus can carry it. Plain code that never waits: the
// owner calls poll() now and when wake_at() comes. One thread at a time.
//
// An agent may answer late, twice, out of order, or never; a lost question is asked again under the same key, which an
// agent carries out once. Whatever happens, every dispatch ends: each agent is decided by its deadline.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::responders {

struct AgentOrder {
  std::string key;  // of this work for this agent: the same key is done once
  std::string agent;
  std::string work;  // what is to be done; only the two ends read it
  Time deadline{};
};

struct AgentReport {
  enum class State : std::uint8_t { accepted, done, failed, refused } state = State::accepted;
  std::string key;
  std::string agent;
  std::string detail;
};

class AgentLink {
 public:
  virtual ~AgentLink() = default;
  // Success says that it is on its way, no more.
  virtual Result<void> send(const AgentOrder& order) = 0;
  virtual void recall(const AgentOrder& order) = 0;  // nobody waits for it any more
  virtual std::vector<AgentReport> receive() = 0;    // what came since
};

// silent: asked, and nothing final was heard in time: whether it was done is unknown. spared: never asked.
enum class AgentState : std::uint8_t { waiting, asked, accepted, done, failed, refused, silent, spared };
std::string_view agent_state_name(AgentState state) noexcept;

struct DispatchSpec {
  std::string id;
  std::string work;
  std::vector<std::string> agents;           // in the order they are asked; each once
  std::vector<std::size_t> waves;            // sizes; the last holds for all that follow; none: all at once
  std::size_t quorum = 0;                    // so many must be done; 0: all
  std::optional<std::size_t> failures_most;  // more that are not done: no further wave begins
  Duration answer_within = std::chrono::minutes(10);
  Duration ask_again = std::chrono::seconds(30);
};

struct AgentEntry {
  AgentState state = AgentState::waiting;
  std::string detail;
  Time asked{};
  Time next{};  // when it is asked again
  Time deadline{};
  unsigned tries = 0;
};

// What to write down, so that a dispatch goes on after a crash.
struct DispatchRecord {
  std::string agent;
  AgentState state = AgentState::waiting;
  Time time{};
  std::string detail;
};

enum class DispatchState : std::uint8_t {
  running,
  completed,  // every agent is done
  partial,    // the quorum is, some are not
  failed,     // the quorum is not
  stopped     // too many failures: the waves that followed were spared
};
std::string_view dispatch_state_name(DispatchState state) noexcept;

class Dispatch {
 public:
  using Note = std::function<Result<void>(const DispatchRecord&)>;  // durable when it returns
  // usage: no agents, one twice, a quorum above their number.
  static Result<Dispatch> open(DispatchSpec spec, AgentLink& link, Note note,
                               const std::vector<DispatchRecord>& before);

  // Takes what came in, asks who is due, decides. Fails only when a note cannot be written; it stays where it is.
  Result<DispatchState> poll(Time now);
  // Reports that came another way; those of another dispatch are left alone.
  void hear(std::vector<AgentReport> reports) { heard_.insert(heard_.end(), reports.begin(), reports.end()); }
  Result<void> stop(Time now, const std::string& reason);
  DispatchState state() const noexcept { return state_; }
  std::optional<Time> wake_at() const;
  const std::map<std::string, AgentEntry>& agents() const noexcept { return agents_; }
  std::size_t count(AgentState state) const noexcept;
  std::uint64_t ignored() const noexcept { return ignored_; }  // reports that were late, doubled or not for us

 private:
  Dispatch(DispatchSpec spec, AgentLink& link, Note note)
      : spec_(std::move(spec)), link_(&link), note_(std::move(note)) {}
  AgentOrder order_of(const std::string& agent) const;
  Result<void> take(const AgentReport& report, Time now);
  Result<void> decide(const std::string& agent, AgentState state, Time now, std::string detail);
  Result<void> ask_due(Time now);
  Result<void> begin_wave(Time now);
  Result<void> spare_rest(Time now, const std::string& why);
  bool wave_over() const;
  std::size_t not_done() const noexcept;
  std::size_t quorum() const noexcept { return spec_.quorum == 0 ? spec_.agents.size() : spec_.quorum; }
  void judge();

  DispatchSpec spec_;
  AgentLink* link_;
  Note note_;
  std::map<std::string, AgentEntry> agents_;
  std::vector<AgentReport> heard_;
  std::size_t begun_ = 0;  // agents whose wave has begun, in the order of the spec
  std::size_t wave_ = 0;
  bool stopped_ = false;
  DispatchState state_ = DispatchState::running;
  std::uint64_t ignored_ = 0;
};

}  // namespace tocsin::responders
