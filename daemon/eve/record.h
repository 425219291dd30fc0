#pragma once
// One line of EVE output on its way to the file, with its place in the order of all.

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "collectors/base/time.h"

namespace tocsin::daemon {

struct EveRecord {
  Time time{};
  std::uint64_t packet = 0;  // number in the capture; 0: no packet caused it
  std::uint64_t flow = 0;
  std::uint64_t sequence = 0;  // among those of one worker
  std::string line;
  // Of a file that is kept: its digest, and where in the line its number is to stand in place of a 0. Numbers are given
  // in the order of records.
  std::string kept_digest;
  std::size_t number_at = 0;

  // The same for any number of workers: records of one flow come from one worker, in its order.
  auto rank() const noexcept { return std::tuple(time, packet, flow, sequence); }
};

// In order of rank.
void put_in_order(std::vector<EveRecord>& records);

}  // namespace tocsin::daemon
