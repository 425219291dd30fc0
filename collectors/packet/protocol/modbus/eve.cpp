// Modbus as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html

#include "collectors/packet/protocol/modbus/transaction.h"

namespace tocsin::collectors {
namespace {

void append(JsonWriter& json, const ModbusMessage& message, bool request) {
  const auto* known = find_modbus_function(message.code());
  json.begin_object().member("transaction_id", message.transaction).member("protocol_id", message.protocol);
  json.member("unit_id", message.unit).member("function_raw", message.function);
  json.member("function_code", known == nullptr ? std::string_view("Unknown") : known->name);
  if (message.access() != 0) json.member("access_type", modbus_access_text(message.access()));
  json.member("category", modbus_category_name(modbus_category(message.code(), message.subfunction)));
  json.member("error_flags", message.short_data ? "DATA_LENGTH" : message.bad_value ? "DATA_VALUE" : "NONE");
  if (message.exception) {
    json.key("exception").begin_object().member("raw", *message.exception).end_object();
  } else if (message.subfunction) {
    json.key(message.code() == 43 ? "mei" : "diagnostic").begin_object().member("raw", *message.subfunction);
    json.end_object();
  } else if (request && message.address && message.values.empty()) {
    json.key("read").begin_object().member("address", *message.address);
    json.member("quantity", message.quantity.value_or(1)).end_object();
  } else if (request && message.address) {
    json.key("write").begin_object().member("address", *message.address);
    if (message.quantity) json.member("quantity", *message.quantity);
    else json.member("data", message.values.front());
    json.end_object();
  }
  json.end_object();
}

}  // namespace

bool ModbusTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("modbus").begin_object().member("id", number + 1);
  if (request) {
    json.key("request");
    append(json, *request, true);
  }
  if (response) {
    json.key("response");
    append(json, *response, false);
  }
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
