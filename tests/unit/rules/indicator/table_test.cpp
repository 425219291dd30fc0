#include "rules/indicator/table.h"

#include <map>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rules/indicator/value.h"

namespace tocsin::rules::indicator {
namespace {

Statement statement(std::string_view text, Reach reach = Reach::exact) {
  Statement out;
  out.value = parse_value(text, reach).value();
  return out;
}

class Table : public testing::Test {
 protected:
  Entry add(Statement s, std::uint16_t source = 0) {
    table.add(s, source, 50);
    return table.entries()[table.find(s.value.kind, s.value.key)];
  }
  std::string found(EntryId id) const {
    return id == no_entry ? "" : render_value(table.entries()[id].kind, table.key(table.entries()[id]));
  }
  std::string address(std::string_view text, Second now = 1000) const {
    return found(table.find_address(*parse_address(text), now));
  }
  std::string domain(std::string_view text, Second now = 1000) const { return found(table.find_domain(text, now)); }

  IndicatorTable table;
};

TEST_F(Table, the_narrowest_network_in_force_is_found) {
  table.add_source("a");
  add(statement("198.51.100.0/24"));
  auto inner = statement("198.51.100.128/25");
  inner.until = 500;
  add(inner);
  add(statement("198.51.100.200"));
  add(statement("2001:db8::/32"));
  table.finish();
  EXPECT_EQ(address("198.51.100.200"), "198.51.100.200");
  EXPECT_EQ(address("198.51.100.201", 499), "198.51.100.128/25");
  EXPECT_EQ(address("198.51.100.201", 500), "198.51.100.0/24");
  EXPECT_EQ(address("::ffff:198.51.100.1"), "198.51.100.0/24");
  EXPECT_EQ(address("198.51.101.1"), "");
  EXPECT_EQ(address("2001:db8:1::1"), "2001:db8::/32");
  EXPECT_EQ(address("2001:db9::1"), "");
}

TEST_F(Table, domains_reach_below_them_when_they_say) {
  table.add_source("a");
  add(statement("evil.example", Reach::subdomains));
  add(statement("only.example"));
  add(statement("deep.a.evil.example"));
  table.finish();
  EXPECT_EQ(domain("evil.example"), "evil.example");
  EXPECT_EQ(domain("x.y.evil.example"), "evil.example");
  EXPECT_EQ(domain("deep.a.evil.example"), "deep.a.evil.example");
  EXPECT_EQ(domain("notevil.example"), "");
  EXPECT_EQ(domain("only.example"), "only.example");
  EXPECT_EQ(domain("www.only.example"), "");
  EXPECT_EQ(domain("example"), "");
}

TEST_F(Table, urls_with_a_query_are_those_without_too) {
  table.add_source("a");
  add(statement("http://evil.example/gate.php"));
  add(statement("http://evil.example/"));
  table.finish();
  EXPECT_EQ(found(table.find_url("evil.example/gate.php?id=1", 1)), "evil.example/gate.php");
  EXPECT_EQ(found(table.find_url("evil.example/?id=1", 1)), "");
  EXPECT_EQ(found(table.find_url("evil.example/gate.php/x", 1)), "");
}

TEST_F(Table, equal_values_merge) {
  table.add_source("first");
  table.add_source("second");
  auto one = statement("evil.example");
  one.confidence = 90;
  one.until = 100;
  one.tlp = Tlp::green;
  one.title = "a family";
  auto two = statement("EVIL.example.", Reach::subdomains);
  two.confidence = 20;
  two.until = 200;
  two.tlp = Tlp::red;
  EXPECT_EQ(table.add(one, 0, 50), Added::fresh);
  EXPECT_EQ(table.add(two, 1, 50), Added::merged);
  EXPECT_EQ(table.add(two, 1, 50), Added::merged);
  table.finish();
  ASSERT_EQ(table.entries().size(), 1U);
  const auto& entry = table.entries().front();
  EXPECT_EQ(entry.confidence, 90);
  EXPECT_EQ(entry.until, 200U);
  EXPECT_EQ(entry.tlp, Tlp::red);
  EXPECT_EQ(entry.reach, Reach::subdomains);
  EXPECT_EQ(table.text(entry.title), "a family");
  const auto sources = table.sources_of(entry);
  ASSERT_EQ(sources.size(), 2U);
  EXPECT_EQ(table.sources()[sources[0]], "first");
  EXPECT_EQ(table.sources()[sources[1]], "second");
}

TEST_F(Table, bounds_are_half_open) {
  table.add_source("a");
  auto s = statement("evil.example");
  s.from = 100;
  s.until = 200;
  add(s);
  table.finish();
  EXPECT_EQ(domain("evil.example", 99), "");
  EXPECT_EQ(domain("evil.example", 100), "evil.example");
  EXPECT_EQ(domain("evil.example", 199), "evil.example");
  EXPECT_EQ(domain("evil.example", 200), "");
  EXPECT_EQ(table.expired(200), 1U);
  EXPECT_EQ(table.expired(199), 0U);
}

TEST_F(Table, a_port_is_part_of_an_endpoint) {
  table.add_source("a");
  add(statement("203.0.113.7:443"));
  table.finish();
  EXPECT_EQ(found(table.find_endpoint(*parse_address("203.0.113.7"), 443, 1)), "203.0.113.7:443");
  EXPECT_EQ(found(table.find_endpoint(*parse_address("203.0.113.7"), 80, 1)), "");
  EXPECT_EQ(address("203.0.113.7"), "");
}

TEST(TableCap, what_is_over_is_not_taken) {
  IndicatorTable table(TableLimits{2, 10});
  table.add_source("a");
  EXPECT_EQ(table.add(statement("a.example"), 0, 50), Added::fresh);
  EXPECT_EQ(table.add(statement("b.example"), 0, 50), Added::fresh);
  EXPECT_EQ(table.add(statement("c.example"), 0, 50), Added::full);
  EXPECT_EQ(table.add(statement("a.example"), 0, 50), Added::merged);
  EXPECT_EQ(table.entries().size(), 2U);
}

// The trie against a look at every network, dense enough that they nest.
TEST(Trie, equals_the_obvious) {
  std::mt19937 random(7);
  for (const std::size_t count : {1U, 50U, 2000U}) {
    NetworkTrie trie;
    std::map<Network, std::uint32_t> networks;
    for (std::uint32_t i = 0; i < count; ++i) {
      const bool v6 = random() % 4 == 0;
      const auto prefix = v6 ? 16 + random() % 113 : random() % 33;
      const auto base = v6 ? parse_address(fmt::format("2001:db8:{:x}::{:x}", random() % 4, random() % 16))
                           : IpAddress::v4(static_cast<std::uint32_t>(0x0A000000U + (random() & 0x00FF0F0FU)));
      const auto network = parse_network(fmt::format("{}/{}", render_address(*base), prefix), HostBits::clear);
      ASSERT_TRUE(network);
      if (networks.emplace(*network, i).second) trie.add(*network, i);
    }
    trie.finish();
    for (int look = 0; look < 4000; ++look) {
      const bool v6 = look % 4 == 0;
      const auto address = v6 ? *parse_address(fmt::format("2001:db8:{:x}::{:x}", random() % 4, random() % 16))
                              : IpAddress::v4(static_cast<std::uint32_t>(0x0A000000U + (random() & 0x00FF0F0FU)));
      std::vector<std::pair<int, std::uint32_t>> around;
      for (const auto& [network, item] : networks)
        if (network.contains(address)) around.emplace_back(-network.prefix, item);
      std::ranges::sort(around);
      auto item = trie.narrowest(address);
      for (const auto& [prefix, wanted] : around) {
        ASSERT_EQ(item, wanted) << render_address(address);
        item = trie.wider(item);
      }
      ASSERT_EQ(item, NetworkTrie::none);
    }
  }
}

TEST(Trie, empty_and_whole) {
  NetworkTrie trie;
  trie.finish();
  EXPECT_EQ(trie.narrowest(*parse_address("10.0.0.1")), NetworkTrie::none);
  EXPECT_EQ(trie.narrowest(IpAddress{}), NetworkTrie::none);
  NetworkTrie all;
  all.add(*parse_network("0.0.0.0/0", HostBits::clear), 3);
  all.finish();
  EXPECT_EQ(all.narrowest(*parse_address("203.0.113.7")), 3U);
  EXPECT_EQ(all.narrowest(*parse_address("2001:db8::1")), NetworkTrie::none);
}

}  // namespace
}  // namespace tocsin::rules::indicator
