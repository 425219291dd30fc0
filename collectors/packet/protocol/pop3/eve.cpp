// POP3 as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-pop3

#include "collectors/packet/protocol/pop3/transaction.h"

namespace tocsin::collectors {

namespace {

void append_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const auto& text : texts) json.value(record_text(text));
  json.end_array();
}

}  // namespace

bool Pop3Transaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("pop3").begin_object();
  if (!command.empty()) {
    json.key("request").begin_object().member("command", record_text(command));
    append_texts(json, "args", arguments);
    json.end_object();
  }
  if (answered) {
    json.key("response").begin_object();
    json.member("success", success).member("status", success ? "OK" : "ERR").member("header", record_text(header));
    append_texts(json, "data", lines);
    json.end_object();
  }
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
