// EtherNet/IP as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html

#include "collectors/packet/protocol/enip/transaction.h"

namespace tocsin::collectors {
namespace {

std::string command_name(std::uint16_t command) {
  for (const auto& known : enip_command_names())
    if (known.number == command) return std::string(known.name);
  return "unknown-" + std::to_string(command);
}

std::string or_number(std::string_view name, std::uint64_t number) {
  return name.empty() ? "unknown-" + std::to_string(number) : std::string(name);
}

void append_identity(JsonWriter& json, const EnipIdentity& identity) {
  json.key("identity").begin_object().member("protocol_version", identity.protocol_version);
  json.member("revision", std::to_string(identity.major) + "." + std::to_string(identity.minor));
  json.member("vendor_id", or_number(enip_vendor_name(identity.vendor), identity.vendor));
  json.member("device_type", identity.device_type).member("product_code", identity.product_code);
  json.member("status", identity.status).member("serial", identity.serial);
  json.member("product_name", record_text(identity.product_name)).member("state", identity.state).end_object();
}

void append_cip(JsonWriter& json, const CipMessage& cip) {
  json.key("cip").begin_object().member("service", cip.service & 0x7FU);
  if (cip.class_id) json.member("class", *cip.class_id);
  if (cip.instance) json.member("instance", *cip.instance);
  if (cip.attribute) json.member("attribute", *cip.attribute);
  if (cip.status) json.member("status", *cip.status);
  json.end_object();
}

void append(JsonWriter& json, const EnipMessage& message) {
  json.begin_object().member("command", command_name(message.header.command));
  json.member("status", or_number(enip_status_name(message.header.status), message.header.status));
  if (message.identity) append_identity(json, *message.identity);
  if (message.services) {
    json.key("list_services").begin_object().member("protocol_version", message.services->protocol_version);
    json.member("capabilities", message.services->capabilities);
    json.member("service_name", record_text(message.services->name)).end_object();
  }
  if (message.cip) append_cip(json, *message.cip);
  json.end_object();
}

}  // namespace

bool EnipTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("enip").begin_object();
  if (request) {
    json.key("request");
    append(json, *request);
  }
  if (response) {
    json.key("response");
    append(json, *response);
  }
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
