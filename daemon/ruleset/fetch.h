#pragma once
// A rule set from a server: http and https only, certificates verified, size and time bounded, redirects few and never
// from https to http. Waits for the network: call it from a person's own process, not from the daemon.

#include <string>

#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::daemon {

struct FetchRequest {
  std::string url;
  std::string etag;  // of what is here already; empty: none
  std::uint64_t bytes_most = 128U << 20;
  Duration patience = std::chrono::minutes{2};
  std::string authorities;  // file of certificates to trust in place of the system's; empty: the system's
};
struct Fetched {
  std::string bytes;
  std::string etag;
  bool unchanged = false;  // the server says it is what is here
};

bool is_url(const std::string& source);
// unreachable, timed_out, denied (certificate, status 4xx), exhausted (size).
Result<Fetched> fetch(const FetchRequest& request);

}  // namespace tocsin::daemon
