#include "responders/playbook/coordinate/dispatch.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/digest.h"

namespace tocsin::responders {
namespace {

constexpr std::array<std::string_view, 8> agent_states{"waiting", "asked",   "accepted", "done",
                                                       "failed",  "refused", "silent",   "spared"};
constexpr std::array<std::string_view, 5> dispatch_states{"running", "completed", "partial", "failed", "stopped"};

bool is_final(AgentState state) noexcept { return state >= AgentState::done; }

}  // namespace

std::string_view agent_state_name(AgentState state) noexcept { return agent_states[static_cast<std::size_t>(state)]; }
std::string_view dispatch_state_name(DispatchState state) noexcept {
  return dispatch_states[static_cast<std::size_t>(state)];
}

Result<Dispatch> Dispatch::open(DispatchSpec spec, AgentLink& link, Note note,
                                const std::vector<DispatchRecord>& before) {
  if (spec.agents.empty()) return fail(Code::usage, "a dispatch needs an agent");
  if (spec.quorum > spec.agents.size()) return fail(Code::usage, "the quorum is larger than the number of agents");
  if (std::find(spec.waves.begin(), spec.waves.end(), 0U) != spec.waves.end())
    return fail(Code::usage, "a wave of no agents would never end");
  Dispatch out(std::move(spec), link, std::move(note));
  for (const std::string& agent : out.spec_.agents)
    if (!out.agents_.try_emplace(agent).second) return fail(Code::usage, fmt::format("{} is named twice", agent));
  for (const DispatchRecord& record : before) {
    const auto at = out.agents_.find(record.agent);
    if (at == out.agents_.end() || is_final(at->second.state)) continue;
    AgentEntry& entry = at->second;
    entry.state = record.state;
    entry.detail = record.detail;
    // The question may have been lost with us: it is asked again at once, and its time goes on.
    if (record.state == AgentState::asked) {
      entry.asked = entry.next = record.time;
      entry.deadline = record.time + out.spec_.answer_within;
    }
    out.stopped_ = out.stopped_ || record.state == AgentState::spared;
  }
  for (std::size_t i = 0; i < out.spec_.agents.size(); ++i)
    if (out.agents_.at(out.spec_.agents[i]).state != AgentState::waiting) out.begun_ = i + 1;
  for (std::size_t covered = 0; covered < out.begun_ && !out.spec_.waves.empty(); ++out.wave_)
    covered += out.spec_.waves[std::min(out.wave_, out.spec_.waves.size() - 1)];
  out.judge();
  return out;
}

AgentOrder Dispatch::order_of(const std::string& agent) const {
  constexpr std::size_t key_length = 32;
  AgentOrder out;
  out.key = render_digest(sha256(as_bytes(fmt::format("{}:{}", spec_.id, agent)))).substr(0, key_length);
  out.agent = agent;
  out.work = spec_.work;
  out.deadline = agents_.at(agent).deadline;
  return out;
}

Result<void> Dispatch::decide(const std::string& agent, AgentState state, Time now, std::string detail) {
  TOCSIN_CHECK(note_({agent, state, now, detail}));
  AgentEntry& entry = agents_.at(agent);
  entry.state = state;
  entry.detail = std::move(detail);
  return {};
}

Result<void> Dispatch::take(const AgentReport& report, Time now) {
  const auto at = agents_.find(report.agent);
  if (at == agents_.end() || report.key != order_of(report.agent).key || at->second.state == AgentState::waiting ||
      is_final(at->second.state) ||
      (report.state == AgentReport::State::accepted && at->second.state == AgentState::accepted)) {
    // What comes after silence was decided does not change the join: others may have acted on it.
    ++ignored_;
    return {};
  }
  constexpr std::size_t detail_most = 1024;
  AgentState state = AgentState::accepted;
  if (report.state == AgentReport::State::done) state = AgentState::done;
  if (report.state == AgentReport::State::failed) state = AgentState::failed;
  if (report.state == AgentReport::State::refused) state = AgentState::refused;
  return decide(report.agent, state, now, report.detail.substr(0, detail_most));
}

std::size_t Dispatch::count(AgentState state) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(agents_.begin(), agents_.end(), [&](const auto& agent) { return agent.second.state == state; }));
}

