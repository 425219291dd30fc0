#include <gtest/gtest.h>

#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::rules::signature::testing {
namespace {

// A request of a unit for the values at `first` to `last`.
bool alerts(const std::string& option, int unit, int first, int last) {
  Bench bench("alert modbus any any -> any any (modbus: " + option + "; sid:1;)");
  EXPECT_TRUE(bench.diagnostics.all().empty()) << option;
  auto flow = Bench::flow(Protocol::modbus);
  FakeTransaction modbus(Protocol::modbus);
  modbus.progress_now = 9;
  modbus.complete_now = true;
  modbus.add(Buffer::modbus_unit, Direction::to_server, std::to_string(unit));
  modbus.add(Buffer::modbus_access, Direction::to_server, "1");
  modbus.add(Buffer::modbus_address_first, Direction::to_server, std::to_string(first));
  modbus.add(Buffer::modbus_address_last, Direction::to_server, std::to_string(last));
  bench.transaction(flow, modbus, Direction::to_server);
  return !bench.sids().empty();
}

TEST(Modbus, TheEndsOfARangeOfAddressesLieOutsideOfIt) {
  EXPECT_FALSE(alerts("access read, address 3<>6", 1, 2, 3));
  EXPECT_TRUE(alerts("access read, address 3<>6", 1, 2, 4));
  EXPECT_TRUE(alerts("access read, address 3<>6", 1, 5, 9));
  EXPECT_FALSE(alerts("access read, address 3<>6", 1, 6, 9));
}

TEST(Modbus, ARangeFromZeroOrToTheLastAddressIsOpenThere) {
  EXPECT_TRUE(alerts("access read, address 0<>2", 1, 0, 0));
  EXPECT_FALSE(alerts("access read, address 0<>2", 1, 2, 3));
  EXPECT_TRUE(alerts("access read, address 5<>65535", 1, 65'535, 65'535));
  EXPECT_FALSE(alerts("access read, address 5<>65535", 1, 4, 5));
  EXPECT_TRUE(alerts("unit 0<>2", 0, 0, 0));
  EXPECT_FALSE(alerts("unit 1<>3", 1, 0, 0));
}

}  // namespace
}  // namespace tocsin::rules::signature::testing
