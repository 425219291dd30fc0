// rooms: indicator
// Any bytes as an indicator list of the format "stix": entries load or are refused, and what loaded is found again.

#include "tests/fuzz/indicator_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tocsin::fuzz::read_indicators(tocsin::rules::indicator::read_stix, data, size);
  return 0;
}
