// Absurd rules: each is said with its place, the rest loads, time and memory stay bounded.
#include <algorithm>
#include <chrono>

#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::rules::signature::testing {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

const std::string good = "alert tcp any any -> any any (content:\"evil\"; nocase; sid:99;)\n";

std::size_t resident_bytes() {
  std::size_t pages = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "r")) {
    std::size_t all = 0;
    if (std::fscanf(file, "%zu %zu", &all, &pages) != 2) pages = 0;
    std::fclose(file);
  }
  return pages * 4'096;
}

// One bad rule before a good one, in both languages.
void expect_one_bad(const std::string& rule, std::string_view code, SignatureOptions options = {}) {
  const auto started = steady_clock::now();
  Bench bench(rule + "\n" + good, options);
  EXPECT_LT(steady_clock::now() - started, seconds(10)) << code;
  EXPECT_EQ(bench.set->rules().size(), 1U) << code;
  ASSERT_GE(bench.diagnostics.errors(), 1U) << code;
  EXPECT_EQ(bench.diagnostics.all()[0].code, code);
  EXPECT_EQ(bench.diagnostics.all()[0].line, 1U);
}

// AddressSanitizer keeps what was freed for a while.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kept_by_sanitizer = std::size_t{256} << 20;
#else
constexpr std::size_t kept_by_sanitizer = 0;
#endif

TEST(BadInput, ALineOfTenMegabytes) {
  const auto before = resident_bytes();
  expect_one_bad("alert tcp any any -> any any (content:\"" + std::string(10U << 20, 'a') + "\"; sid:1;)", "S0103");
  expect_one_bad("alert tcp (content:\"" + std::string(10U << 20, 'a') + "\",nocase; sid:1;)", "S0103");
  SignatureOptions snort;
  snort.syntax = Syntax::snort3;
  Bench bench("alert tcp (content:\"" + std::string(10U << 20, 'a') + "\",nocase; sid:1;)\nalert tcp (sid:2;)\n",
              snort);
  EXPECT_EQ(bench.set->rules().size(), 1U);
  EXPECT_EQ(bench.diagnostics.all().at(0).code, "S0103");
  EXPECT_LT(resident_bytes(), before + (std::size_t{200} << 20) + kept_by_sanitizer);
}

