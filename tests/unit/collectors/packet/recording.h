#pragma once
// Frames built by hand and a listener that writes down what the packet floor says, for the tests of this room.

#include <string>
#include <string_view>
#include <vector>

#include "collectors/packet/protocol/table.h"
#include "collectors/packet/worker.h"

namespace tocsin::collectors::testing {

inline void put16(std::vector<std::uint8_t>& out, std::uint32_t number) {
  out.push_back(static_cast<std::uint8_t>(number >> 8));
  out.push_back(static_cast<std::uint8_t>(number));
}
inline void put32(std::vector<std::uint8_t>& out, std::uint32_t number) {
  put16(out, number >> 16);
  put16(out, number & 0xFFFF);
}

struct Endpoint {
  std::uint32_t address = 0;
  std::uint16_t port = 0;
};
inline constexpr Endpoint client{0x0A000001, 40'000};
inline constexpr Endpoint server{0x0A000002, 80};

// IPv4 in Ethernet; checksums are left zero.
std::vector<std::uint8_t> ipv4_frame(std::uint32_t source, std::uint32_t destination, std::uint8_t protocol,
                                     const std::vector<std::uint8_t>& payload, std::uint16_t id = 1,
                                     std::uint16_t fragment = 0);
std::vector<std::uint8_t> udp_frame(Endpoint from, Endpoint to, std::string_view payload);

struct TcpSegment {
  Endpoint from;
  Endpoint to;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::uint8_t flags = 0;
  std::string_view payload = {};
  std::uint16_t window = 65'535;
};
std::vector<std::uint8_t> tcp_frame(const TcpSegment& segment);

// Keeps everything it is told.
class Listener final : public Observer {
 public:
  struct File {
    std::string name;
    std::string content;
    bool ended = false;
    bool truncated = false;
  };
  void on_flow_start(Flow& flow, const Packet& packet) override;
  void on_packet(const Packet& packet) override;
  void on_stream(const StreamChunk& chunk) override;
  void on_transaction(const TransactionUpdate& update) override;
  void on_file(const FileChunk& chunk) override;
  void on_flow_end(Flow& flow, FlowEnd why) override;

  // What a buffer held when it was last looked at, e.g. text["http.uri"].
  std::string text(std::string_view buffer) const;
  // By the packet that came last.
  bool raised(PacketEvent event) const { return last_events.test(static_cast<std::size_t>(event)); }

  std::bitset<packet_events_most> last_events;
  std::bitset<packet_events_most> flow_events;  // of flows that have ended
  std::vector<std::string> lines;               // in the order told
  std::string to_server;
  std::string to_client;
  std::uint64_t gaps = 0;
  std::vector<std::pair<std::string, std::string>> buffers;
  std::vector<File> files;
  std::uint64_t packets = 0;
  std::uint64_t flows_begun = 0;
  std::uint64_t flows_ended = 0;
};

class Records final : public RecordSink {
 public:
  explicit Records(const FieldNames& names) : names_(names) {}
  void on_records(EventBatch batch) override;
  std::vector<std::string> json;

 private:
  const FieldNames& names_;
};

// A worker with a listener, fed by hand.
class Bench {
 public:
  explicit Bench(PacketOptions options = {});
  void frame(const std::vector<std::uint8_t>& bytes);
  void tcp(const TcpSegment& segment) { frame(tcp_frame(segment)); }
  void later(Duration duration) { time_ += duration; }
  void handshake();  // client 1000, server 5000: the next bytes are 1001 and 5001
  // Payload of the client or the server, acknowledged at once by the other.
  void say(Direction direction, std::string_view payload);

  FieldNames names;
  Listener listener;
  Records records{names};
  PacketWorker worker;

 private:
  static PacketOptions relaxed(PacketOptions options);
  Time time_{std::chrono::seconds(1'700'000'000)};
  std::uint64_t number_ = 0;
  std::uint32_t next_[2] = {1001, 5001};
};

inline std::vector<std::uint8_t> ipv4_frame(std::uint32_t source, std::uint32_t destination, std::uint8_t protocol,
                                            const std::vector<std::uint8_t>& payload, std::uint16_t id,
                                            std::uint16_t fragment) {
  std::vector<std::uint8_t> out{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0};
  put16(out, static_cast<std::uint32_t>(20 + payload.size()));
  put16(out, id);
  put16(out, fragment);
  out.push_back(64);
  out.push_back(protocol);
  put16(out, 0);
  put32(out, source);
  put32(out, destination);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

inline std::vector<std::uint8_t> udp_frame(Endpoint from, Endpoint to, std::string_view payload) {
  std::vector<std::uint8_t> body;
  put16(body, from.port);
  put16(body, to.port);
  put16(body, static_cast<std::uint32_t>(8 + payload.size()));
  put16(body, 0);
  body.insert(body.end(), payload.begin(), payload.end());
  return ipv4_frame(from.address, to.address, 17, body);
}

inline std::vector<std::uint8_t> tcp_frame(const TcpSegment& segment) {
  std::vector<std::uint8_t> body;
  put16(body, segment.from.port);
  put16(body, segment.to.port);
  put32(body, segment.sequence);
  put32(body, segment.acknowledgement);
  body.push_back(0x50);
  body.push_back(segment.flags);
  put16(body, segment.window);
  put32(body, 0);
  body.insert(body.end(), segment.payload.begin(), segment.payload.end());
  return ipv4_frame(segment.from.address, segment.to.address, 6, body);
}

inline void Listener::on_flow_start(Flow&, const Packet&) {
  ++flows_begun;
  lines.emplace_back("flow start");
}
inline void Listener::on_packet(const Packet& packet) {
  ++packets;
  last_events = packet.events;
}

inline void Listener::on_stream(const StreamChunk& chunk) {
  auto& text = chunk.direction == Direction::to_server ? to_server : to_client;
  text.append(as_text(chunk.bytes));
  EXPECT_TRUE(chunk.end || !chunk.bytes.empty());
  gaps += chunk.gap;
  if (chunk.end) lines.emplace_back(chunk.direction == Direction::to_server ? "end to_server" : "end to_client");
}

inline void Listener::on_transaction(const TransactionUpdate& update) {
  for (const auto rows : buffer_tables()) {
    for (const auto& row : rows) {
      if (row.protocol != update.transaction.protocol) continue;
      for (std::uint32_t i = 0; i < 8; ++i) {
        const auto found = update.transaction.buffer(row.buffer, update.direction, i);
        if (!found) break;
        buffers.emplace_back(row.name, as_text(*found));
      }
    }
  }
}

inline void Listener::on_file(const FileChunk& chunk) {
  if (files.size() <= chunk.id) files.resize(chunk.id + 1);
  File& file = files[chunk.id];
  file.name = chunk.name;
  file.content.append(as_text(chunk.bytes));
  file.ended |= chunk.end;
  file.truncated |= chunk.truncated;
}

inline void Listener::on_flow_end(Flow& flow, FlowEnd) {
  flow_events |= flow.events;
  ++flows_ended;
  lines.emplace_back("flow end");
}

inline std::string Listener::text(std::string_view buffer) const {
  for (auto at = buffers.rbegin(); at != buffers.rend(); ++at)
    if (at->first == buffer) return at->second;
  return "<none>";
}

inline void Records::on_records(EventBatch batch) {
  for (const auto& event : batch.events()) {
    std::string line;
    JsonWriter writer(line);
    append_json(writer, event, names_);
    json.push_back(std::move(line));
  }
}

inline PacketOptions Bench::relaxed(PacketOptions options) {
  options.decode.checksums = ChecksumMode::ignore;
  options.identity = options.source = "test";
  return options;
}

inline Bench::Bench(PacketOptions options) : worker(relaxed(std::move(options)), names, records, {&listener}) {}

inline void Bench::frame(const std::vector<std::uint8_t>& bytes) {
  RawFrame raw;
  raw.time = time_;
  raw.number = ++number_;
  raw.link_type = 1;
  raw.wire_length = bytes.size();
  raw.bytes = bytes;
  worker.process(raw);
  time_ += std::chrono::milliseconds(1);
}

inline void Bench::handshake() {
  tcp({client, server, 1000, 0, tcp_flag::syn});
  tcp({server, client, 5000, 1001, tcp_flag::syn | tcp_flag::ack});
  tcp({client, server, 1001, 5001, tcp_flag::ack});
}

inline void Bench::say(Direction direction, std::string_view payload) {
  const bool up = direction == Direction::to_server;
  auto& mine = next_[up ? 0 : 1];
  const auto other = next_[up ? 1 : 0];
  tcp({up ? client : server, up ? server : client, mine, other, tcp_flag::ack | tcp_flag::psh, payload});
  mine += static_cast<std::uint32_t>(payload.size());
  tcp({up ? server : client, up ? client : server, other, mine, tcp_flag::ack});
}

}  // namespace tocsin::collectors::testing
