#pragma once
// SNMP messages of versions 1, 2c and 3 (RFC 1157, 3416, 3412, 3414). Pure functions over hostile bytes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

struct SnmpMessage {
  std::uint8_t version = 0;         // 1, 2 (2c), 3
  std::string community;            // versions 1 and 2c
  std::optional<std::string> user;  // version 3
  bool encrypted = false;
  std::optional<std::uint8_t> kind;  // number of the PDU: 0 get-request … 8 report
  std::uint64_t error = 0;
  std::vector<std::string> variables;  // dotted, at most 256
  std::optional<std::uint64_t> trap;   // version 1: generic trap
  std::string trap_object, trap_address;
};

// The whole datagram. Nothing when it is not SNMP.
std::optional<SnmpMessage> parse_snmp(Bytes bytes);
// "1.3.6.1": dotted form of an encoded object identifier; at most 128 parts.
std::string render_object_identifier(Bytes content);

std::string_view snmp_kind_name(std::uint8_t kind) noexcept;
std::optional<std::uint8_t> find_snmp_kind(std::string_view name) noexcept;
std::string_view snmp_error_name(std::uint64_t error) noexcept;  // nothing for numbers nobody defined
std::string_view snmp_trap_name(std::uint64_t trap) noexcept;

}  // namespace tocsin::collectors
