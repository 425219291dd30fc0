#include "collectors/packet/capture/recent.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace tocsin::collectors {
namespace {

RawFrame frame_of(std::uint64_t number, Bytes bytes) {
  RawFrame frame;
  frame.time = Time{std::chrono::seconds(1'000) + std::chrono::nanoseconds(number)};
  frame.number = number;
  frame.link_type = 1;
  frame.wire_length = bytes.size();
  frame.bytes = bytes;
  return frame;
}

TEST(RecentFrames, keeps_a_flow_apart_from_its_neighbours) {
  RecentFrames recent(1U << 20);
  std::map<int, std::uint64_t> chains;
  for (std::uint64_t i = 1; i <= 90; ++i) {
    const std::string text = "frame " + std::to_string(i);
    chains[static_cast<int>(i % 3)] =
        recent.link(recent.push(frame_of(i, as_bytes(text))), chains[static_cast<int>(i % 3)]);
  }
  std::uint64_t expected = 88;
  for (auto at = chains[1]; at != 0;) {
    const auto frame = recent.at(at);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->number, expected);
    EXPECT_EQ(as_text(frame->bytes), "frame " + std::to_string(expected));
    expected -= 3;
    at = frame->previous;
  }
  EXPECT_EQ(expected + 3, 1U);
}

TEST(RecentFrames, what_was_overwritten_is_never_given) {
  RecentFrames recent(RecentFrames::bytes_least);
  std::uint64_t chain = 0;
  std::vector<std::uint8_t> bytes(700);
  for (std::uint64_t i = 1; i <= 10'000; ++i) {
    std::fill(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(i));
    bytes.resize(60 + i % 1400, static_cast<std::uint8_t>(i));
    chain = recent.link(recent.push(frame_of(i, bytes)), chain);
  }
  std::uint64_t number = 10'000;
  std::size_t held = 0;
  auto at = chain;
  for (auto frame = recent.at(at); frame; frame = recent.at(at)) {
    EXPECT_EQ(frame->number, number);
    for (const auto byte : frame->bytes) ASSERT_EQ(byte, static_cast<std::uint8_t>(number));
    held += frame->bytes.size();
    at = frame->previous;
    --number;
  }
  EXPECT_NE(at, 0U);  // the chain goes on, its frames are gone
  EXPECT_GT(held, RecentFrames::bytes_least / 2);
  EXPECT_LE(held, RecentFrames::bytes_least);
}

TEST(RecentFrames, one_frame_may_be_in_several_chains) {
  RecentFrames recent(1U << 20);
  const std::string text = "carries another";
  const auto outer_before = recent.link(recent.push(frame_of(1, as_bytes("a"))), 0);
  const auto inner_before = recent.link(recent.push(frame_of(2, as_bytes("b"))), 0);
  const auto position = recent.push(frame_of(3, as_bytes(text)));
  const auto outer = recent.link(position, outer_before);
  const auto inner = recent.link(position, inner_before);
  EXPECT_NE(outer, inner);
  EXPECT_EQ(as_text(recent.at(outer)->bytes), text);
  EXPECT_EQ(as_text(recent.at(inner)->bytes), text);
  EXPECT_EQ(recent.at(outer)->previous, outer_before);
  EXPECT_EQ(recent.at(inner)->previous, inner_before);
}

TEST(RecentFrames, a_tag_the_card_took_off_is_in_again) {
  RecentFrames recent(1U << 20);
  const std::vector<std::uint8_t> bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x00, 0x45};
  auto frame = frame_of(1, bytes);
  frame.vlan_tci = 0x2064;
  const auto kept = recent.at(recent.link(recent.push(frame), 0));
  ASSERT_TRUE(kept);
  const std::vector<std::uint8_t> expected{1,  2,  3,    4,    5,    6,    7,    8,    9,   10,
                                           11, 12, 0x81, 0x00, 0x20, 0x64, 0x08, 0x00, 0x45};
  EXPECT_TRUE(std::ranges::equal(kept->bytes, expected));
  EXPECT_EQ(kept->wire_length, 19U);
}

TEST(RecentFrames, the_huge_and_the_empty_are_held_too) {
  RecentFrames recent(RecentFrames::bytes_least);
  const std::vector<std::uint8_t> huge(300'000, 7);
  const auto cut = recent.at(recent.link(recent.push(frame_of(1, huge)), 0));
  ASSERT_TRUE(cut);
  EXPECT_LT(cut->bytes.size(), RecentFrames::bytes_least / 8);
  EXPECT_EQ(cut->wire_length, 300'000U);
  EXPECT_TRUE(recent.at(recent.link(recent.push(frame_of(2, {})), 0))->bytes.empty());
  EXPECT_FALSE(recent.at(0));
  EXPECT_FALSE(recent.at(1U << 30));
  EXPECT_EQ(recent.link(1U << 30, 0), 0U);
}

TEST(RecentFrames, all_frames_are_walked_backwards_whatever_chains_they_are_in) {
  RecentFrames recent(RecentFrames::bytes_least);
  EXPECT_EQ(recent.newest(), 0U);
  std::uint64_t one = 0;
  std::uint64_t other = 0;
  std::vector<std::uint8_t> bytes;
  for (std::uint64_t i = 1; i <= 5'000; ++i) {
    bytes.assign(60 + i % 700, static_cast<std::uint8_t>(i));
    const auto at = recent.push(frame_of(i, bytes));
    one = recent.link(at, one);
    if (i % 3 == 0) other = recent.link(at, other);  // its mark lies between the frames
    std::uint64_t number = i;
    std::size_t held = 0;
    for (auto walked = recent.newest(); walked != 0 && held < 20; walked = recent.before(walked), ++held)
      ASSERT_EQ(recent.at(walked)->number, number--);
  }
  std::uint64_t number = 5'000;
  auto walked = recent.newest();
  for (; walked != 0; walked = recent.before(walked)) {
    const auto frame = recent.at(walked);
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->number, number--);
    for (const auto byte : frame->bytes) ASSERT_EQ(byte, static_cast<std::uint8_t>(frame->number));
  }
  EXPECT_GT(5'000 - number, 50U);
  EXPECT_GT(number, 0U);  // the oldest are gone
}

}  // namespace
}  // namespace tocsin::collectors
