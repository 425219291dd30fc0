#pragma once
// How tocsind gets at rings, logs and sockets. Blocking, one call at a time; one thread, or a lock around it.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "collectors/base/descriptor.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "collectors/opener/allow_list.h"
#include "collectors/opener/socket_owner.h"
#include "collectors/packet/capture/ring.h"

namespace tocsin::collectors {

struct RingRequest {
  std::string interface;
  std::string filter;
  std::uint32_t rings = 1;  // one per worker; more than one share a fanout group by addresses
  std::uint64_t bytes = 32ULL << 20U;
  std::uint32_t snapshot = 262144;
  bool promiscuous = true;
};

struct OpenedRing {
  OwnedDescriptor descriptor;
  RingGeometry geometry;
};

struct OpenedJournal {
  OwnedDescriptor directory;
  std::vector<std::string> names;      // newest first, at most 63
  std::vector<OwnedDescriptor> files;  // for sd_journal_open_files_fd(3)
};

class OpenerClient {
 public:
  // unreachable when nobody listens there: go on with local(), and say so. A connection that breaks later is made again
  // with the next request.
  static Result<OpenerClient> connect(const std::string& path, Duration patience = std::chrono::seconds{10});
  // One end of a socketpair whose other end tocsin-opener was given with --descriptor.
  static OpenerClient adopt(OwnedDescriptor socket, Duration patience = std::chrono::seconds{10});
  // No other process: opens what this one may.
  static OpenerClient local(AllowList allowed, const Clock& clock);
  OpenerClient(OpenerClient&&) noexcept;
  OpenerClient& operator=(OpenerClient&&) noexcept;
  ~OpenerClient();

  Result<OwnedDescriptor> open_log(const std::string& path);  // for reading, regular files only
  Result<std::vector<std::string>> list_logs(const std::string& glob);
  Result<OpenedJournal> open_journal(const std::string& directory);
  Result<std::vector<std::string>> interfaces();  // "auto" already spelled out
  Result<std::vector<OpenedRing>> open_rings(const RingRequest& request);
  Result<OwnedDescriptor> bind_socket(const std::string& path);  // listening
  Result<OwnedDescriptor> open_output(const std::string& directory);
  // not_found: no such socket (any more).
  Result<SocketOwner> socket_owner(const SocketQuestion& question);

 private:
  struct State;
  explicit OpenerClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::collectors
