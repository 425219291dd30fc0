#include "collectors/packet/protocol/snmp/message.h"

#include <array>

#include "collectors/packet/protocol/der.h"

namespace tocsin::collectors {

namespace {

namespace tag {
constexpr std::uint8_t integer = 0x02, octets = 0x04, object = 0x06, sequence = 0x30, address = 0x40, pdu = 0xA0;
}
constexpr std::uint8_t trap_v1 = 4, kinds = 9;
constexpr std::size_t variables_most = 256;

std::optional<std::int64_t> take_integer(ByteReader& reader) {
  const auto content = take_der(reader, tag::integer);
  return content ? der_integer(*content) : std::nullopt;
}

void read_variables(ByteReader& reader, SnmpMessage& out) {
  const auto list = take_der(reader, tag::sequence);
  if (!list) return;
  ByteReader items(*list);
  while (out.variables.size() < variables_most) {
    const auto item = take_der(items, tag::sequence);
    if (!item) return;
    ByteReader pair(*item);
    if (const auto name = take_der(pair, tag::object)) out.variables.push_back(render_object_identifier(*name));
  }
}

bool read_trap(ByteReader& reader, SnmpMessage& out) {
  const auto object = take_der(reader, tag::object);
  const auto address = take_der(reader, tag::address);
  const auto trap = take_integer(reader);
  if (!object || !address || !trap || *trap < 0) return false;
  out.trap_object = render_object_identifier(*object);
  if (address->size() == 4)
    out.trap_address = std::to_string((*address)[0]) + "." + std::to_string((*address)[1]) + "." +
                       std::to_string((*address)[2]) + "." + std::to_string((*address)[3]);
  out.trap = static_cast<std::uint64_t>(*trap);
  if (!take_integer(reader) || !next_der(reader)) return false;  // specific trap, time
  read_variables(reader, out);
  return true;
}

bool read_pdu(ByteReader& reader, SnmpMessage& out) {
  const auto pdu = next_der(reader);
  if (!pdu || pdu->tag < tag::pdu || pdu->tag >= tag::pdu + kinds) return false;
  out.kind = static_cast<std::uint8_t>(pdu->tag - tag::pdu);
  ByteReader fields(pdu->content);
  if (out.kind == trap_v1) return read_trap(fields, out);
  const auto id = take_integer(fields);
  const auto error = take_integer(fields);
  const auto place = take_integer(fields);
  if (!id || !error || !place) return false;
  static constexpr std::uint8_t bulk = 5;  // counts instead of an error
  if (out.kind != bulk && *error > 0) out.error = static_cast<std::uint64_t>(*error);
  read_variables(fields, out);
  return true;
}

bool read_v3(ByteReader& reader, SnmpMessage& out) {
  const auto global = take_der(reader, tag::sequence);
  const auto security = take_der(reader, tag::octets);
  if (!global || !security) return false;
  ByteReader header(*global);
  if (!take_integer(header) || !take_integer(header)) return false;
  const auto flags = take_der(header, tag::octets);
  const auto model = take_integer(header);
  if (!flags || flags->size() != 1 || !model) return false;
  out.encrypted = ((*flags)[0] & 0x02U) != 0;
  static constexpr std::int64_t user_based = 3;
  if (*model == user_based) {
    ByteReader outer(*security);
    ByteReader fields(take_der(outer, tag::sequence).value_or(Bytes{}));
    if (take_der(fields, tag::octets) && take_integer(fields) && take_integer(fields))
      if (const auto user = take_der(fields, tag::octets)) out.user = std::string(as_text(*user));
  }
  if (out.encrypted) return true;
  const auto scoped = take_der(reader, tag::sequence);
  if (!scoped) return false;
  ByteReader content(*scoped);
  return take_der(content, tag::octets) && take_der(content, tag::octets) && read_pdu(content, out);
}

}  // namespace

std::string render_object_identifier(Bytes content) {
  static constexpr std::size_t parts_most = 128;
  std::string out;
  std::uint64_t value = 0;
  std::size_t parts = 0;
  for (const auto byte : content) {
    value = (value << 7U) | (byte & 0x7FU);
    if ((byte & 0x80U) != 0) continue;
    if (parts == 0) {  // the first byte holds two
      const std::uint64_t root = value < 80 ? value / 40 : 2;
      out = std::to_string(root) + '.' + std::to_string(value - 40 * root);
    } else {
      out += '.' + std::to_string(value);
    }
    value = 0;
    if (++parts >= parts_most) break;
  }
  return out;
}

std::optional<SnmpMessage> parse_snmp(Bytes bytes) {
  ByteReader outer(bytes);
  const auto message = take_der(outer, tag::sequence);
  if (!message) return std::nullopt;
  ByteReader reader(*message);
  const auto version = take_integer(reader);
  SnmpMessage out;
  if (!version || (*version != 0 && *version != 1 && *version != 3)) return std::nullopt;
  out.version = static_cast<std::uint8_t>(*version == 3 ? 3 : *version + 1);
  if (out.version == 3) {
    if (!read_v3(reader, out)) return std::nullopt;
    return out;
  }
  const auto community = take_der(reader, tag::octets);
  if (!community) return std::nullopt;
  out.community = as_text(*community);
  if (!read_pdu(reader, out)) return std::nullopt;
  return out;
}

std::string_view snmp_kind_name(std::uint8_t kind) noexcept {
  static constexpr std::array<std::string_view, kinds> names{"get_request",    "get_next_request", "response",
                                                             "set_request",    "trap_v1",          "get_bulk_request",
                                                             "inform_request", "trap_v2",          "report"};
  return kind < names.size() ? names[kind] : std::string_view{};
}

std::optional<std::uint8_t> find_snmp_kind(std::string_view name) noexcept {
  for (std::uint8_t kind = 0; kind < kinds; ++kind)
    if (name == snmp_kind_name(kind)) return kind;
  return std::nullopt;
}

std::string_view snmp_error_name(std::uint64_t error) noexcept {
  static constexpr std::array<std::string_view, 19> names{"no_error",
                                                          "too_big",
                                                          "no_such_name",
                                                          "bad_value",
                                                          "read_only",
                                                          "gen_err",
                                                          "no_access",
                                                          "wrong_type",
                                                          "wrong_length",
                                                          "wrong_encoding",
                                                          "wrong_value",
                                                          "no_creation",
                                                          "inconsistent_value",
                                                          "resource_unavailable",
                                                          "commit_failed",
                                                          "undo_failed",
                                                          "authorization_error",
                                                          "not_writable",
                                                          "inconsistent_name"};
  return error < names.size() ? names[error] : std::string_view{};
}

std::string_view snmp_trap_name(std::uint64_t trap) noexcept {
  static constexpr std::array<std::string_view, 7> names{
      "cold_start",        "warm_start",         "link_down", "link_up", "authentication_failure",
      "egp_neighbor_loss", "enterprise_specific"};
  return trap < names.size() ? names[trap] : std::string_view{};
}

}  // namespace tocsin::collectors
