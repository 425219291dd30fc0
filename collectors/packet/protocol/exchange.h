#pragma once
// Requests that wait for their answers, each held until its answer or the end: what protocols that answer in any order
// do alike when one is over.

#include <cstddef>
#include <utility>

#include "collectors/packet/protocol/parser.h"

namespace tocsin::collectors {

// Takes the exchange at `at` out of a container of owned transactions: it is done on both sides, told of and given up.
template <typename Open>
void close_exchange(Open& open, std::size_t at, ParserOutput& output) {
  auto done = std::move(open[at]);
  open.erase(open.begin() + static_cast<typename Open::difference_type>(at));
  done->done = true;
  output.progressed(*done, Direction::to_server);
  output.progressed(*done, Direction::to_client);
  output.finished(std::move(done));
}

// All of them, oldest first.
template <typename Open>
void close_exchanges(Open& open, ParserOutput& output) {
  while (!open.empty()) close_exchange(open, 0, output);
}

}  // namespace tocsin::collectors
