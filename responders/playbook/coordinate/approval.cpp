#include "responders/playbook/coordinate/approval.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace tocsin::responders {

using State = Approval::State;

namespace {

using Granted = std::vector<std::pair<std::string, std::set<std::string>>>;

// Places of roles, each filled by at most one person who has the role (Kuhn's matching; both sides are small).
std::vector<std::pair<std::string, bool>> filled_places(const std::map<std::string, std::size_t>& roles,
                                                        const Granted& people) {
  std::vector<std::pair<std::string, bool>> places;
  for (const auto& [role, count] : roles)
    for (std::size_t i = 0; i < count; ++i) places.emplace_back(role, false);
  std::vector<std::size_t> holder(places.size(), SIZE_MAX);
  for (std::size_t person = 0; person < people.size(); ++person) {
    std::vector<bool> tried(places.size(), false);
    const std::function<bool(std::size_t)> seat = [&](std::size_t who) {
      for (std::size_t place = 0; place < places.size(); ++place) {
        if (tried[place] || !people[who].second.contains(places[place].first)) continue;
        tried[place] = true;
        if (holder[place] != SIZE_MAX && !seat(holder[place])) continue;
        holder[place] = who;
        return true;
      }
      return false;
    };
    seat(person);
  }
  for (std::size_t i = 0; i < places.size(); ++i) places[i].second = holder[i] != SIZE_MAX;
  return places;
}

}  // namespace

std::map<std::string, std::size_t> Approval::missing() const {
  std::map<std::string, std::size_t> out;
  for (const auto& [role, filled] : filled_places(need_.roles, granted_))
    if (!filled) ++out[role];
  return out;
}

State Approval::state(Time now) const noexcept {
  if (denied_) return State::denied;
  if (missing().empty()) return State::granted;
  return now >= need_.expires ? State::expired : State::pending;
}

Result<void> Approval::may_speak(const std::string& who, const std::set<std::string>& roles, Time now) const {
  if (const State now_is = state(now); now_is != State::pending)
    return fail(Code::conflict, now_is == State::expired ? "nobody agreed in time; ask anew" : "it is decided already");
  if (who == need_.requester) return fail(Code::denied, fmt::format("{} asked for it and cannot agree to it", who));
  if (std::none_of(need_.roles.begin(), need_.roles.end(),
                   [&](const auto& role) { return roles.contains(role.first); }))
    return fail(Code::denied, fmt::format("{} has none of the roles that are asked", who));
  if (std::any_of(granted_.begin(), granted_.end(), [&](const auto& known) { return known.first == who; }))
    return fail(Code::conflict, fmt::format("{} agreed already", who));
  return {};
}

Result<State> Approval::grant(const std::string& who, const std::set<std::string>& roles, Time now) {
  TOCSIN_CHECK(may_speak(who, roles, now));
  granted_.emplace_back(who, roles);
  return state(now);
}

Result<State> Approval::deny(const std::string& who, const std::set<std::string>& roles, Time now) {
  TOCSIN_CHECK(may_speak(who, roles, now));
  denied_ = true;
  return state(now);
}

}  // namespace tocsin::responders
