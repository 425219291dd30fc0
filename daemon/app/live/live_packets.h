#pragma once
// Live capture: one thread per ring, run to completion. It never waits for anybody: what casework or the event lanes
// cannot take at once is folded or dropped, counted, and told as a blind interval.

#include <atomic>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "collectors/base/log.h"
#include "collectors/base/metrics.h"
#include "collectors/packet/capture/ring.h"
#include "daemon/app/evidence/carving.h"
#include "daemon/app/lanes.h"
#include "daemon/app/live/capture_watch.h"
#include "daemon/app/live/detector_switch.h"
#include "daemon/app/live/inbox.h"
#include "daemon/app/owner/flow_owners.h"
#include "daemon/eve/sink.h"

namespace tocsin::daemon {

struct LivePacketsOptions {
  collectors::PacketOptions packets;
  std::string interface;
  std::string host;
  std::size_t worker = 0;
  std::size_t workers = 1;
  std::size_t alerts_waiting = 4096;           // before repeats are folded
  EveSink* eve = nullptr;                      // null: no EVE records
  std::size_t ring = 0;                        // this one's number among all rings
  std::optional<EvidenceTapOptions> evidence;  // none: nothing is taken for the vault
  FlowOwners* owners = nullptr;                // null: nobody asks whose sockets flows are
  std::set<IpAddress> own_addresses;
  CaptureWatch* watch = nullptr;   // null: nobody asks where packets are lost
  std::size_t frame_ordinary = 0;  // longest frame the interface's MTU allows; 0: not known
};

class LivePackets {
 public:
  // References outlive the object.
  LivePackets(LivePacketsOptions options, FieldNames& names, const Generations& generations, Inbox& inbox,
              const Clock& clock, Log& log, Metrics& metrics);
  ~LivePackets();
  void start();
  void stop() noexcept { over_.store(true, std::memory_order_relaxed); }
  void join();

  // Without a ring it waits for one: at first, and when its interface was removed. Any thread.
  void use(collectors::PacketRing ring);
  // Gives its ring up, because another worker of the interface lost its own: they are opened together. Any thread.
  void let_go() noexcept { let_go_.store(true, std::memory_order_relaxed); }
  bool is_gone() const noexcept { return gone_.load(std::memory_order_acquire); }

  struct State {
    std::string source;
    std::string state;  // "watching", "interface down", "no such interface", "capture failed"
    std::uint64_t packets = 0;
    std::uint64_t lost = 0;
  };
  State state() const;

  // What its latest frames have of a wish; the worker looks a little between packets. denied: it holds no frames;
  // exhausted: too many ask; unreachable: it has ended. Any thread.
  std::future<Result<CarvedPackets>> carve(PacketWish wish);

  // Makes this worker's part of another load of the rules ready, so that it only has to be exchanged between two
  // packets; and takes apart what was exchanged before. One thread at a time, not the worker's.
  void prepare(GenerationRef next);
  // The worker uses that load by now.
  bool uses(std::uint64_t generation) const noexcept { return used_.load(std::memory_order_acquire) == generation; }
  // Takes apart what the worker gave back; the rules themselves go with the last who holds them.
  void dispose();
  // How long the exchange last kept the worker from its packets.
  Duration stall() const noexcept { return Duration{stall_.load(std::memory_order_relaxed)}; }

 private:
  class Lane;
  struct Part;
  struct Carved;
  void exchange();
  void run();
  bool take_ring();
  void lose_ring(Time now, bool failed);
  void turn(Time now);
  void account(Time now);
  void tell_watch(Time now);
  void say(const CaptureNotice& notice, Time now);
  void account_eve();
  void hand_over();
  bool carve_some();
  void end_carving();

  std::optional<collectors::PacketRing> ring_;
  const LivePacketsOptions options_;
  const Generations& generations_;
  Inbox& inbox_;
  const Clock& clock_;
  Log& log_;
  Counter& received_;
  Counter& dropped_ring_;
  Counter& dropped_inbox_;
  Counter& dropped_evidence_;
  Counter& unfetched_evidence_;
  Counter& incomplete_evidence_;
  EvidenceShortfall evidence_seen_;
  Counter& bytes_;
  Gauge& stalled_;
  Gauge& flows_;
  std::unique_ptr<Lane> lane_;
  std::mutex parts_mutex_;  // held for the length of a pointer's exchange
  std::unique_ptr<Part> ready_, used_up_;
  std::optional<collectors::PacketRing> next_ring_;
  std::atomic<std::uint64_t> used_{0};
  std::atomic<std::int64_t> stall_{0};
  collectors::RingStatistics seen_;
  std::uint64_t oversize_ = 0;
  std::uint64_t checksum_pending_ = 0;
  Time accounted_{};
  Time blind_since_{};
  std::uint64_t blind_count_ = 0;
  std::vector<rules::Alert> waiting_;
  std::mutex carvings_mutex_;  // held for the length of a pointer's exchange
  std::deque<std::unique_ptr<Carved>> carvings_;
  std::atomic<bool> carving_{false};  // there are some
  bool ended_ = false;                // no more are taken
  std::atomic<std::uint64_t> packets_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<bool> down_{false};
  std::atomic<bool> gone_{true};     // it has no ring, and none is on its way
  std::atomic<bool> failed_{false};  // it has none because it failed, not because the interface is away
  std::atomic<bool> let_go_{false};
  std::optional<Time> gone_since_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace tocsin::daemon
