#pragma once
// The operations themselves: opens what the allow list names, refuses the rest with a reason. Used by tocsin-opener
// behind its socket, and in-process where no opener runs (ordinary user, container). One thread.

#include <cstdint>

#include "collectors/opener/allow_list.h"
#include "collectors/opener/message.h"
#include "collectors/opener/socket_owner.h"

namespace tocsin::collectors {

class Opener {
 public:
  // `helper` answers for owners of sockets (owner_helper.h); without one this process finds out what it may.
  explicit Opener(AllowList allowed, const Clock& clock, OwnedDescriptor helper = {})
      : allowed_(std::move(allowed)), owners_(clock), helper_(std::move(helper)) {}

  OpenerReply answer(const OpenerRequest& request);
  const AllowList& allowed() const noexcept { return allowed_; }
  void replace(AllowList allowed) { allowed_ = std::move(allowed); }

 private:
  Result<OpenerReply> open_log(const std::string& path) const;
  Result<OpenerReply> list_logs(const std::string& glob) const;
  Result<OpenerReply> open_journal(const std::string& directory) const;
  Result<OpenerReply> interfaces() const;
  Result<OpenerReply> open_rings(const std::vector<std::string>& fields);
  Result<OpenerReply> bind_socket(const std::string& path) const;
  Result<OpenerReply> open_output(const std::string& directory) const;
  Result<OpenerReply> socket_owner(const OpenerRequest& request);

  AllowList allowed_;
  SocketOwners owners_;
  OwnedDescriptor helper_;
  std::uint16_t next_group_ = 0;  // of packet fanout; 0: not chosen yet
};

// Names of interfaces that are up and not loopback, sorted.
Result<std::vector<std::string>> usable_interfaces();

}  // namespace tocsin::collectors
