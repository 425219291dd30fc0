#pragma once
// Inspection buffers of SIP and of the session descriptions in it. Each message is a transaction of its own.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

inline constexpr std::array sip_buffers{
    BufferRow{Buffer::sip_method, "sip.method", Protocol::sip, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::sip_uri, "sip.uri", Protocol::sip, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::sip_request_line, "sip.request_line", Protocol::sip, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::sip_stat_code, "sip.stat_code", Protocol::sip, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::sip_stat_msg, "sip.stat_msg", Protocol::sip, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::sip_response_line, "sip.response_line", Protocol::sip, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::sip_protocol, "sip.protocol", Protocol::sip, BufferSide::both, 1, false, false},
    BufferRow{Buffer::sip_from, "sip.from", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sip_to, "sip.to", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sip_via, "sip.via", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sip_user_agent, "sip.user_agent", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sip_content_type, "sip.content_type", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sip_content_length, "sip.content_length", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_origin, "sdp.origin", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_session_name, "sdp.session_name", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_session_info, "sdp.session_info", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_uri, "sdp.uri", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_email, "sdp.email", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_phone_number, "sdp.phone_number", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_connection_data, "sdp.connection_data", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_bandwidth, "sdp.bandwidth", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_time, "sdp.time", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_repeat_time, "sdp.repeat_time", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_timezone, "sdp.timezone", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_encryption_key, "sdp.encryption_key", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_attribute, "sdp.attribute", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_media_media, "sdp.media.media", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_media_media_info, "sdp.media.media_info", Protocol::sip, BufferSide::both, 1, true, false},
    BufferRow{Buffer::sdp_media_connection_data, "sdp.media.connection_data", Protocol::sip, BufferSide::both, 1, true,
              false},
    BufferRow{Buffer::sdp_media_encryption_key, "sdp.media.encryption_key", Protocol::sip, BufferSide::both, 1, true,
              false},
};

}  // namespace tocsin::collectors
