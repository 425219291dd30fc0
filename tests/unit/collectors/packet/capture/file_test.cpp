#include "collectors/packet/capture/file.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

namespace tocsin::collectors {
namespace {

enum class Order { little, big };

void put(std::string& out, std::uint64_t number, std::size_t width, Order order) {
  for (std::size_t i = 0; i < width; ++i)
    out += static_cast<char>(number >> (8 * (order == Order::little ? i : width - 1 - i)));
}

std::string pcap(Order order, std::uint32_t magic, const std::vector<std::string>& frames) {
  std::string out;
  put(out, magic, 4, order);
  put(out, 2, 2, order);
  put(out, 4, 2, order);
  put(out, 0, 8, order);
  put(out, 65'535, 4, order);
  put(out, 1, 4, order);
  for (const auto& frame : frames) {
    put(out, 1'700'000'000, 4, order);
    put(out, 123'456, 4, order);
    put(out, frame.size(), 4, order);
    put(out, frame.size() + 10, 4, order);
    out += frame;
  }
  return out;
}

std::string block(Order order, std::uint32_t type, std::string body) {
  while (body.size() % 4 != 0) body += '\0';
  std::string out;
  put(out, type, 4, order);
  put(out, body.size() + 12, 4, order);
  out += body;
  put(out, body.size() + 12, 4, order);
  return out;
}

std::string pcapng(Order order) {
  std::string section;
  put(section, 0x1a2b3c4d, 4, order);
  put(section, 1, 2, order);
  put(section, 0, 2, order);
  put(section, ~0ULL, 8, order);
  std::string out = block(order, 0x0a0d0d0a, section);
  for (const std::uint32_t link : {1U, 101U}) {
    std::string interface;
    put(interface, link, 2, order);
    put(interface, 0, 2, order);
    put(interface, 0, 4, order);
    put(interface, 9, 2, order);  // if_tsresol
    put(interface, 1, 2, order);
    interface += link == 1 ? '\x09' : '\x06';
    interface += std::string(3, '\0');
    put(interface, 0, 4, order);
    out += block(order, 1, interface);
  }
  const std::uint64_t nano = 1'700'000'000'123'456'789ULL;
  for (const std::uint32_t number : {0U, 1U}) {
    const std::uint64_t ticks = number == 0 ? nano : nano / 1000;
    std::string packet;
    put(packet, number, 4, order);
    put(packet, ticks >> 32, 4, order);
    put(packet, ticks & 0xFFFFFFFF, 4, order);
    put(packet, 5, 4, order);
    put(packet, 9, 4, order);
    packet += "hello";
    out += block(order, 6, packet);
  }
  return out;
}

struct Read {
  std::vector<std::string> frames;
  std::vector<RawFrame> raw;
  CaptureStatus status;
};

Read read_all(const std::string& bytes) {
  Read result;
  auto file = CaptureFile::open(source_from_memory(as_bytes(bytes)));
  EXPECT_TRUE(file.has_value());
  if (!file) return result;
  RawFrame frame;
  for (;;) {
    const auto more = file->next(frame);
    EXPECT_TRUE(more.has_value());
    if (!more || !*more) break;
    result.frames.emplace_back(as_text(frame.bytes));
    result.raw.push_back(frame);
  }
  result.status = file->status();
  return result;
}

TEST(CaptureFile, BothByteOrdersAndBothResolutions) {
  for (const auto order : {Order::little, Order::big}) {
    const auto micro = read_all(pcap(order, 0xa1b2c3d4, {"one", "second"}));
    EXPECT_EQ(micro.frames, (std::vector<std::string>{"one", "second"}));
    EXPECT_EQ(micro.raw[1].number, 2U);
    EXPECT_EQ(micro.raw[1].wire_length, 16U);
    EXPECT_EQ(render_time(micro.raw[0].time), "2023-11-14T22:13:20.123456Z");
    EXPECT_FALSE(micro.status.truncated);
    const auto nano = read_all(pcap(order, 0xa1b23c4d, {"one"}));
    EXPECT_EQ(render_time(nano.raw[0].time), "2023-11-14T22:13:20.000123456Z");
  }
}

TEST(CaptureFile, PcapngWithMixedInterfaces) {
  for (const auto order : {Order::little, Order::big}) {
    const auto read = read_all(pcapng(order));
    ASSERT_EQ(read.frames, (std::vector<std::string>{"hello", "hello"}));
    EXPECT_EQ(read.raw[0].link_type, 1U);
    EXPECT_EQ(read.raw[1].link_type, 101U);
    EXPECT_EQ(render_time(read.raw[0].time), "2023-11-14T22:13:20.123456789Z");
    EXPECT_EQ(render_time(read.raw[1].time), "2023-11-14T22:13:20.123456Z");
  }
}

TEST(CaptureFile, EveryCutGivesWhatIsBeforeIt) {
  for (const auto& whole : {pcap(Order::little, 0xa1b2c3d4, {"one", "second"}), pcapng(Order::little)}) {
    for (std::size_t size = 28; size < whole.size(); ++size) {
      auto file = CaptureFile::open(source_from_memory(as_bytes(std::string_view(whole).substr(0, size))));
      ASSERT_TRUE(file.has_value());
      RawFrame frame;
      std::size_t frames = 0;
      while (file->next(frame).value()) ++frames;
      EXPECT_LE(frames, 2U);
      EXPECT_EQ(file->status().truncated, !file->status().message.empty());
    }
  }
  EXPECT_TRUE(read_all(pcap(Order::little, 0xa1b2c3d4, {"one"}) + "xx").status.truncated);
}

TEST(CaptureFile, HugeClaimsEndTheCapture) {
  auto bytes = pcap(Order::little, 0xa1b2c3d4, {"one"});
  std::string record;
  put(record, 1, 4, Order::little);
  put(record, 1, 4, Order::little);
  put(record, 0xFFFFFFF0, 4, Order::little);
  put(record, 0xFFFFFFF0, 4, Order::little);
  const auto read = read_all(bytes + record);
  EXPECT_EQ(read.frames.size(), 1U);
  EXPECT_TRUE(read.status.truncated);
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstandard(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

TEST(CaptureFile, CompressedInputIsInflated) {
  const auto plain = pcap(Order::little, 0xa1b2c3d4, std::vector<std::string>(500, std::string(900, 'x')));
  EXPECT_EQ(read_all(gzip(plain)).frames.size(), 500U);
  EXPECT_EQ(read_all(zstandard(plain)).frames.size(), 500U);
  EXPECT_EQ(read_all(gzip(plain.substr(0, 24 + 916)) + gzip(plain.substr(24 + 916))).frames.size(), 500U);
  const auto packed = gzip(plain);
  const auto cut = read_all(packed.substr(0, packed.size() / 2));
  EXPECT_TRUE(cut.status.truncated);
  EXPECT_GT(cut.frames.size(), 0U);
}

TEST(CaptureFile, InflationIsBounded) {
  const auto packed =
      zstandard(pcap(Order::little, 0xa1b2c3d4, std::vector<std::string>(2'000, std::string(60'000, 'x'))));
  auto file = CaptureFile::open(source_from_memory(as_bytes(packed)), 1 << 20);
  ASSERT_TRUE(file.has_value());
  RawFrame frame;
  std::size_t frames = 0;
  while (file->next(frame).value()) ++frames;
  EXPECT_LT(frames, 20U);
  EXPECT_TRUE(file->status().truncated);
}

TEST(CaptureFile, OtherFilesAreRefused) {
  EXPECT_FALSE(CaptureFile::open(source_from_memory(as_bytes("Nov 22 15:47:01 host sshd[1]: hello"))).has_value());
  EXPECT_FALSE(CaptureFile::open(source_from_memory({})).has_value());
  EXPECT_TRUE(is_capture(as_bytes(pcapng(Order::big))));
  EXPECT_FALSE(is_capture(as_bytes("abcdef")));
}

}  // namespace
}  // namespace tocsin::collectors
