#pragma once
// Inspection buffers of IKE. Each message is a transaction of its own.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

inline constexpr std::array ike_buffers{
    BufferRow{Buffer::ike_initiator_spi, "ike.init_spi", Protocol::ike, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::ike_responder_spi, "ike.resp_spi", Protocol::ike, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::ike_chosen_attribute, "ike.chosen_sa_attribute", Protocol::ike, BufferSide::to_client, 1, true,
              false},
    BufferRow{Buffer::ike_exchange_type, "ike.exchtype", Protocol::ike, BufferSide::both, 1, false, false},
    BufferRow{Buffer::ike_vendor, "ike.vendor", Protocol::ike, BufferSide::to_server, 1, true, false},
    BufferRow{Buffer::ike_key_exchange, "ike.key_exchange_payload", Protocol::ike, BufferSide::both, 1, false, false},
    BufferRow{Buffer::ike_key_exchange_length, "ike.key_exchange_payload_length", Protocol::ike, BufferSide::both, 1,
              false, false},
    BufferRow{Buffer::ike_nonce, "ike.nonce_payload", Protocol::ike, BufferSide::both, 1, false, false},
    BufferRow{Buffer::ike_nonce_length, "ike.nonce_payload_length", Protocol::ike, BufferSide::both, 1, false, false},
};

}  // namespace tocsin::collectors
