// rooms: packet signature
// Traffic made to be expensive, at growing sizes: the time a byte must not grow with it. The shipped signatures look
// on. compare.py prints nanoseconds a byte on the wire at the largest size, and how they grew from the smallest.
//   TOCSIN_RULES=DIR   these signatures instead

#include <zlib.h>

#include "collectors/packet/worker.h"
#include "rules/signature/rule_set.h"
#include "tests/bench/capture_material.h"
#include "tests/bench/material.h"

namespace tocsin::bench {
namespace {

using collectors::tcp_flag::ack;
using collectors::tcp_flag::syn;

// One connection, or what pretends to be one, written frame by frame.
class Wire {
 public:
  void handshake(std::uint16_t port) {
    port_ = port;
    tcp(true, 999, 0, syn, {});
    tcp(false, 4999, 1000, syn | ack, {});
    tcp(true, 1000, 5000, ack, {});
    next_[0] = 1000;
    next_[1] = 5000;
  }
  // In order, acknowledged.
  void say(bool up, std::string_view payload, std::size_t most = 1400) {
    auto& mine = next_[up ? 0 : 1];
    for (; !payload.empty(); payload.remove_prefix(std::min(most, payload.size()))) {
      const auto piece = payload.substr(0, most);
      tcp(up, mine, next_[up ? 1 : 0], ack, piece);
      mine += static_cast<std::uint32_t>(piece.size());
      tcp(!up, next_[up ? 1 : 0], mine, ack, {});
    }
  }
  // At `offset` of what the client still has to say.
  void piece(std::uint32_t offset, std::string_view payload) { tcp(true, next_[0] + offset, next_[1], ack, payload); }

  void fragment(std::uint16_t id, std::uint32_t offset, bool more, std::string_view payload) {
    std::vector<std::uint8_t> ip;
    const auto field = static_cast<std::uint16_t>((more ? 0x2000U : 0U) | (offset / 8));
    header(ip, true, 17, payload.size(), id, field);
    ip.insert(ip.end(), payload.begin(), payload.end());
    add(ip);
  }

  Capture capture;