TEST(BadInput, DeepNesting) {
  const std::string deep = std::string(100'000, '[') + "10.0.0.1" + std::string(100'000, ']');
  expect_one_bad("alert tcp " + deep + " any -> any any (sid:1;)", "S0201");
  const std::string regex = std::string(50'000, '(') + "a" + std::string(50'000, ')');
  expect_one_bad("alert tcp any any -> any any (pcre:\"/" + regex + "/\"; sid:1;)", "S0333");
  std::string options;
  for (int i = 0; i < 2'000; ++i) options += "content:\"abcd\"; ";
  expect_one_bad("alert tcp any any -> any any (" + options + "sid:1;)", "S0101");
  std::string items = "content:\"abcd\"";
  for (int i = 0; i < 100'000; ++i) items += ",nocase";
  expect_one_bad("alert tcp (" + items + "; sid:1;)", "S0101");
}

TEST(BadInput, VariablesThatAreMissingOrNameThemselves) {
  SignatureOptions options;
  options.address_variables["A"] = "$B";
  options.address_variables["B"] = "[$A,10.0.0.1]";
  expect_one_bad("alert tcp $A any -> any any (sid:1;)", "S0201", options);
  expect_one_bad("alert tcp $NOWHERE any -> any any (sid:1;)", "S0202", options);
  expect_one_bad("alert tcp any $NOPORTS -> any any (sid:1;)", "S0202", options);
}

TEST(BadInput, DataThatCannotBeRead) {
  SignatureOptions options;
  options.read_data = [](const std::string&, const std::string& path) -> Result<std::string> {
    return fail(Code::denied, "cannot open " + path + ": permission denied");
  };
  expect_one_bad("alert dns any any -> any any (dns.query; dataset:isset,names,type string,load names.lst; sid:1;)",
                 "S0385", options);
  expect_one_bad("alert http any any -> any any (filemd5:list.md5; sid:1;)", "S0393", options);
}

// An expression that would run for ages stops at its limit; that is counted, and others still match.
TEST(BadInput, AnExpressionThatExplodes) {
  Bench bench("alert udp any any -> any any (content:\"aaaa\"; pcre:\"/^(a+)+(b|c)(a+)+$/\"; sid:1;)\n" +
              std::string("alert udp any any -> any any (content:\"aaaa\"; sid:2;)\n"));
  const auto started = steady_clock::now();
  for (int i = 0; i < 50; ++i) {
    auto flow = Bench::flow(Protocol::unknown, 17);
    bench.packet(&flow, std::string(1'400, 'a') + "b" + std::string(40, 'a') + "!", Direction::to_server, 17);
  }
  EXPECT_LT(steady_clock::now() - started, seconds(10));
  EXPECT_EQ(bench.sids(), Sids(50, 2));
  const auto remarks = bench.set->remarks();
  EXPECT_TRUE(std::ranges::any_of(
      remarks, [](const std::string& remark) { return remark.starts_with("50 matches were stopped at their limit"); }));
}

TEST(BadInput, OneBadAmongAHundredThousand) {
  std::string text;
  for (int i = 1; i <= 100'000; ++i) {
    const auto number = std::to_string(i);
    text += i == 50'000 ? "alert tcp any any -> any any (content:\"x\"; nosuch; sid:" + number + ";)\n"
                        : "alert tcp any any -> any any (flow:established; content:\"pattern " + number +
                              "\"; sid:" + number + ";)\n";
  }
  const auto before = resident_bytes();
  const auto started = steady_clock::now();
  Diagnostics diagnostics;
  const std::vector<RuleSource> sources{{"many.rules", text}};
  SignatureOptions options;
  options.patterns.acceleration = Acceleration::off;  // the database is another matter
  const auto set = compile_signatures(sources, options, diagnostics);
  EXPECT_LT(steady_clock::now() - started, seconds(30));
  EXPECT_LT(resident_bytes(), before + (std::size_t{1} << 30));
  EXPECT_EQ(set->rules().size(), 99'999U);
  ASSERT_EQ(diagnostics.errors(), 1U);
  EXPECT_EQ(diagnostics.all()[0].line, 50'000U);
  RecordProperty("seconds", static_cast<int>((steady_clock::now() - started) / seconds(1)));
  RecordProperty("mebibytes", static_cast<int>((resident_bytes() - before) >> 20U));
}

// Rules that wait for each other's bits: nothing starts them, nothing loops.
TEST(BadInput, FlowbitsInACircle) {
  Bench bench(
      "alert tcp any any -> any any (content:\"evil\"; flowbits:isset,a; flowbits:set,b; sid:1;)\n"
      "alert tcp any any -> any any (content:\"evil\"; flowbits:isset,b; flowbits:set,a; sid:2;)\n"
      "alert tcp any any -> any any (content:\"evil\"; flowbits:isnotset,c; flowbits:set,c; sid:3;)\n"
      "alert tcp any any -> any any (content:\"evil\"; flowbits:isset,c; flowbits:toggle,c; sid:4;)\n");
  EXPECT_TRUE(bench.diagnostics.all().empty());
  auto flow = Bench::flow();
  bench.packet(&flow, "evil");
  const auto first = bench.sids();
  EXPECT_LE(first.size(), 2U);
  for (const auto sid : first) EXPECT_GE(sid, 3U);
}

TEST(BadInput, TheSameSidThreeTimes) {
  Bench bench(
      "alert tcp any any -> any any (content:\"one1\"; sid:1; rev:1;)\n"
      "alert tcp any any -> any any (content:\"three\"; sid:1; rev:3;)\n"
      "alert tcp any any -> any any (content:\"two2\"; sid:1; rev:2;)\n" +
      good);
  ASSERT_EQ(bench.set->rules().size(), 2U);
  EXPECT_EQ(bench.diagnostics.all().size(), 2U);
  for (const auto& d : bench.diagnostics.all()) EXPECT_EQ(d.code, "S0401");
  auto flow = Bench::flow();
  bench.packet(&flow, "one1 two2");
  EXPECT_EQ(bench.sids(), Sids{});
  bench.packet(&flow, "three");
  EXPECT_EQ(bench.sids(), Sids{1});
}

TEST(BadInput, BytesThatAreNoText) {
  std::string noise;
  std::uint32_t state = 1;
  for (int i = 0; i < 200'000; ++i) noise += static_cast<char>((state = state * 1'664'525 + 1'013'904'223) >> 24U);
  for (const auto syntax : {Syntax::automatic, Syntax::suricata, Syntax::snort3}) {
    SignatureOptions options;
    options.syntax = syntax;
    Bench bench(noise, options);
    EXPECT_TRUE(bench.set->rules().empty());
    EXPECT_TRUE(bench.diagnostics.has_errors());
  }
}

}  // namespace
}  // namespace tocsin::rules::signature::testing
