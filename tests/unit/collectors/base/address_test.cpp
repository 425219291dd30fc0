#include "collectors/base/address.h"

#include <gtest/gtest.h>

namespace tocsin {
namespace {

TEST(Address, parse_and_render_are_inverse) {
  for (const auto* text : {"192.0.2.1", "2001:db8::1", "::", "255.255.255.255", "0.0.0.0"})
    EXPECT_EQ(render_address(parse_address(text).value()), text);
  for (const auto* text : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "2001:db8::g", "1.2.3.4 ", "1.2.3.04", "1.2..4",
                           "1.2.3.4.", "1.2.3.0004", "+1.2.3.4", "1.2.3.", "12345"})
    EXPECT_FALSE(parse_address(text).has_value()) << text;
}

TEST(Network, contains_and_overlaps) {
  const auto ten = parse_network("10.0.0.0/8", HostBits::refuse).value();
  EXPECT_TRUE(ten.contains(parse_address("10.255.1.1").value()));
  EXPECT_FALSE(ten.contains(parse_address("11.0.0.0").value()));
  EXPECT_FALSE(ten.contains(parse_address("2001:db8::1").value()));
  EXPECT_TRUE(ten.overlaps(parse_network("10.1.0.0/16", HostBits::refuse).value()));
  EXPECT_FALSE(ten.overlaps(parse_network("12.0.0.0/6", HostBits::clear).value()));
  EXPECT_TRUE(parse_network("0.0.0.0/0", HostBits::refuse)->contains(parse_address("8.8.8.8").value()));
}

TEST(Network, host_bits_are_refused_or_cleared_as_asked) {
  EXPECT_FALSE(parse_network("10.0.0.5/8", HostBits::refuse).has_value());
  EXPECT_EQ(render_network(parse_network("10.0.0.5/9", HostBits::clear).value()), "10.0.0.0/9");
  EXPECT_FALSE(parse_network("10.0.0.0/33", HostBits::clear).has_value());
}

TEST(Address, mapped_addresses_unmap) {
  EXPECT_EQ(render_address(parse_address("::ffff:192.0.2.1")->unmapped()), "192.0.2.1");
}

}  // namespace
}  // namespace tocsin
