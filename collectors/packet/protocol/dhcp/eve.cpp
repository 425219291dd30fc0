// DHCP as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-dhcp

#include <fmt/format.h>

#include "collectors/base/address.h"
#include "collectors/packet/protocol/dhcp/transaction.h"

namespace tocsin::collectors {

namespace {

std::string hex_pairs(Bytes bytes) {
  std::string out;
  for (const auto byte : bytes) out += fmt::format("{}{:02x}", out.empty() ? "" : ":", byte);
  return out;
}
std::string address_text(Bytes bytes) { return render_address(IpAddress::v4(bytes.first(4))); }

void append_addresses(JsonWriter& json, std::string_view name, Bytes bytes) {
  json.key(name).begin_array();
  for (; bytes.size() >= 4; bytes = bytes.subspan(4)) json.value(address_text(bytes));
  json.end_array();
}

}  // namespace

bool DhcpTransaction::describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose, std::uint32_t) const {
  const bool reply = message_.operation == DhcpMessage::reply;
  json.key("dhcp").begin_object().member("type", reply ? "reply" : "request").member("id", message_.id);
  json.member("client_mac", hex_pairs(Bytes(message_.hardware).first(message_.hardware_length)));
  json.member("assigned_ip", address_text(message_.assigned));
  if (detail.dhcp.extended) {
    json.member("client_ip", address_text(message_.client));
    if (reply) {
      json.member("relay_ip", address_text(message_.relay));
      json.member("next_server_ip", address_text(message_.next_server));
    }
  }
  for (const auto& option : message_.options) {
    // Told once, though it may come again in another field.
    if (message_.option(option.code) == &option) describe_option(json, option, detail.dhcp);
  }
  json.end_object();
  return true;
}

void DhcpTransaction::describe_option(JsonWriter& json, const DhcpOption& option, const DhcpDetail& detail) const {
  namespace code = dhcp_option;
  const bool reply = message_.operation == DhcpMessage::reply;
  const auto numeral = [&](std::string_view name) { json.member(name, ByteReader(option.data).u32()); };
  switch (option.code) {
    case code::type: {
      const auto name = dhcp_type_name(option.data[0]);
      json.member("dhcp_type", name.empty() ? fmt::format("{}", option.data[0]) : std::string(name));
      return;
    }
    case code::client_id: json.member("client_id", hex_pairs(Bytes(option.data).subspan(1))); return;
    case code::host_name: json.member("hostname", record_text(option.data)); return;
    case code::lease_time:
      if (reply) numeral("lease_time");
      return;
    default: break;
  }
  if (!detail.extended) return;
  switch (option.code) {
    case code::renewal_time: return numeral("renewal_time");
    case code::rebinding_time: return numeral("rebinding_time");
    case code::requested_ip: json.member("requested_ip", address_text(option.data)); return;
    case code::vendor_class: json.member("vendor_class_identifier", record_text(option.data)); return;
    case code::subnet_mask:
      if (reply) json.member("subnet_mask", address_text(option.data));
      return;
    case code::router:
      if (reply) append_addresses(json, "routers", option.data);
      return;
    case code::dns_server:
      if (reply) append_addresses(json, "dns_servers", option.data);
      return;
    case code::parameters: {
      json.key("params").begin_array();
      for (const auto parameter : option.data) {
        const auto name = dhcp_parameter_name(parameter);
        if (!name.empty()) json.value(name);
      }
      json.end_array();
      return;
    }
    default: return;
  }
}

}  // namespace tocsin::collectors
