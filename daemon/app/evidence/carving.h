#pragma once
// Packets that somebody asks for when they have gone by already (the action collect.packets), out of one worker's
// latest frames. The worker looks a little between packets, the newest frame first, so that what is overwritten
// meanwhile is the oldest only. Fragments but the first have no ports: they come with their addresses. What a tunnel
// carries counts as well as the tunnel.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/packet/capture/recent.h"
#include "collectors/packet/counters.h"
#include "collectors/packet/decode/decoder.h"
#include "responders/action/action.h"

namespace tocsin::daemon {

struct PacketWish {
  enum class Take : std::uint8_t { count, copy };

  Network address;
  std::optional<Network> peer;
  std::optional<std::uint16_t> port, peer_port;
  std::string protocol = "any";  // of collect_packets_protocols
  Time since{};
  Time until = Time::max();
  Take take = Take::copy;
  std::uint64_t bytes_most = 32U << 20;  // of one worker; the oldest are left out

  bool fits(const collectors::Packet& packet) const noexcept;
};
// `parameters` of collect.packets.
PacketWish packet_wish(const responders::Parameters& parameters, Time now);

struct CarvedPackets {
  std::vector<std::vector<std::uint8_t>> sections;  // of pcapng, one for a worker that has some
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  Time first = Time::max();    // of them
  Time reaches = Time::max();  // of the oldest frame that was looked at
  bool cut = false;            // there were more than bytes_most

  void add(CarvedPackets other);
};

class Carving {
 public:
  // `interface`: where the frames come from.
  Carving(PacketWish wish, std::string interface);
  Carving(const Carving&) = delete;  // the decoder knows where its options are
  Carving& operator=(const Carving&) = delete;

  // Looks at most at so many frames more. True: it is over.
  bool look(const collectors::RecentFrames& recent, std::size_t frames);
  CarvedPackets take();

 private:
  struct Kept {
    Time time{};
    std::uint32_t link_type = 0;
    std::uint32_t wire_length = 0;
    std::size_t end = 0;  // of its bytes in bytes_
  };
  bool fits(const collectors::RecentFrames::Frame& frame);

  const PacketWish wish_;
  const std::string interface_;
  collectors::DecodeOptions options_;
  collectors::PacketCounters counters_;
  collectors::Decoder decoder_;
  collectors::Packet packet_, inner_;
  bool begun_ = false;
  std::uint64_t position_ = 0;
  std::vector<Kept> kept_;  // newest first
  std::vector<std::uint8_t> bytes_;
  CarvedPackets out_;
};

}  // namespace tocsin::daemon
