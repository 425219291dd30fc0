#pragma once
// One frame as a capture source hands it over, before any decoding.

#include <cstdint>
#include <optional>

#include "collectors/base/bytes.h"
#include "collectors/base/time.h"

namespace tocsin::collectors {

struct RawFrame {
  Time time{};
  std::uint64_t number = 0;  // 1-based in its capture
  std::uint32_t interface = 0;
  std::uint32_t link_type = 0;            // DLT_* / LINKTYPE_*
  std::size_t wire_length = 0;            // at least bytes.size()
  Bytes bytes;                            // valid until the source is asked for the next frame
  std::optional<std::uint16_t> vlan_tci;  // of a tag that the network card took off
  bool checksum_pending = false;          // sent by this host: the card was to fill the transport checksum in
};

}  // namespace tocsin::collectors
