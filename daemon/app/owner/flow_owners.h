#pragma once
// Whose sockets the flows of this host are. A thread of its own asks the opener as flows begin; packet workers only put
// questions into a bounded channel, once a round. Answers are kept for a bounded number of flows, for their records and
// alerts. What came too late (the socket was closed) is unknown, and the share that is known is a metric.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "collectors/base/channel.h"
#include "collectors/base/metrics.h"
#include "collectors/opener/socket_owner.h"
#include "collectors/packet/observer.h"
#include "collectors/packet/record/owner.h"
#include "rules/alert.h"

namespace tocsin::daemon {

struct FlowQuestion {
  std::uint64_t flow = 0;
  collectors::SocketQuestion socket;
};

// "/system.slice/nginx.service" → "nginx.service"; empty when no unit is in it.
std::string unit_of(std::string_view cgroup);
// Puts the owner into the fields of an alert that has none.
void add_owner(rules::Alert& alert, const collectors::FlowOwner& owner);

class FlowOwners final : public collectors::FlowOwnerSource {
 public:
  static constexpr std::size_t kept_most = 65536;
  static constexpr std::size_t batches_most = 256;

  using Ask = std::function<Result<collectors::SocketOwner>(const collectors::SocketQuestion&)>;
  using UserName = std::function<std::string(std::uint32_t)>;

  // `ask` and `user_name` are called on this object's thread only.
  FlowOwners(Ask ask, UserName user_name, Metrics& metrics);
  ~FlowOwners() override;
  void start();
  void stop();

  // Never waits; what there is no room for stays unknown and is counted.
  void ask(std::vector<FlowQuestion> questions);
  collectors::FlowOwnerRef owner(std::uint64_t flow) override;
  // Waits while the question is on its way, up to `patience`.
  collectors::FlowOwnerRef owner_soon(std::uint64_t flow, Duration patience);

  struct Share {
    std::uint64_t flows = 0;  // of this host
    std::uint64_t users = 0;
    std::uint64_t units = 0;
    std::uint64_t processes = 0;
  };
  Share share() const noexcept;

 private:
  void run();
  void answer(const FlowQuestion& question);
  void keep(std::uint64_t flow, collectors::FlowOwnerRef owner);

  const Ask ask_;
  const UserName user_name_;
  Counter& flows_;
  Counter& users_;
  Counter& units_;
  Counter& processes_;
  Counter& not_asked_;
  Channel<std::vector<FlowQuestion>> questions_{batches_most};
  std::unordered_map<std::uint32_t, std::string> names_;  // this thread's
  std::mutex mutex_;
  std::condition_variable answered_;
  std::unordered_map<std::uint64_t, collectors::FlowOwnerRef> kept_;  // null: asked, not answered yet or unknown
  std::deque<std::uint64_t> order_;
  std::set<std::uint64_t> waiting_;
  std::thread thread_;
};

// One worker's end: collects the questions of flows that begin at an address of this host.
class OwnerAsker final : public collectors::Observer {
 public:
  static constexpr std::size_t collected_most = 1024;  // a round

  // `owners` outlives this.
  OwnerAsker(FlowOwners& owners, std::set<IpAddress> own) : owners_(owners), own_(std::move(own)) {}
  void on_flow_start(collectors::Flow& flow, const collectors::Packet& packet) override;
  // Between rounds.
  void hand_over();

 private:
  FlowOwners& owners_;
  const std::set<IpAddress> own_;
  std::vector<FlowQuestion> collected_;
};

}  // namespace tocsin::daemon
