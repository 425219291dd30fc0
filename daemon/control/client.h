#pragma once
// The other end of the control socket: blocking, one call at a time, on the caller's thread.

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "daemon/control/frame.h"

namespace tocsin::daemon {

struct CallHandlers {
  // Return false to stop listening: the call ends with an empty summary.
  std::function<bool(const boost::json::object& row)> row;
  std::function<void(std::string_view what, std::uint64_t done, std::uint64_t of)> progress;
};

struct CallRequest {
  std::string method;
  std::string params = "{}";  // a JSON object
  std::span<const int> descriptors;
  // Longest silence; zero waits for ever (follow).
  Duration patience = std::chrono::seconds{60};
  // Where rows go, when that may be a pipe whose reader leaves between two of them: the call ends as if `row` had
  // returned false. -1: nobody leaves.
  int listener = -1;
};

class ControlClient {
 public:
  // unreachable: nobody listens there; denied: no permission to connect. Both say what to do next.
  static Result<ControlClient> connect(const std::string& path, Duration patience = std::chrono::seconds{5});
  ControlClient(ControlClient&& other) noexcept;
  ControlClient& operator=(ControlClient&& other) noexcept;
  ~ControlClient();

  // The summary as JSON text, or the error the daemon sent (with its code), or unreachable / timed_out.
  Result<std::string> call(const CallRequest& request, const CallHandlers& handlers);

 private:
  explicit ControlClient(int socket) : socket_(socket) {}
  int socket_ = -1;
  FrameReader reader_;
  std::uint64_t next_id_ = 1;
};

}  // namespace tocsin::daemon
