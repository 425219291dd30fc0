#pragma once
// Tells the configured sinks, on a thread of its own: whoever has something to say never waits for a mail server. A
// sink that cannot be reached is tried again, each time twice as late; what is given up is counted and logged.

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "collectors/base/channel.h"
#include "collectors/base/log.h"
#include "collectors/base/metrics.h"
#include "daemon/notify/sinks.h"

namespace tocsin::daemon {

struct Message {
  std::uint32_t severity = 0;         // 0-100
  std::optional<std::uint32_t> told;  // the severity of the same matter when it was last told
  responders::Notice notice;
};

class NotifyDesk {
 public:
  static constexpr std::size_t waiting_most = 256;
  static constexpr unsigned attempts_most = 6;  // 5, 10, 20, 40 and 80 seconds apart

  // References outlive the desk.
  NotifyDesk(const std::vector<SinkConfig>& sinks, const Clock& clock, Log& log, Metrics& metrics);
  ~NotifyDesk();
  void start();
  // What waits is given up after the message under way.
  void stop();

  // Never waits; any thread. When too many wait the message is dropped, counted and logged.
  void tell(Message message);
  // A new configuration, from the next message on. Any thread.
  void use(const std::vector<SinkConfig>& sinks);

 private:
  struct Retry {
    Time due{};
    unsigned attempts = 0;
    std::string sink;
    responders::Notice notice;
  };
  void run();
  void renew();
  void deliver(const Message& message);
  void retry_due();
  void settle(const std::string& sink, const Result<void>& result, const responders::Notice& notice, unsigned attempts);

  const Clock& clock_;
  Log& log_;
  Counter& sent_;
  Counter& given_up_;
  Counter& withheld_;
  Channel<Message> waiting_{waiting_most};
  std::mutex mutex_;
  std::optional<std::vector<SinkConfig>> next_;  // under mutex_
  std::optional<Sinks> sinks_;
  std::deque<Retry> retries_;
  std::thread thread_;
};

}  // namespace tocsin::daemon
