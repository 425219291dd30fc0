#pragma once
// tocsin-opener's loop: a few connections, one request at a time, until told to stop. Single-threaded on purpose: the
// privileged process stays small enough to be read.

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "collectors/base/descriptor.h"
#include "collectors/base/log.h"
#include "collectors/base/result.h"
#include "collectors/opener/opener.h"

namespace tocsin::collectors {

struct OpenerServerOptions {
  OwnedDescriptor listener;             // SOCK_SEQPACKET, listening; or none
  OwnedDescriptor connection;           // already connected (socketpair); its peer is trusted as given
  std::vector<uid_t> clients;           // who may connect, beside root and this process's own user
  OwnedDescriptor signals;              // signalfd(2) with SIGTERM, SIGINT, SIGHUP
  std::function<void(Opener&)> reload;  // on SIGHUP
};

inline constexpr std::size_t opener_connections_most = 8;

// A SOCK_SEQPACKET socket listening at `path`, readable by everybody (the peer's user is checked instead); a stale one
// is replaced.
Result<OwnedDescriptor> listen_for_tocsind(const std::string& path);

// Returns at SIGTERM or SIGINT, or when the given connection closed and there is no listener.
Result<void> serve(OpenerServerOptions options, Opener& opener, Log& log);

}  // namespace tocsin::collectors
