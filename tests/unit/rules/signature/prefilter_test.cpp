#include <algorithm>
#include <random>

#include "rules/signature/prefilter/address_trie.h"
#include "rules/signature/prefilter/pattern_database.h"
#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::rules::signature::testing {
namespace {

std::string random_text(std::mt19937& random, std::size_t least, std::size_t most) {
  const std::size_t size = least + random() % (most - least + 1);
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += "abcABC\x01 "[random() % 8];
  return out;
}

std::string quote(const std::string& text) {
  std::string out = "|";
  for (const char c : text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out + "|";
}

TEST(PatternDatabase, BothMatchersAgree) {
  std::mt19937 random(7);
  for (int round = 0; round < 30; ++round) {
    std::set<Pattern> unique;
    for (int i = 0; i < 40; ++i) {
      const bool nocase = random() % 2 == 0;
      auto text = random_text(random, 1, 9);
      if (nocase)
        for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      Pattern pattern;
      pattern.bytes.assign(text.begin(), text.end());
      pattern.nocase = nocase;
      unique.insert(pattern);
    }
    const std::vector<Pattern> patterns(unique.begin(), unique.end());
    const auto fast = PatternDatabase::build(patterns, {});
    const auto plain = PatternDatabase::build(patterns, {Acceleration::off, nullptr});
    EXPECT_EQ(fast.plain(), !hyperscan_usable());
    EXPECT_TRUE(plain.plain());
    PatternScratch scratch;
    fast.prepare(scratch);
    plain.prepare(scratch);
    for (int text = 0; text < 30; ++text) {
      const auto payload = random_text(random, 0, 60);
      std::vector<std::uint32_t> a;
      std::vector<std::uint32_t> b;
      fast.scan(as_bytes(payload), scratch, a);
      plain.scan(as_bytes(payload), scratch, b);
      std::ranges::sort(a);
      std::ranges::sort(b);
      ASSERT_EQ(a, b);
    }
  }
}

std::string random_rule(std::mt19937& random, int sid) {
  static const char* const protocols[] = {"tcp", "udp", "ip", "http"};
  std::string rule = std::string("alert ") + protocols[random() % 4] + " any any -> any any (";
  const bool http = rule.find("http") != std::string::npos;
  if (http && random() % 2 == 0) rule += "http.uri; ";
  const int contents = 1 + static_cast<int>(random() % 3);
  for (int i = 0; i < contents; ++i) {
    const bool negated = i > 0 && random() % 4 == 0;
    rule += "content:" + std::string(negated ? "!" : "") + "\"" + quote(random_text(random, 1, 6)) + "\"; ";
    if (random() % 3 == 0) rule += "nocase; ";
    switch (random() % 6) {
      case 0: rule += "offset:" + std::to_string(random() % 5) + "; "; break;
      case 1: rule += "depth:" + std::to_string(6 + random() % 20) + "; "; break;
      case 2:
        if (i > 0) rule += "distance:" + std::to_string(random() % 4) + "; ";
        break;
      case 3:
        if (i > 0) rule += "within:" + std::to_string(6 + random() % 10) + "; ";
        break;
      case 4:
        if (!negated && random() % 2 == 0) rule += "fast_pattern; ";
        break;
      default: break;
    }
  }
  if (random() % 5 == 0) rule += "flow:to_server; ";
  if (random() % 8 == 0) rule += "flowbits:set,b" + std::to_string(random() % 3) + "; ";
  if (random() % 8 == 0) rule += "flowbits:isset,b" + std::to_string(random() % 3) + "; ";
  return rule + "sid:" + std::to_string(sid) + ";)\n";
}

// The same traffic through the same rules: which candidates the prefilter gives must not matter.
Sids run(const std::string& rules, SignatureOptions options, std::uint32_t seed) {
  options.alerts_per_packet_most = 100'000;
  Bench bench(rules, options);
  std::mt19937 random(seed);
  std::vector<Flow> flows;
  for (int i = 0; i < 3; ++i)
    flows.push_back(Bench::flow(i == 1 ? Protocol::http : Protocol::unknown, i == 2 ? 17 : 6));
  std::vector<std::unique_ptr<FakeTransaction>> kept;
  for (int i = 0; i < 60; ++i) {
    auto& flow = flows[random() % 3];
    const auto direction = random() % 2 == 0 ? Direction::to_server : Direction::to_client;
    if (flow.protocol == Protocol::http && random() % 2 == 0) {
      kept.push_back(std::make_unique<FakeTransaction>(Protocol::http));
      kept.back()->number = static_cast<std::uint64_t>(i);
      kept.back()->add(Buffer::http_uri, Direction::to_server, random_text(random, 1, 80));
      bench.transaction(flow, *kept.back(), direction);
    } else {
      bench.packet(&flow, random_text(random, 0, 200), direction, flow.transport);
    }
  }
  return bench.sids();
}

TEST(Prefilter, OnOffAndPlainGiveTheSameAlerts) {
  std::mt19937 random(11);
  std::size_t alerts = 0;
  for (std::uint32_t round = 0; round < 25; ++round) {
    std::string rules;
    for (int i = 1; i <= 60; ++i) rules += random_rule(random, i);
    const auto with = run(rules, {}, round);
    SignatureOptions off;
    off.prefilter = false;
    SignatureOptions plain;
    plain.patterns.acceleration = Acceleration::off;
    ASSERT_EQ(with, run(rules, off, round)) << rules;
    ASSERT_EQ(with, run(rules, plain, round));
    alerts += with.size();
  }
  EXPECT_GT(alerts, 500U);
}

TEST(AddressTrie, AgreesWithSets) {
  std::mt19937 random(3);
  AddressTrie trie;
  std::vector<AddressSet> sets;
  for (std::uint32_t i = 0; i < 50; ++i) {
    const auto low = random() % 2000;
    const std::string text = "[10.0." + std::to_string(low / 256) + "." + std::to_string(low % 256) + "/" +
                             std::to_string(24 + random() % 9) + ",10.0.0.7-10.0.2.9,2001:db8::" + std::to_string(i) +
                             "/" + std::to_string(120 + random() % 9) + "]";
    auto set = parse_addresses(text, {});
    ASSERT_TRUE(set) << text;
    trie.insert(*set, i);
    sets.push_back(std::move(*set));
  }
  for (std::uint32_t i = 0; i < 3000; ++i) {
    const auto address = i % 7 == 0 ? *parse_address("2001:db8::" + std::to_string(i % 100))
                                    : IpAddress::v4(0x0A000000U + static_cast<std::uint32_t>(random() % 2600));
    std::vector<std::uint32_t> found;
    trie.find(address, found);
    const std::set<std::uint32_t> have(found.begin(), found.end());
    for (std::uint32_t s = 0; s < sets.size(); ++s)
      ASSERT_EQ(sets[s].contains(address), have.contains(s)) << render_address(address);
  }
}

}  // namespace
}  // namespace tocsin::rules::signature::testing
