#include "collectors/packet/flow/quiet.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace tocsin::collectors {
namespace {

constexpr Duration wait = std::chrono::milliseconds(20);
Time at(int milliseconds) { return Time{std::chrono::seconds(1'000) + std::chrono::milliseconds(milliseconds)}; }

TEST(QuietFlows, comes_up_once_the_wait_is_over) {
  QuietFlows quiet(wait);
  FlowEntry flow;
  EXPECT_EQ(quiet.next_due(), Time::max());
  quiet.add(flow, at(0));
  EXPECT_EQ(quiet.next_due(), at(20));
  EXPECT_EQ(quiet.take_due(at(19)), nullptr);
  EXPECT_EQ(quiet.take_due(at(20)), &flow);
  EXPECT_EQ(quiet.take_due(at(1000)), nullptr);
}

TEST(QuietFlows, more_bytes_begin_the_wait_anew) {
  QuietFlows quiet(wait);
  FlowEntry flow;
  FlowEntry other;
  quiet.add(flow, at(0));
  quiet.add(other, at(5));
  quiet.add(flow, at(15));
  quiet.add(flow, at(15));
  EXPECT_EQ(quiet.take_due(at(30)), &other);
  EXPECT_EQ(quiet.take_due(at(30)), nullptr);
  EXPECT_EQ(quiet.take_due(at(35)), &flow);
  EXPECT_EQ(quiet.take_due(at(99)), nullptr);
}

TEST(QuietFlows, a_flow_that_ended_does_not_come_up) {
  QuietFlows quiet(wait);
  FlowEntry flow;
  quiet.add(flow, at(0));
  flow.quiet_since = Time{};
  EXPECT_EQ(quiet.take_due(at(100)), nullptr);
}

TEST(QuietFlows, many_are_remembered_in_order) {
  QuietFlows quiet(wait);
  std::vector<std::unique_ptr<FlowEntry>> flows;
  for (int i = 0; i < 5'000; ++i) {
    flows.push_back(std::make_unique<FlowEntry>());
    quiet.add(*flows.back(), at(i));
    if (i >= 3'000) {
      EXPECT_EQ(quiet.take_due(at(i)), flows[static_cast<std::size_t>(i) - 3'000].get());
    }
  }
  for (int i = 2'000; i < 5'000; ++i) EXPECT_EQ(quiet.take_due(at(6'000)), flows[static_cast<std::size_t>(i)].get());
  EXPECT_EQ(quiet.take_due(at(6'000)), nullptr);
}

}  // namespace
}  // namespace tocsin::collectors
