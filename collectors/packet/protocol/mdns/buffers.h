#pragma once
// Inspection buffers of multicast DNS. A transaction is one message, whole from the start: progress 1.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

inline constexpr std::array mdns_buffers{
    BufferRow{Buffer::mdns_query_name, "mdns.queries.rrname", Protocol::mdns, BufferSide::both, 1, true, false},
    BufferRow{Buffer::mdns_answer_name, "mdns.answers.rrname", Protocol::mdns, BufferSide::both, 1, true, false},
    BufferRow{Buffer::dns_authority_name, "mdns.authorities.rrname", Protocol::mdns, BufferSide::both, 1, true, false},
    BufferRow{Buffer::dns_additional_name, "mdns.additionals.rrname", Protocol::mdns, BufferSide::both, 1, true, false},
    BufferRow{Buffer::mdns_response_name, "mdns.response.rrname", Protocol::mdns, BufferSide::both, 1, true, false},
};

}  // namespace tocsin::collectors
