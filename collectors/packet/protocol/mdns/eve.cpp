// Multicast DNS as Suricata's EVE shows it:
// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-mdns

#include "collectors/base/text.h"
#include "collectors/packet/protocol/mdns/transaction.h"

namespace tocsin::collectors {
namespace {

std::string type_name(std::uint16_t type) { return lower_ascii(dns_type_name(type)); }

void append_data(JsonWriter& json, const DnsRecord& record) {
  const auto name = type_name(record.type);
  if (!record.strings.empty()) {
    json.key(name).begin_array();
    for (const auto& text : record.strings) json.value(record_text(text));
    json.end_array();
    return;
  }
  if (const auto* service = std::get_if<DnsService>(&record.parts)) {
    json.key(name).begin_object().member("priority", service->priority).member("weight", service->weight);
    json.member("port", service->port).member("name", record_text(service->target)).end_object();
    return;
  }
  if (record.address) json.member(name, record_address(record.address));
  else if (!record.data.empty()) json.member(name, record_text(record.data));
}

void append(JsonWriter& json, std::string_view name, const std::vector<DnsRecord>& records) {
  if (records.empty()) return;
  json.key(name).begin_array();
  for (const auto& record : records) {
    json.begin_object().member("rrname", record_text(record.name));
    append_data(json, record);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

bool MdnsTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("mdns").begin_object().member("type", message_.is_response() ? "response" : "request");
  if (message_.id != 0) json.member("id", message_.id);
  if (!message_.questions.empty()) {
    json.key("queries").begin_array();
    for (const auto& question : message_.questions)
      json.begin_object()
          .member("rrname", record_text(question.name))
          .member("rrtype", type_name(question.type))
          .end_object();
    json.end_array();
  }
  append(json, "answers", message_.answers);
  append(json, "authorities", message_.authorities);
  append(json, "additionals", message_.additionals);
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
