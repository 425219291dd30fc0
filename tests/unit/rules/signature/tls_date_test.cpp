#include <gtest/gtest.h>

#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::rules::signature::testing {
namespace {

std::vector<std::uint32_t> alerts_of(const std::string& option, std::uint64_t begins, std::uint64_t ends,
                                     int standing = 0) {
  Bench bench("alert tls any any -> any any (" + option + "; sid:1;)");
  EXPECT_TRUE(bench.diagnostics.all().empty()) << option;
  auto flow = Bench::flow(Protocol::tls);
  FakeTransaction tls(Protocol::tls);
  tls.progress_now = 9;
  tls.complete_now = true;
  tls.add(Buffer::tls_cert_notbefore, Direction::to_client, std::to_string(begins));
  tls.add(Buffer::tls_cert_notafter, Direction::to_client, std::to_string(ends));
  tls.add(Buffer::tls_cert_standing, Direction::to_client, std::to_string(standing));
  bench.transaction(flow, tls, Direction::to_client);
  return bench.sids();
}

TEST(TlsDates, AreComparedAsTimesInUtc) {
  constexpr std::uint64_t begins = 1'577'836'800, ends = 1'609'459'200;  // the year 2020
  for (const std::string option :
       {"tls_cert_notbefore:2020", "tls_cert_notbefore:2020-01-01T00:00:00", "tls_cert_notbefore:<2020",
        "tls_cert_notafter:>2020-12-31 23:59:59", "tls_cert_notafter:2019-06<>2021-01-01", "tls_cert_valid"})
    EXPECT_EQ(alerts_of(option, begins, ends).size(), 1U) << option;
  for (const std::string option :
       {"tls_cert_notbefore:2020-01-01T00:00:01", "tls_cert_notbefore:<2019-12-31", "tls_cert_notafter:>2021-01-02",
        "tls_cert_notafter:2019<>2020-12-31T23", "tls_cert_expired"})
    EXPECT_TRUE(alerts_of(option, begins, ends).empty()) << option;
  EXPECT_EQ(alerts_of("tls_cert_expired", begins, ends, 1).size(), 1U);
  EXPECT_TRUE(alerts_of("tls_cert_valid", begins, ends, 2).empty());
}

TEST(TlsDates, WhatIsNoTimeIsRefused) {
  for (const std::string option :
       {"tls_cert_notafter:", "tls_cert_notafter:20", "tls_cert_notafter:2020-13", "tls_cert_notafter:2020-02-30",
        "tls_cert_notafter:2020-01-01T24", "tls_cert_notafter:2020/01", "tls_cert_notafter:2021<>2020",
        "tls_cert_notafter:2020-01-01T00:00:00:00", "tls_cert_notafter:>", "tls_cert_valid:1"}) {
    Bench bench("alert tls any any -> any any (" + option + "; sid:1;)");
    EXPECT_TRUE(bench.diagnostics.has_errors()) << option;
  }
}

}  // namespace
}  // namespace tocsin::rules::signature::testing
