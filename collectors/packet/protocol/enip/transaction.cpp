#include "collectors/packet/protocol/enip/transaction.h"

namespace tocsin::collectors {
namespace {

using Number = std::optional<std::uint64_t>;

Number of_cip(const CipMessage& cip, Buffer buffer, std::uint32_t index) {
  if (buffer == Buffer::enip_cip_extended_status)
    return index < cip.extended_status.size() ? Number(cip.extended_status[index]) : std::nullopt;
  if (index != 0) return std::nullopt;
  switch (buffer) {
    case Buffer::enip_cip_service: return cip.service & 0x7FU;
    case Buffer::enip_cip_class: return cip.class_id ? Number(*cip.class_id) : std::nullopt;
    case Buffer::enip_cip_instance: return cip.instance ? Number(*cip.instance) : std::nullopt;
    case Buffer::enip_cip_attribute: return cip.attribute ? Number(*cip.attribute) : std::nullopt;
    case Buffer::enip_cip_status: return cip.status ? Number(*cip.status) : std::nullopt;
    default: return std::nullopt;
  }
}

Number of_identity(const EnipIdentity& identity, Buffer buffer) {
  switch (buffer) {
    case Buffer::enip_device_type: return identity.device_type;
    case Buffer::enip_identity_status: return identity.status;
    case Buffer::enip_product_code: return identity.product_code;
    case Buffer::enip_protocol_version: return identity.protocol_version;
    case Buffer::enip_revision: return (std::uint64_t{identity.major} << 8U) | identity.minor;
    case Buffer::enip_serial: return identity.serial;
    case Buffer::enip_state: return identity.state;
    case Buffer::enip_vendor_id: return identity.vendor;
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Bytes> EnipTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction != Direction::to_client || index != 0 || !response) return std::nullopt;
  if (buffer == Buffer::enip_product_name && response->identity) return as_bytes(response->identity->product_name);
  if (buffer == Buffer::enip_service_name && response->services) return as_bytes(response->services->name);
  return std::nullopt;
}

std::optional<std::uint64_t> EnipTransaction::number_of(Buffer buffer, Direction direction, std::uint32_t index) const {
  const auto& message = direction == Direction::to_server ? request : response;
  if (!message) return std::nullopt;
  if (index == 0 && buffer == Buffer::enip_command) return message->header.command;
  if (index == 0 && buffer == Buffer::enip_status) return message->header.status;
  if (message->cip)
    if (const auto found = of_cip(*message->cip, buffer, index)) return found;
  if (index != 0) return std::nullopt;
  if (message->identity) return of_identity(*message->identity, buffer);
  if (!message->services) return std::nullopt;
  if (buffer == Buffer::enip_capabilities) return message->services->capabilities;
  if (buffer == Buffer::enip_protocol_version) return message->services->protocol_version;
  return std::nullopt;
}

}  // namespace tocsin::collectors
