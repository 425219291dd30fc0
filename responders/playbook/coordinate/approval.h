#pragma once
// Agreement of several people in their roles. Values and pure decisions; any thread. Who somebody is and which roles he
// has, the caller knows from the kernel, never from the person's word.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::responders {

struct ApprovalNeed {
  std::map<std::string, std::size_t> roles;  // role → how many people in it
  std::string requester;                     // agrees to nothing of his own
  Time expires{};
};

class Approval {
 public:
  enum class State : std::uint8_t { pending, granted, denied, expired };
  explicit Approval(ApprovalNeed need) : need_(std::move(need)) {}

  // denied: the requester, somebody without one of the roles asked for; conflict: twice, or decided already. One person
  // counts once, in whichever of his roles is still needed.
  Result<State> grant(const std::string& who, const std::set<std::string>& roles, Time now);
  Result<State> deny(const std::string& who, const std::set<std::string>& roles, Time now);
  State state(Time now) const noexcept;
  // Roles that still lack people, with how many.
  std::map<std::string, std::size_t> missing() const;

 private:
  Result<void> may_speak(const std::string& who, const std::set<std::string>& roles, Time now) const;

  ApprovalNeed need_;
  std::vector<std::pair<std::string, std::set<std::string>>> granted_;  // who, and the roles that were asked for
  bool denied_ = false;
};

}  // namespace tocsin::responders
