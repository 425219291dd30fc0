// ECS fields of a DHCP message.

#include <fmt/format.h>

#include "collectors/base/address.h"
#include "collectors/packet/protocol/dhcp/transaction.h"

namespace tocsin::collectors {

DhcpFields::DhcpFields(FieldNames& names)
    : type(names.intern("dhcp.type")),
      client_mac(names.intern("dhcp.client.mac")),
      assigned_ip(names.intern("dhcp.assigned_ip")),
      host_name(names.intern("dhcp.client.hostname")),
      lease_time(names.intern("dhcp.lease_time")) {}

void DhcpTransaction::fill(EventBuilder& builder) const {
  if (const auto name = dhcp_type_name(type()); !name.empty()) builder.set(fields_.type, name);
  std::string mac;
  for (std::size_t i = 0; i < message_.hardware_length; ++i)
    mac += fmt::format("{}{:02x}", i == 0 ? "" : ":", message_.hardware[i]);
  if (!mac.empty()) builder.set(fields_.client_mac, mac);
  builder.set(fields_.assigned_ip, render_address(IpAddress::v4(message_.assigned)));
  if (const auto* name = message_.option(dhcp_option::host_name)) builder.set(fields_.host_name, as_text(name->data));
  if (const auto seconds = message_.number(dhcp_option::lease_time))
    builder.set(fields_.lease_time, std::uint64_t{*seconds});
}

}  // namespace tocsin::collectors
