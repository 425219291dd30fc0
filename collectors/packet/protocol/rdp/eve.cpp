// RDP as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-rdp

#include <array>

#include "collectors/packet/protocol/rdp/transaction.h"

namespace tocsin::collectors {

namespace {

struct Flag {
  std::uint16_t bit;
  std::string_view name;
};
constexpr std::array request_flags{Flag{0x01, "restricted_admin_mode_required"},
                                   Flag{0x02, "redirected_authentication_mode_required"},
                                   Flag{0x08, "correlation_info_present"}};
constexpr std::array response_flags{Flag{0x01, "extended_client_data"}, Flag{0x02, "dynvc_gfx"},
                                    Flag{0x08, "restricted_admin"}, Flag{0x10, "redirected_auth"}};
constexpr std::array capability_flags{
    Flag{0x0001, "support_errinfo_pdf"},        Flag{0x0002, "want_32bpp_session"},
    Flag{0x0004, "support_statusinfo_pdu"},     Flag{0x0008, "strong_asymmetric_keys"},
    Flag{0x0020, "valid_connection_type"},      Flag{0x0040, "support_monitor_layout_pdu"},
    Flag{0x0080, "support_netchar_autodetect"}, Flag{0x0100, "support_dynvc_gfx_protocol"},
    Flag{0x0200, "support_dynamic_time_zone"},  Flag{0x0400, "support_heartbeat_pdu"}};

template <class Flags>
void append_flags(JsonWriter& json, std::string_view name, const Flags& flags, std::uint16_t value) {
  json.key(name).begin_array();
  for (const auto& flag : flags)
    if ((value & flag.bit) != 0) json.value(flag.name);
  json.end_array();
}

std::string_view protocol_text(std::uint32_t protocol) {
  switch (protocol) {
    case 0: return "rdp";
    case 1: return "ssl";
    case 2: return "hybrid";
    case 4: return "rds_tls";
    case 8: return "hybrid_ex";
    default: return "unknown";
  }
}

std::string_view error_text(std::uint32_t error) {
  static constexpr std::array<std::string_view, 7> names{"",
                                                         "ssl required by server",
                                                         "ssl not allowed by server",
                                                         "ssl cert not on server",
                                                         "inconsistent flags",
                                                         "hybrid required by server",
                                                         "ssl with user auth required by server"};
  return error < names.size() ? names[error] : std::string_view("unknown");
}

std::string_view keyboard_text(std::uint32_t type) {
  static constexpr std::array<std::string_view, 8> names{"", "xt", "ico", "at", "enhanced", "1050", "9140", "jp"};
  return type < names.size() ? names[type] : std::string_view{};
}

void append_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json.key(name).begin_array();
  for (const auto& text : texts) json.value(record_text(text));
  json.end_array();
}

void append_client(JsonWriter& json, const RdpClient& client) {
  json.key("client").begin_object().member("version", rdp_version_name(client.version));
  json.member("desktop_width", client.width).member("desktop_height", client.height);
  if (client.color_depth != 0) json.member("color_depth", client.color_depth);
  json.member("keyboard_layout", rdp_layout_name(client.keyboard_layout));
  json.member("build", rdp_build_name(client.build));
  if (!client.name.empty()) json.member("client_name", record_text(client.name));
  if (const auto type = keyboard_text(client.keyboard_type); !type.empty()) json.member("keyboard_type", type);
  if (client.keyboard_subtype != 0) json.member("keyboard_subtype", client.keyboard_subtype);
  if (client.function_keys != 0) json.member("function_keys", client.function_keys);
  if (!client.input_method.empty()) json.member("ime", record_text(client.input_method));
  if (client.product) json.member("product_id", *client.product);
  if (client.serial && *client.serial != 0) json.member("serial_number", *client.serial);
  if (client.capabilities != 0) append_flags(json, "capabilities", capability_flags, client.capabilities);
  if (!client.id.empty()) json.member("id", record_text(client.id));
  json.end_object();
}

}  // namespace

bool RdpTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("rdp").begin_object().member("tx_id", number).member("event_type", rdp_kind_name(message_.kind));
  if (message_.cookie) json.member("cookie", record_text(*message_.cookie));
  if (message_.flags && *message_.flags != 0) {
    if (message_.kind == RdpKind::initial_request) append_flags(json, "flags", request_flags, *message_.flags);
    else append_flags(json, "server_supports", response_flags, *message_.flags);
  }
  if (message_.protocol) json.member("protocol", protocol_text(*message_.protocol));
  if (message_.error) json.member("error_code", *message_.error).member("reason", error_text(*message_.error));
  if (message_.client) append_client(json, *message_.client);
  append_texts(json, "channels", message_.channels);
  append_texts(json, "x509_serials", message_.serials);
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
