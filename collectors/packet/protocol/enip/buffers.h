#pragma once
// Inspection buffers and numbers of EtherNet/IP. Progress: 1 request, 2 answered.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

inline constexpr std::array enip_buffers{
    BufferRow{Buffer::enip_command, "enip_command", Protocol::enip, BufferSide::both, 1, false, false},
    BufferRow{Buffer::enip_status, "enip.status", Protocol::enip, BufferSide::both, 1, false, false},
    BufferRow{Buffer::enip_cip_service, "cip_service", Protocol::enip, BufferSide::both, 1, false, false},
    BufferRow{Buffer::enip_cip_class, "enip.cip_class", Protocol::enip, BufferSide::both, 1, false, false},
    BufferRow{Buffer::enip_cip_instance, "enip.cip_instance", Protocol::enip, BufferSide::both, 1, false, false},
    BufferRow{Buffer::enip_cip_attribute, "enip.cip_attribute", Protocol::enip, BufferSide::both, 1, false, false},
    BufferRow{Buffer::enip_cip_status, "enip.cip_status", Protocol::enip, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::enip_cip_extended_status, "enip.cip_extendedstatus", Protocol::enip, BufferSide::to_client, 1,
              true, false},
    BufferRow{Buffer::enip_capabilities, "enip.capabilities", Protocol::enip, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::enip_device_type, "enip.device_type", Protocol::enip, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::enip_identity_status, "enip.identity_status", Protocol::enip, BufferSide::to_client, 1, false,
              false},
    BufferRow{Buffer::enip_product_code, "enip.product_code", Protocol::enip, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::enip_protocol_version, "enip.protocol_version", Protocol::enip, BufferSide::to_client, 1, false,
              false},
    BufferRow{Buffer::enip_revision, "enip.revision", Protocol::enip, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::enip_serial, "enip.serial", Protocol::enip, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::enip_state, "enip.state", Protocol::enip, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::enip_vendor_id, "enip.vendor_id", Protocol::enip, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::enip_product_name, "enip.product_name", Protocol::enip, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::enip_service_name, "enip.service_name", Protocol::enip, BufferSide::to_client, 1, false, false},
};

}  // namespace tocsin::collectors
