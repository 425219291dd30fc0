#pragma once
// Inspection buffers of LDAP. Progress of a side: 1 a request, or an answer; it grows with each answer.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

inline constexpr std::array ldap_buffers{
    BufferRow{Buffer::ldap_request_operation, "ldap.request.operation", Protocol::ldap, BufferSide::to_server, 1, false,
              false},
    BufferRow{Buffer::ldap_request_dn, "ldap.request.dn", Protocol::ldap, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::ldap_request_attribute_type, "ldap.request.attribute_type", Protocol::ldap, BufferSide::to_server,
              1, true, false},
    BufferRow{Buffer::ldap_responses_operation, "ldap.responses.operation", Protocol::ldap, BufferSide::to_client, 1,
              true, false},
    BufferRow{Buffer::ldap_responses_count, "ldap.responses.count", Protocol::ldap, BufferSide::to_client, 1, false,
              false},
    BufferRow{Buffer::ldap_responses_dn, "ldap.responses.dn", Protocol::ldap, BufferSide::to_client, 1, true, false},
    BufferRow{Buffer::ldap_responses_result_code, "ldap.responses.result_code", Protocol::ldap, BufferSide::to_client,
              1, true, false},
    BufferRow{Buffer::ldap_responses_message, "ldap.responses.message", Protocol::ldap, BufferSide::to_client, 1, true,
              false},
    BufferRow{Buffer::ldap_responses_attribute_type, "ldap.responses.attribute_type", Protocol::ldap,
              BufferSide::to_client, 1, true, false},
};

}  // namespace tocsin::collectors
