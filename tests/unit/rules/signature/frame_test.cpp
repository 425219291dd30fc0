#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::rules::signature::testing {
namespace {

TEST(FrameRules, EachFrameIsLookedAtOnce) {
  Bench bench(
      "alert mqtt any any -> any any (flow:to_server; frame:pdu; content:\"abc\"; offset:2; bsize:5; sid:1;)\n"
      "alert tcp any any -> any any (frame:mqtt.header; content:\"|30 03|\"; startswith; bsize:2; sid:2;)\n"
      "alert mqtt any any -> any any (frame:data; to_uppercase; content:\"ABC\"; sid:3;)\n"
      "alert mqtt any any -> any any (flow:to_client; frame:pdu; content:\"abc\"; sid:4;)\n"
      "alert mqtt any any -> any any (frame:data; content:\"bc0\"; sid:5;)\n");
  ASSERT_TRUE(bench.diagnostics.all().empty());
  auto flow = Bench::flow(Protocol::mqtt);
  bench.packet(&flow, std::string("\x30\x03", 2) + "ab");
  EXPECT_EQ(bench.sids(), Sids{});
  bench.packet(&flow, std::string("c\x30\x03", 3) + "abc");
  EXPECT_EQ(bench.sids(), (Sids{1, 2, 3, 1, 2, 3}));
  bench.packet(&flow, "");
  EXPECT_EQ(bench.sids(), Sids{});
}

TEST(FrameRules, DatagramsHaveThemToo) {
  Bench bench("alert dns any any -> any any (frame:pdu; content:\"question\"; sid:1;)\n");
  auto flow = Bench::flow(Protocol::dns, 17);
  bench.packet(&flow, "a question", Direction::to_server, 17);
  EXPECT_EQ(bench.sids(), Sids{1});
}

TEST(FrameRules, MistakesAreSaid) {
  for (const std::string rule :
       {"alert tcp any any -> any any (frame:pdu; content:\"a\"; sid:1;)",
        "alert mqtt any any -> any any (frame:nothing; content:\"a\"; sid:1;)",
        "alert dns any any -> any any (frame:mqtt.pdu; content:\"a\"; sid:1;)",
        "alert dns any any -> any any (frame:pdu; content:\"a\"; dns.query; content:\"b\"; sid:1;)"}) {
    Bench bench(rule);
    EXPECT_EQ(bench.set->rules().size(), 0U) << rule;
    EXPECT_FALSE(bench.diagnostics.all().empty()) << rule;
  }
}

TEST(FileMagic, KindOfAFileIsABuffer) {
  Bench bench(
      "alert http any any -> any any (filemagic:\"pdf\"; sid:1;)\n"
      "alert http any any -> any any (filemagic:!\"pdf\"; sid:2;)\n"
      "alert http any any -> any any (file.magic; content:\"PDF document\"; startswith; sid:3;)\n"
      "alert http any any -> any any (file.magic; content:\"PNG\"; sid:4;)\n");
  ASSERT_TRUE(bench.diagnostics.all().empty());
  auto flow = Bench::flow(Protocol::http);
  FakeTransaction answer(Protocol::http);
  answer.add(Buffer::file_data, Direction::to_client, "%PDF-1.6\n");
  bench.transaction(flow, answer, Direction::to_client);
  EXPECT_EQ(bench.sids(), (Sids{1, 3}));
  // Too little to tell, and more may come.
  FakeTransaction early(Protocol::http);
  early.complete_now = false;
  early.progress_now = 3;
  early.add(Buffer::file_data, Direction::to_client, "%PDF-1.6\n");
  bench.transaction(flow, early, Direction::to_client);
  EXPECT_EQ(bench.sids(), Sids{});
}

}  // namespace
}  // namespace tocsin::rules::signature::testing
