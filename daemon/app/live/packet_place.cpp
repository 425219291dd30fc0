// What the daemon holds of packets, and where they go, for collect.packets.

#include <future>

#include "daemon/app/live/daemon.h"
#include "daemon/store/reader.h"

namespace tocsin::daemon {

// Every worker looks at the same time, each between its own packets.
Result<CarvedPackets> Daemon::carve(const PacketWish& wish) {
  constexpr Duration patience = std::chrono::seconds(10);
  if (packets_.empty()) return fail(Code::denied, "no interface is watched: collect.interfaces names none that opened");
  std::vector<std::future<Result<CarvedPackets>>> waiting;
  waiting.reserve(packets_.size());
  for (const auto& ring : packets_) waiting.push_back(ring->carve(wish));
  CarvedPackets out;
  const auto until = std::chrono::steady_clock::now() + patience;
  for (auto& each : waiting) {
    if (each.wait_until(until) != std::future_status::ready)
      return fail(Code::unreachable, "packet workers have no time to look at their frames");
    TOCSIN_TRY(auto found, each.get());
    out.add(std::move(found));
  }
  return out;
}

PacketPlace Daemon::packet_place() {
  PacketPlace out;
  out.carve = [this](const PacketWish& wish) { return carve(wish); };
  // The book commits by itself.
  out.with_book = [this](std::function<Result<void>(EvidenceBook&)> work) -> Result<void> {
    if (evidence_ == nullptr) return fail(Code::denied, "the vault is not open; see `tocsin status`");
    auto promise = std::make_shared<std::promise<Result<void>>>();
    auto outcome = promise->get_future();
    Work task;
    task.task = [promise, work = std::move(work), this](CaseworkThread&) { promise->set_value(work(*evidence_)); };
    if (!inbox_.send(std::move(task))) return fail(Code::unreachable, "the daemon is stopping");
    return outcome.get();
  };
  out.incident_of = [this](const std::string& alias) -> Result<IncidentId> {
    TOCSIN_TRY(const auto reader, StoreReader::open(config_.store.directory));
    return reader->find_incident(alias);
  };
  return out;
}

}  // namespace tocsin::daemon
