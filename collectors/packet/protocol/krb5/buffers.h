#pragma once
// Inspection buffers of Kerberos. Each message is a transaction of its own; names come part by part.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

inline constexpr std::array krb5_buffers{
    BufferRow{Buffer::krb5_cname, "krb5.cname", Protocol::krb5, BufferSide::to_client, 1, true, false},
    BufferRow{Buffer::krb5_sname, "krb5.sname", Protocol::krb5, BufferSide::to_client, 1, true, false},
    BufferRow{Buffer::krb5_message_type, "krb5.msg_type", Protocol::krb5, BufferSide::both, 1, false, false},
    BufferRow{Buffer::krb5_error_code, "krb5.err_code", Protocol::krb5, BufferSide::both, 1, false, false},
    BufferRow{Buffer::krb5_ticket_encryption, "krb5.ticket_encryption", Protocol::krb5, BufferSide::both, 1, false,
              false},
};

}  // namespace tocsin::collectors
