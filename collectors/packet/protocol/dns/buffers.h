#pragma once
// Inspection buffers of DNS. A transaction is one message, whole from the start: progress 1.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

inline constexpr std::array dns_buffers{
    BufferRow{Buffer::dns_query, "dns.query", Protocol::dns, BufferSide::to_server, 1, true, false},
    BufferRow{Buffer::dns_query_name, "dns.queries.rrname", Protocol::dns, BufferSide::both, 1, true, false},
    BufferRow{Buffer::dns_answer_name, "dns.answers.rrname", Protocol::dns, BufferSide::both, 1, true, false},
    BufferRow{Buffer::dns_authority_name, "dns.authorities.rrname", Protocol::dns, BufferSide::both, 1, true, false},
    BufferRow{Buffer::dns_additional_name, "dns.additionals.rrname", Protocol::dns, BufferSide::both, 1, true, false},
    BufferRow{Buffer::dns_opcode, "dns.opcode", Protocol::dns, BufferSide::both, 1, false, false},
    BufferRow{Buffer::dns_rcode, "dns.rcode", Protocol::dns, BufferSide::both, 1, false, false},
    BufferRow{Buffer::dns_rrtype, "dns.rrtype", Protocol::dns, BufferSide::both, 1, true, false},
    BufferRow{Buffer::dns_response, "dns.response.rrname", Protocol::dns, BufferSide::to_client, 1, true, false},
};

}  // namespace tocsin::collectors
