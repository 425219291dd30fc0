#include "collectors/packet/capture/pcapng.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "collectors/base/byte_source.h"
#include "collectors/packet/capture/file.h"

namespace tocsin::collectors {
namespace {

using Section = std::vector<std::uint8_t>;

Time at(std::int64_t nanoseconds) { return Time{std::chrono::seconds(1'795'338'000)} + Duration(nanoseconds); }

struct Frame {
  Time time;
  std::uint32_t link_type;
  std::string bytes;
};

std::vector<Frame> read(const Section& section) {
  std::vector<Frame> out;
  auto file = CaptureFile::open(source_from_memory(section));
  EXPECT_TRUE(file);
  RawFrame frame;
  while (file->next(frame).value_or(false))
    out.push_back({frame.time, frame.link_type, std::string(as_text(frame.bytes))});
  EXPECT_FALSE(file->status().truncated) << file->status().message;
  return out;
}

Section section_of(std::uint32_t link_type, std::initializer_list<std::pair<int, std::string>> packets) {
  PcapngWriter writer("a section");
  const auto interface = writer.interface(link_type, "eth0", "community_id 1:abc= flow.id 7");
  for (const auto& [time, text] : packets)
    writer.packet(interface, at(time), static_cast<std::uint32_t>(text.size()), as_bytes(text), "says something");
  return writer.take();
}

TEST(Pcapng, what_is_written_is_read_again) {
  const auto frames = read(section_of(101, {{1, "one"}, {2, "two!"}, {1'999'999'999, ""}}));
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].bytes, "one");
  EXPECT_EQ(frames[0].time, at(1));
  EXPECT_EQ(frames[1].bytes, "two!");
  EXPECT_EQ(frames[2].time, at(1'999'999'999));
  EXPECT_EQ(frames[0].link_type, 101U);
}

TEST(Pcapng, merged_in_the_order_of_time_each_with_its_interface) {
  const auto first = section_of(1, {{10, "a"}, {30, "c"}});
  const auto second = section_of(101, {{20, "b"}, {40, "d"}});
  const Bytes sections[] = {first, second};
  const auto merged = merge_captures(sections, "incident INC-1");
  EXPECT_EQ(merged.packets, 4U);
  EXPECT_EQ(merged.damaged, 0U);
  std::string order;
  for (const auto& frame : read(merged.bytes)) {
    order += frame.bytes;
    EXPECT_EQ(frame.link_type, frame.bytes == "a" || frame.bytes == "c" ? 1U : 101U);
  }
  EXPECT_EQ(order, "abcd");
  EXPECT_NE(as_text(merged.bytes).find("incident INC-1"), std::string_view::npos);
  EXPECT_NE(as_text(merged.bytes).find("says something"), std::string_view::npos);
}

TEST(Pcapng, one_packet_of_two_flows_is_written_once) {
  const auto outer = section_of(1, {{10, "tunnel"}, {11, "more"}});
  const auto inner = section_of(1, {{10, "tunnel"}, {12, "more"}});
  const Bytes sections[] = {outer, inner};
  const auto merged = merge_captures(sections, "");
  EXPECT_EQ(merged.packets, 3U);
  EXPECT_EQ(merged.repeated, 1U);
}

TEST(Pcapng, a_damaged_section_gives_what_is_whole) {
  const auto good = section_of(1, {{10, "first"}, {20, "second"}});
  for (std::size_t length = 0; length < good.size(); ++length) {
    const Bytes sections[] = {Bytes(good).first(length)};
    const auto merged = merge_captures(sections, "");
    EXPECT_EQ(read(merged.bytes).size(), merged.packets);
  }
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] ^= 0xFF;
    const Bytes sections[] = {bad, good};
    EXPECT_GE(merge_captures(sections, "").packets, 1U);
  }
}

TEST(Pcapng, texts_are_cut_where_the_format_ends) {
  PcapngWriter writer(std::string(70'000, 'x'));
  writer.packet(writer.interface(1, "", ""), at(1), 1, as_bytes("y"), std::string(70'000, 'z'));
  EXPECT_EQ(read(writer.take()).size(), 1U);
}

}  // namespace
}  // namespace tocsin::collectors