 private:
  static void put(std::vector<std::uint8_t>& out, std::uint64_t value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  static void header(std::vector<std::uint8_t>& out, bool up, std::uint8_t protocol, std::size_t payload,
                     std::uint16_t id, std::uint16_t fragment) {
    out = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0};
    put(out, 20 + payload, 2);
    put(out, id, 2);
    put(out, fragment, 2);
    out.push_back(64);
    out.push_back(protocol);
    put(out, 0, 2);
    put(out, up ? 0x0A000001 : 0x0A000002, 4);
    put(out, up ? 0x0A000002 : 0x0A000001, 4);
  }
  void tcp(bool up, std::uint32_t sequence, std::uint32_t acknowledgement, std::uint8_t flags,
           std::string_view payload) {
    std::vector<std::uint8_t> out;
    header(out, up, 6, 20 + payload.size(), ++id_, 0);
    put(out, up ? 40'000 : port_, 2);
    put(out, up ? port_ : 40'000, 2);
    put(out, sequence, 4);
    put(out, acknowledgement, 4);
    put(out, 0x5000U | flags, 2);
    put(out, 65'535, 2);
    put(out, 0, 4);
    out.insert(out.end(), payload.begin(), payload.end());
    add(out);
  }
  void add(const std::vector<std::uint8_t>& bytes) {
    collectors::RawFrame frame;
    frame.time = time_ += std::chrono::microseconds(50);
    frame.link_type = 1;
    frame.wire_length = bytes.size();
    frame.bytes = bytes;
    capture.add(frame);
  }

  Time time_{std::chrono::seconds(1'700'000'000)};
  std::uint16_t port_ = 80;
  std::uint16_t id_ = 0;
  std::uint32_t next_[2] = {};
};

std::string some_text(std::size_t size) {
  std::string out(size, 'a');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + i * 7 % 26);
  return out;
}

std::string zeros_in_gzip(std::size_t size) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  const std::string zeros(size, '\0');
  std::string out(deflateBound(&stream, size), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(zeros.data()));  // NOLINT: zlib's interface
  stream.avail_in = static_cast<uInt>(zeros.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

const std::string post = "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\n";

void segments_of_one_byte(Wire& wire, std::size_t size) {
  wire.handshake(80);
  wire.say(true, post);
  wire.say(true, some_text(size), 1);
}

// The first byte comes last: everything else waits, each before what is there already.
void everything_backwards(Wire& wire, std::size_t size) {
  wire.handshake(80);
  const auto text = post + some_text(size);
  for (std::size_t at = text.size() / 8; at-- > 0;)
    wire.piece(static_cast<std::uint32_t>(at * 8), std::string_view(text).substr(at * 8, 8));
}

// Each segment says most of what the last one said, differently.
void overlaps(Wire& wire, std::size_t size) {
  wire.handshake(80);
  wire.say(true, post);
  const auto text = some_text(1400);
  for (std::size_t at = 0; at + 1400 < size; at += 8) wire.piece(static_cast<std::uint32_t>(at) + 1, text);
}

void holes(Wire& wire, std::size_t size) {
  wire.handshake(80);
  for (std::size_t at = 0; at < size; at += 16) wire.piece(static_cast<std::uint32_t>(at) + 8, "12345678");
}

void headers(Wire& wire, std::size_t size) {
  wire.handshake(80);
  std::string text = "GET / HTTP/1.1\r\n";
  for (std::size_t i = 0; text.size() < size; ++i) text += "X-" + std::to_string(i) + ": a\r\n";
  wire.say(true, text + "\r\n");
}

void requests_without_answers(Wire& wire, std::size_t size) {
  wire.handshake(80);
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  wire.say(true, text);
}

void gzip_bomb(Wire& wire, std::size_t size) {
  wire.handshake(80);
  wire.say(true, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto body = zeros_in_gzip(size * 1000);
  wire.say(false, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(body.size()) +
                      "\r\n\r\n" + body);
}

void mime_in_mime(Wire& wire, std::size_t size) {
  wire.handshake(25);
  wire.say(false, "220 h\r\n");
  wire.say(true, "EHLO h\r\n");
  wire.say(false, "250 h\r\n");
  wire.say(true, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
  wire.say(false, "250 ok\r\n250 ok\r\n354 go\r\n");
  std::string text = "From: a\r\n";
  for (std::size_t i = 0; text.size() < size; ++i) {
    const auto boundary = "b" + std::to_string(i);
    text += "Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\r\n\r\n--" + boundary + "\r\n";
  }
  wire.say(true, text + "\r\n.\r\n");
}

// Pieces of ever new datagrams under the same few numbers; none becomes whole.
void fragments_that_never_end(Wire& wire, std::size_t size) {
  const auto text = some_text(8);
  for (std::size_t i = 0; i * 8 < size; ++i)
    wire.fragment(static_cast<std::uint16_t>(i % 4), static_cast<std::uint32_t>(8 + i * 16 % 60'000), true, text);
}

class Discard final : public collectors::RecordSink {
 public:
  void on_records(EventBatch) override {}
};

void run(benchmark::State& state, void (*make)(Wire&, std::size_t)) {
  static const Loaded loaded = [] {
    const auto given = folder_from("TOCSIN_RULES");
    const auto sources = rule_sources(given.empty() ? source_folder / "rules/packs" : given, {".rules"});
    return load([&](Diagnostics& d) { return rules::signature::compile_signatures(sources, {}, d); });
  }();
  Wire wire;
  make(wire, static_cast<std::size_t>(state.range(0)));
  const auto frames = wire.capture.frames();
  AlertDesk desk;
  for (auto _ : state) {
    FieldNames names;
    Discard sink;
    auto shared = loaded.set->make_state();
    auto detector = loaded.set->attach(rules::WorkerContext{names, 0, 1, "bench", Exercise::no}, *shared);
    collectors::PacketOptions options;
    options.source = options.identity = options.host = "bench";
    options.decode.checksums = collectors::ChecksumMode::ignore;
    collectors::PacketWorker worker(options, names, sink, {detector->observer(desk)});
    for (const auto& frame : frames) worker.process(frame);
    worker.finish();
    desk.decide(*shared);
  }
  const auto bytes = static_cast<double>(wire.capture.bytes.size()) * static_cast<double>(state.iterations());
  state.counters["seconds_per_byte"] =
      benchmark::Counter(bytes, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes"] = static_cast<double>(wire.capture.bytes.size());
}

#define TOCSIN_ADVERSARY(name) \
  BENCHMARK_CAPTURE(run, name, name)->RangeMultiplier(8)->Range(1 << 14, 1 << 20)->Unit(benchmark::kMillisecond)
TOCSIN_ADVERSARY(segments_of_one_byte);
TOCSIN_ADVERSARY(everything_backwards);
TOCSIN_ADVERSARY(overlaps);
TOCSIN_ADVERSARY(holes);
TOCSIN_ADVERSARY(headers);
TOCSIN_ADVERSARY(requests_without_answers);
TOCSIN_ADVERSARY(gzip_bomb);
TOCSIN_ADVERSARY(mime_in_mime);
TOCSIN_ADVERSARY(fragments_that_never_end);

}  // namespace
}  // namespace tocsin::bench
