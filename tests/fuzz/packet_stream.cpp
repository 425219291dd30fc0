// rooms: packet
// TCP conversations made of the input: segments of both sides in any order, overlapping, lost, cut into fragments that
// overlap too. Bytes: overlap policy, options, then per segment {what, place (2, signed), length, payload}.
// What is delivered is in order and told once; at the end nothing is kept.

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "collectors/packet/worker.h"

using namespace tocsin;
using namespace tocsin::collectors;

namespace {

class Drop final : public RecordSink {
 public:
  void on_records(EventBatch) override {}
};

class Order final : public Observer {
 public:
  void on_stream(const StreamChunk& chunk) override {
    bytes += chunk.bytes.size();
    // A mid-stream pick-up may swap its sides, and a session on the ports of one before begins at 0 again.
    if (chunk.flow.midstream) return;
    auto& state = of(chunk.flow);
    auto& next = state.next[index(chunk.direction)];
    if (chunk.offset == chunk.gap) state.ended[index(chunk.direction)] = false;
    else if (chunk.offset != next + chunk.gap) std::abort();
    if (state.ended[index(chunk.direction)] || (chunk.bytes.empty() && !chunk.end)) std::abort();
    next = chunk.offset + chunk.bytes.size();
    state.ended[index(chunk.direction)] = chunk.end;
  }
  std::uint64_t bytes = 0;

 private:
  struct State final : FlowExtension {
    std::uint64_t next[2] = {0, 0};
    bool ended[2] = {false, false};
  };
  State& of(Flow& flow) const {
    auto& kept = flow.extension[slot()];
    if (!kept) kept = std::make_unique<State>();
    return static_cast<State&>(*kept);
  }
};

class Wire {
 public:
  Wire(PacketWorker& worker, bool ipv6) : worker_(worker), ipv6_(ipv6) {}

  void handshake() {
    segment(0, 0, 0x02, {});
    segment(1, 0, 0x12, {});
    next_[0] += 1;
    next_[1] += 1;
    segment(0, 0, 0x10, {});
  }
  // `place` is relative to where the sender's next byte would stand.
  void segment(std::size_t sender, std::int32_t place, std::uint8_t flags, Bytes payload, std::uint8_t cut = 0) {
    std::vector<std::uint8_t> tcp;
    const auto sequence = next_[sender] + static_cast<std::uint32_t>(place);
    put(tcp, sender == 0 ? 0xC0000050U : 0x0050C000U);
    put(tcp, sequence);
    put(tcp, (flags & 0x10U) != 0 ? next_[1 - sender] : 0);
    put(tcp, 0x5000FFFFU | std::uint32_t{flags} << 16U);
    put(tcp, 0);
    tcp.insert(tcp.end(), payload.begin(), payload.end());
    next_[sender] = sequence + static_cast<std::uint32_t>(payload.size());
    ++id_;
    if (cut == 0) return frame(sender, tcp, 0, false);
    // Pieces of 8 to 64 bytes, every one but the first 8 bytes longer than its place when bit 3 says so.
    const std::size_t step = 8 * (std::size_t{cut & 7U} + 1);
    for (std::size_t at = 0; at < tcp.size(); at += step) {
      const std::size_t extra = (cut & 8U) != 0 && at != 0 ? 8 : 0;
      const auto size = std::min(step + extra, tcp.size() - at);
      frame(sender, Bytes(tcp).subspan(at, size), at, at + size < tcp.size());
    }
  }
  void wait(std::uint8_t seconds) { time_ += std::chrono::seconds(seconds); }

 private:
  static void put(std::vector<std::uint8_t>& out, std::uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(number >> shift));
  }
  void frame(std::size_t sender, Bytes body, std::size_t offset, bool more) {
    std::vector<std::uint8_t> out;
    const std::uint32_t client = 0xCB007142;
    const std::uint32_t server = 0xC000020A;
    if (ipv6_) {
      const bool whole = offset == 0 && !more;
      put(out, 0x60000000);
      put(out, static_cast<std::uint32_t>(body.size() + (whole ? 0 : 8)) << 16U | (whole ? 0x0640U : 0x2C40U));
      for (const auto end : {sender == 0 ? client : server, sender == 0 ? server : client})
        for (const auto part : {0x20010DB8U, 0U, 0U, end}) put(out, part);
      if (!whole) {
        put(out, 0x06000000U | static_cast<std::uint32_t>(offset) | (more ? 1U : 0U));
        put(out, id_);
      }
    } else {
      put(out, 0x45000000U | static_cast<std::uint32_t>(20 + body.size()));
      put(out, id_ << 16U | (more ? 0x2000U : 0U) | static_cast<std::uint32_t>(offset / 8));
      put(out, 0x40060000);
      put(out, sender == 0 ? client : server);
      put(out, sender == 0 ? server : client);
    }
    out.insert(out.end(), body.begin(), body.end());
    time_ += std::chrono::milliseconds(1);
    RawFrame raw;
    raw.time = time_;
    raw.number = ++number_;
    raw.link_type = 101;
    raw.bytes = out;
    raw.wire_length = out.size();
    worker_.process(raw);
  }

  PacketWorker& worker_;
  const bool ipv6_;
  std::uint32_t next_[2] = {0xFFFFFFC0, 0x7FFFFFF0};  // both wrap soon, each in its own way
  std::uint32_t id_ = 0;
  std::uint64_t number_ = 0;
  Time time_{std::chrono::hours(24)};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 4096) return 0;
  static FieldNames names;
  PacketOptions options;
  options.decode.checksums = ChecksumMode::ignore;
  options.stream.overlap_policy = static_cast<OverlapPolicy>(data[0] % 15);
  options.host_policies = {{*parse_network("0.0.0.0/0", HostBits::clear), options.stream.overlap_policy}};
  options.stream.midstream = (data[1] & 1U) != 0;
  options.stream.async_one_side = (data[1] & 2U) != 0;
  if ((data[1] & 4U) != 0) options.stream.depth = 512;
  if ((data[1] & 8U) != 0) options.stream.segments_most = 4;
  if ((data[1] & 16U) != 0) options.stream.memory_most = options.defragment.memory_most = 2048;
  Order order;
  Drop drop;
  PacketWorker worker(options, names, drop, {&order});
  Wire wire(worker, (data[1] & 32U) != 0);
  if ((data[1] & 64U) == 0) wire.handshake();
  ByteReader in(Bytes(data + 2, size - 2));
  while (in.remaining() >= 4) {
    const auto what = in.u8();
    const auto place = static_cast<std::int16_t>(in.u16());
    const std::size_t length = in.u8();
    if ((what & 0xC0U) == 0xC0) {
      wire.wait(what & 0x3FU);
      continue;
    }
    static constexpr std::uint8_t flags[] = {0x18, 0x10, 0x11, 0x14, 0x04, 0x02, 0x12, 0x30};
    wire.segment(what & 1U, place, flags[what >> 1U & 7U], in.take(std::min(length, in.remaining())), what >> 4U);
  }
  worker.finish();
  const auto& c = worker.counters();
  if (c.received != c.decoded + c.undecodable || c.flows != c.flows_ended || c.stream_bytes != order.bytes)
    std::abort();
  if (c.stream_memory != 0 || c.flow_memory != 0 || c.flows_active != 0) std::abort();
  return 0;
}
