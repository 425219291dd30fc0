// Rings of the interfaces that are watched: opened at the start, and again when an interface was away (a VLAN, bond or
// tunnel that was taken down is made anew, under the same name).

#include <algorithm>

#include <fmt/format.h>

#include "daemon/app/evidence/tap.h"
#include "daemon/app/live/daemon.h"
#include "daemon/app/live/interfaces.h"
#include "daemon/app/live/opened_files.h"

namespace tocsin::daemon {
namespace {

Result<std::vector<collectors::PacketRing>> map_rings(OpenedFiles& opener, const collectors::RingRequest& request) {
  TOCSIN_TRY(auto opened, opener.open_rings(request));
  if (opened.size() != request.rings) return fail(Code::invalid, "the opener gave another number of rings");
  std::vector<collectors::PacketRing> out;
  out.reserve(opened.size());
  for (auto& one : opened) {
    TOCSIN_TRY(auto ring, collectors::PacketRing::map(one.descriptor.release(), one.geometry));
    out.push_back(std::move(ring));
  }
  return out;
}

}  // namespace

void Daemon::open_rings(const InterfaceConfig& wanted) {
  std::vector<std::string> names{wanted.name};
  if (wanted.name == "auto") {
    auto found = opener_->interfaces();
    if (!found) return remarks_.push_back("interfaces: " + found.error().text());
    names = std::move(*found);
  }
  std::set<IpAddress> own;
  for (const auto& text : own_addresses())
    if (const auto address = parse_address(text)) own.insert(*address);
  for (const auto& name : names) {
    collectors::RingRequest request;
    request.interface = name;
    request.filter = wanted.filter;
    request.rings = std::max(1U, wanted.workers == 0 ? std::thread::hardware_concurrency() : wanted.workers);
    request.bytes = wanted.ring.bytes;
    request.snapshot = wanted.snapshot;
    request.promiscuous = wanted.promiscuous;
    auto rings = map_rings(*files_, request);
    if (!rings) remarks_.push_back("interface " + name + ": " + rings.error().text());
    // One that is not there (yet) is waited for.
    if (!rings && rings.error().code != Code::not_found) continue;
    auto& watched = watched_.emplace_back(WatchedInterface{request, packets_.size()});
    for (std::size_t i = 0; i < request.rings; ++i) {
      LivePacketsOptions options;
      options.interface = name;
      options.host = host_;
      options.worker = i;
      options.workers = request.rings;
      options.alerts_waiting = config_.limits.alerts_waiting;
      options.eve = eve_.get();
      options.ring = packets_.size();
      if (evidence_) options.evidence = tap_options(config_.evidence, name);
      options.watch = &watch_;
      options.frame_ordinary = longest_frame(name);
      options.owners = owners_.get();
      options.own_addresses = own;
      options.packets.owners = owners_.get();
      options.packets.quiet_after = config_.limits.stream_wait;
      options.packets.source = "interface:" + name;
      options.packets.identity = fmt::format("{}:{}:{}", host_, name, started_.time_since_epoch().count());
      options.packets.host = host_;
      // Frames of this host itself leave with checksums the card has yet to fill in.
      options.packets.decode.checksums = collectors::ChecksumMode::ignore;
      options.packets.stream.memory_most = config_.limits.stream_memory.bytes;
      options.packets.flow.flows_most = std::max<std::size_t>(1, config_.limits.flows / request.rings);
      packets_.push_back(
          std::make_unique<LivePackets>(std::move(options), names_, *generations_, inbox_, clock_, log_, metrics_));
      if (rings) packets_.back()->use(std::move((*rings)[i]));
    }
    watched.end = packets_.size();
  }
}

void Daemon::reopen_rings() {
  constexpr Duration patience = std::chrono::seconds{2};
  if (clock_.now() - rings_tried_ < patience) return;
  rings_tried_ = clock_.now();
  for (auto& watched : watched_) {
    const auto rings = std::span(packets_).subspan(watched.begin, watched.end - watched.begin);
    // They share what comes, so they are opened together or not at all.
    const auto gone = std::ranges::count_if(rings, [](const auto& ring) { return ring->is_gone(); });
    const bool all_gone = gone == std::ssize(rings);
    // Some lost theirs and some did not, and this is not the moment in which an interface goes: it was the ring that
    // failed.
    if (!all_gone && gone != 0 && gone == watched.gone_before)
      for (const auto& ring : rings) ring->let_go();
    watched.gone_before = gone;
    if (!all_gone) continue;
    auto mapped = map_rings(*files_, watched.request);
    if (!mapped && mapped.error().code != Code::not_found)
      log_.limited(LogLevel::warning, "reopen " + watched.request.interface,
                   "interface " + watched.request.interface + ": " + mapped.error().text());
    if (!mapped) continue;
    for (std::size_t i = 0; i < rings.size(); ++i) rings[i]->use(std::move((*mapped)[i]));
  }
}

}  // namespace tocsin::daemon
