#pragma once
// The configured notification sinks of tocsind: who gets a message of which severity, and how many an hour. Delivery
// itself is responders/action/notify, the one implementation. Not thread-safe; the thread that owns it waits for the
// other side (at most 15 seconds each), so it must not be one that others wait for.

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/base/time.h"
#include "daemon/config/config.h"
#include "responders/action/notify/deliver.h"

namespace tocsin::daemon {

// A sink as a channel; reads the credentials file. invalid: the address cannot be one; not_found, denied: the file.
Result<responders::NotifyChannel> channel_of(const SinkConfig& sink);

struct Delivery {
  std::string sink;
  Result<void> result;
};

class Sinks {
 public:
  // A sink that cannot be used is kept out and named in `problems`.
  Sinks(const std::vector<SinkConfig>& sinks, const Clock& clock, std::vector<Error>& problems);

  // To every sink whose threshold the severity (0-100) reaches, and `told`, the severity it was told before, did not.
  // What is over a sink's cap per hour is dropped, counted, and told in that sink's next message.
  std::vector<Delivery> send(std::uint32_t severity, const responders::Notice& notice,
                             std::optional<std::uint32_t> told = {});
  // To one sink by name, without threshold (reports). not_found when there is none.
  Result<void> send_to(const std::string& sink, const responders::Notice& notice);
  std::uint64_t dropped() const noexcept { return dropped_; }
  // Messages since it was asked last that a sink was told of without their content: the marking is above its max_tlp.
  std::uint64_t take_withheld() noexcept { return std::exchange(withheld_, 0); }
  bool empty() const noexcept { return sinks_.empty(); }

 private:
  struct Sink {
    responders::NotifyChannel channel;
    std::uint32_t least_severity = 0;
    std::uint32_t most_per_hour = 0;
    std::deque<Time> sent;  // within the last hour
    std::uint64_t held_back = 0;
  };
  Result<void> deliver_to(Sink& sink, responders::Notice notice);

  std::vector<Sink> sinks_;
  const Clock& clock_;
  std::uint64_t dropped_ = 0;
  std::uint64_t withheld_ = 0;
};

}  // namespace tocsin::daemon