std::size_t Dispatch::not_done() const noexcept {
  return count(AgentState::failed) + count(AgentState::refused) + count(AgentState::silent);
}

bool Dispatch::wave_over() const {
  return std::all_of(spec_.agents.begin(), spec_.agents.begin() + static_cast<std::ptrdiff_t>(begun_),
                     [&](const std::string& agent) { return is_final(agents_.at(agent).state); });
}

Result<void> Dispatch::begin_wave(Time now) {
  const std::size_t size =
      spec_.waves.empty() ? spec_.agents.size() : spec_.waves[std::min(wave_, spec_.waves.size() - 1)];
  const std::size_t end = std::min(spec_.agents.size(), begun_ + size);
  for (; begun_ < end; ++begun_) {
    const std::string& agent = spec_.agents[begun_];
    TOCSIN_CHECK(decide(agent, AgentState::asked, now, {}));
    AgentEntry& entry = agents_.at(agent);
    entry.asked = entry.next = now;
    entry.deadline = now + spec_.answer_within;
  }
  ++wave_;
  return {};
}

Result<void> Dispatch::spare_rest(Time now, const std::string& why) {
  stopped_ = true;
  for (std::size_t i = begun_; i < spec_.agents.size(); ++i)
    TOCSIN_CHECK(decide(spec_.agents[i], AgentState::spared, now, why));
  begun_ = spec_.agents.size();
  return {};
}

Result<void> Dispatch::ask_due(Time now) {
  for (auto& [agent, entry] : agents_) {
    if (entry.state != AgentState::asked && entry.state != AgentState::accepted) continue;
    if (now >= entry.deadline) {
      link_->recall(order_of(agent));
      TOCSIN_CHECK(decide(agent, AgentState::silent, now, "nothing was heard in time"));
    } else if (now >= entry.next) {
      ++entry.tries;
      entry.next = now + spec_.ask_again;
      // One that cannot be reached now is asked again; its deadline decides.
      if (const auto sent = link_->send(order_of(agent)); !sent) entry.detail = sent.error().text();
    }
  }
  return {};
}

Result<DispatchState> Dispatch::poll(Time now) {
  if (state_ != DispatchState::running) return state_;
  hear(link_->receive());
  while (!heard_.empty()) {
    TOCSIN_CHECK(take(heard_.front(), now));
    heard_.erase(heard_.begin());
  }
  // A wave may be over at once, when nobody in it can be asked any more.
  for (std::size_t turn = 0; turn <= spec_.agents.size(); ++turn) {
    TOCSIN_CHECK(ask_due(now));
    const bool rest = begun_ < spec_.agents.size();
    if (rest && spec_.failures_most && not_done() > *spec_.failures_most)
      TOCSIN_CHECK(spare_rest(now, "too many failed before"));
    else if (rest && not_done() > spec_.agents.size() - quorum())
      TOCSIN_CHECK(spare_rest(now, "the quorum is out of reach"));
    else if (rest && wave_over()) TOCSIN_CHECK(begin_wave(now));
    else break;
  }
  judge();
  return state_;
}

void Dispatch::judge() {
  if (begun_ < spec_.agents.size() || !wave_over()) return;
  const std::size_t done = count(AgentState::done);
  if (done == spec_.agents.size()) state_ = DispatchState::completed;
  else if (stopped_) state_ = DispatchState::stopped;
  else state_ = done >= quorum() ? DispatchState::partial : DispatchState::failed;
}

Result<void> Dispatch::stop(Time now, const std::string& reason) {
  if (state_ != DispatchState::running) return fail(Code::conflict, "it is over already");
  TOCSIN_CHECK(spare_rest(now, reason));
  for (const auto& [agent, entry] : agents_)
    if (!is_final(entry.state)) {
      link_->recall(order_of(agent));
      TOCSIN_CHECK(decide(agent, AgentState::silent, now, reason));
    }
  judge();
  return {};
}

std::optional<Time> Dispatch::wake_at() const {
  std::optional<Time> out;
  if (state_ != DispatchState::running) return out;
  if (begun_ == 0) return Time{};
  for (const auto& [agent, entry] : agents_)
    if (entry.state == AgentState::asked || entry.state == AgentState::accepted)
      if (const Time due = std::min(entry.next, entry.deadline); !out || due < *out) out = due;
  return out;
}

}  // namespace tocsin::responders
