#include "daemon/app/live/capture_watch.h"

#include <gtest/gtest.h>

namespace tocsin::daemon {
namespace {

Time at(int seconds) { return Time{std::chrono::seconds(1'800'000'000 + seconds)}; }

CaptureTotals lost(LossCause cause, std::uint64_t count) {
  CaptureTotals out;
  out.lost[static_cast<std::size_t>(cause)] = count;
  return out;
}

const CaptureWatch::Row& row_of(const std::vector<CaptureWatch::Row>& rows, LossCause cause) {
  return rows[static_cast<std::size_t>(cause)];
}

TEST(CaptureWatch, losses_stand_in_the_second_they_happened_in) {
  Metrics metrics;
  CaptureWatch watch(metrics);
  watch.tell(0, "eth0", lost(LossCause::ring, 10), at(0));
  watch.tell(1, "eth0", lost(LossCause::ring, 5), at(0));
  watch.tell(0, "eth0", lost(LossCause::ring, 17), at(30));
  auto rows = watch.rows(at(31));
  EXPECT_EQ(row_of(rows, LossCause::ring).last_second, 7U);
  EXPECT_EQ(row_of(rows, LossCause::ring).last_minute, 22U);
  EXPECT_EQ(row_of(rows, LossCause::ring).total, 22U);
  EXPECT_EQ(row_of(rows, LossCause::ring).worst, "eth0");
  EXPECT_EQ(row_of(rows, LossCause::flows).total, 0U);
  rows = watch.rows(at(75));
  EXPECT_EQ(row_of(rows, LossCause::ring).last_second, 0U);
  EXPECT_EQ(row_of(rows, LossCause::ring).last_minute, 7U);
  EXPECT_EQ(row_of(watch.rows(at(500)), LossCause::ring).last_minute, 0U);
  EXPECT_NE(metrics.render_openmetrics().find("cause=\"ring\",counts=\"packets\"} 22"), std::string::npos);
}

TEST(CaptureWatch, drops_of_the_interface_count_from_when_it_is_watched) {
  Metrics metrics;
  CaptureWatch watch(metrics);
  watch.tell_interface("eth0", 1'000, at(0));
  watch.tell_interface("eth0", 1'004, at(1));
  watch.tell_interface("eth0", 3, at(2));  // begun anew
  EXPECT_EQ(row_of(watch.rows(at(2)), LossCause::interface).total, 4U);
}

TEST(CaptureWatch, a_one_sided_mirror_is_noticed_once_and_forgotten_when_it_is_mended) {
  Metrics metrics;
  CaptureWatch watch(metrics);
  CaptureTotals totals;
  totals.judged = totals.one_sided = 19;
  EXPECT_TRUE(watch.tell(0, "eth0", totals, at(0)).empty());  // too few to tell
  totals.judged = totals.one_sided = 30;
  const auto begun = watch.tell(0, "eth0", totals, at(1));
  ASSERT_EQ(begun.size(), 1U);
  EXPECT_EQ(begun[0].kind, "one-sided");
  totals.judged = totals.one_sided = 60;
  EXPECT_TRUE(watch.tell(0, "eth0", totals, at(2)).empty());
  EXPECT_EQ(watch.notices().size(), 1U);
  EXPECT_EQ(watch.notices()[0].since, at(1));
  totals.judged = 100;
  totals.one_sided = 61;
  watch.tell(0, "eth0", totals, at(3));
  EXPECT_TRUE(watch.notices().empty());
}

TEST(CaptureWatch, frames_longer_than_the_mtu_are_said) {
  Metrics metrics;
  CaptureWatch watch(metrics);
  CaptureTotals totals;
  totals.frames = 100;
  totals.oversize = 1;
  totals.checksum_pending = 3;
  EXPECT_EQ(watch.tell(0, "eth0", totals, at(0)).size(), 2U);
  // Ordinary on a host that watches its own traffic.
  EXPECT_EQ(watch.notices()[0].kind, "receive offload");
  EXPECT_FALSE(watch.notices()[0].warning);
  EXPECT_FALSE(watch.notices()[1].warning);
}

TEST(CaptureWatch, the_kernels_table_is_read_whatever_it_holds) {
  const auto drops = parse_interface_drops(
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes\n"
      "    lo:  100       2    0    0    0     0          0         0      100       2\n"
      "  eth0: 9000      60    1   17    0     0          0         0      700       9\n"
      "odd:x y z w\n:\nshort: 1 2\n");
  EXPECT_EQ(drops.at("lo"), 0U);
  EXPECT_EQ(drops.at("eth0"), 17U);
  EXPECT_FALSE(drops.contains("odd"));
  EXPECT_FALSE(drops.contains("short"));
  EXPECT_TRUE(parse_interface_drops("").empty());
}

}  // namespace
}  // namespace tocsin::daemon
