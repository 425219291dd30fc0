#pragma once
// EtherNet/IP encapsulation (ODVA, The CIP Networks Library, volume 2) and the CIP message inside (volume 1).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

struct EnipName {
  std::uint16_t number;
  std::string_view name;
};
std::span<const EnipName> enip_command_names() noexcept;
std::string_view enip_status_name(std::uint32_t status) noexcept;  // empty when unknown
std::string_view enip_vendor_name(std::uint16_t vendor) noexcept;

struct EnipHeader {
  static constexpr std::size_t size = 24;
  std::uint16_t command = 0, length = 0;
  std::uint32_t session = 0, status = 0;
};
EnipHeader parse_enip_header(Bytes bytes) noexcept;  // 24 bytes at least

struct EnipIdentity {
  std::uint16_t protocol_version = 0, vendor = 0, device_type = 0, product_code = 0, status = 0;
  std::uint8_t major = 0, minor = 0, state = 0;
  std::uint32_t serial = 0;
  std::string product_name;
};
struct EnipServices {
  std::uint16_t protocol_version = 0, capabilities = 0;
  std::string name;
};
struct CipMessage {
  std::uint8_t service = 0;  // bit 7: a response
  std::optional<std::uint32_t> class_id, instance, attribute;
  std::optional<std::uint8_t> status;
  std::vector<std::uint16_t> extended_status;
  bool response() const noexcept { return (service & 0x80U) != 0; }
};
struct EnipMessage {
  EnipHeader header;
  std::optional<EnipIdentity> identity;
  std::optional<EnipServices> services;
  std::optional<CipMessage> cip;
  bool malformed = false;
};
EnipMessage parse_enip(Bytes bytes, bool response);

}  // namespace tocsin::collectors
