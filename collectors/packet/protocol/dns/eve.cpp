// DNS as Suricata's EVE shows it, in its versions 3 and 2:
// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-dns

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/dns/transaction.h"

namespace tocsin::collectors {

namespace {

void append_flags(JsonWriter& json, const DnsMessage& message) {
  json.member("flags", fmt::format("{:x}", message.flags));
  static constexpr std::pair<unsigned, std::string_view> names[]{{0x8000, "qr"}, {0x0400, "aa"}, {0x0200, "tc"},
                                                                 {0x0100, "rd"}, {0x0080, "ra"}, {0x0040, "z"}};
  for (const auto& [bit, name] : names)
    if ((message.flags & bit) != 0) json.member(name, true);
}

void append_parts(JsonWriter& json, const DnsAuthority& soa) {
  json.begin_object();
  json.member("mname", record_text(soa.primary)).member("rname", record_text(soa.mailbox));
  json.member("serial", soa.serial).member("refresh", soa.refresh).member("retry", soa.retry);
  json.member("expire", soa.expire).member("minimum", soa.minimum);
  json.end_object();
}
void append_parts(JsonWriter& json, const DnsService& service) {
  json.begin_object();
  json.member("priority", service.priority).member("weight", service.weight).member("port", service.port);
  json.member("name", record_text(service.target));
  json.end_object();
}
void append_parts(JsonWriter& json, const DnsHostKey& key) {
  json.begin_object();
  json.member("fingerprint", key.fingerprint).member("algo", key.algorithm).member("type", key.type);
  json.end_object();
}

// Types whose data is one text.
bool is_plain(std::uint16_t type) noexcept {
  switch (type) {
    case 1:
    case 2:
    case 5:
    case 10:
    case 12:
    case 15:
    case 16:
    case 28: return true;
    default: return false;
  }
}

std::string data_text(const DnsRecord& record) {
  return record.address ? record_address(record.address) : record_text(record.data);
}

// Each string of a TXT record is shown as a record of its own.
void append_record(JsonWriter& json, const DnsRecord& record, const std::string* string = nullptr) {
  if (string == nullptr && record.strings.size() > 1) {
    for (const auto& each : record.strings) append_record(json, record, &each);
    return;
  }
  json.begin_object();
  json.member("rrname", record_text(record.name));
  if (record.name_truncated) json.member("rrname_truncated", true);
  json.member("rrtype", dns_type_name(record.type)).member("ttl", record.time_to_live);
  if (is_plain(record.type)) {
    json.member("rdata", string != nullptr ? record_text(*string) : data_text(record));
    if (record.data_truncated) json.member("rdata_truncated", true);
  } else if (const auto* soa = std::get_if<DnsAuthority>(&record.parts)) {
    append_parts(json.key("soa"), *soa);
  } else if (const auto* service = std::get_if<DnsService>(&record.parts)) {
    append_parts(json.key("srv"), *service);
  } else if (const auto* key = std::get_if<DnsHostKey>(&record.parts)) {
    append_parts(json.key("sshfp"), *key);
  } else if (const auto* options = std::get_if<std::vector<DnsOption>>(&record.parts)) {
    json.key("opt").begin_array();
    for (const auto& option : *options) {
      const auto data = as_bytes(option.data);
      json.begin_object().member("code", option.code).member("data", to_hex(data.data(), data.size())).end_object();
    }
    json.end_array();
  }
  json.end_object();
}

void append_section(JsonWriter& json, std::string_view name, const std::vector<DnsRecord>& records) {
  const auto shown = [](const DnsRecord& record) {
    const auto* options = std::get_if<std::vector<DnsOption>>(&record.parts);
    return options == nullptr || !options->empty();
  };
  if (std::ranges::none_of(records, shown)) return;
  json.key(name).begin_array();
  for (const auto& record : records)
    if (shown(record)) append_record(json, record);
  json.end_array();
}

// {"A": ["192.0.2.1"], "SOA": [{…}]}
void append_grouped(JsonWriter& json, const std::vector<DnsRecord>& answers) {
  std::map<std::string, std::vector<const DnsRecord*>> groups;
  for (const auto& answer : answers) {
    const bool has_parts = !std::holds_alternative<std::monostate>(answer.parts) &&
                           !std::holds_alternative<std::vector<DnsOption>>(answer.parts);
    if (is_plain(answer.type) || has_parts) groups[dns_type_name(answer.type)].push_back(&answer);
  }
  if (groups.empty()) return;
  json.key("grouped").begin_object();
  for (const auto& [type, records] : groups) {
    json.key(type).begin_array();
    for (const auto* record : records) {
      if (const auto* soa = std::get_if<DnsAuthority>(&record->parts)) append_parts(json, *soa);
      else if (const auto* service = std::get_if<DnsService>(&record->parts)) append_parts(json, *service);
      else if (const auto* key = std::get_if<DnsHostKey>(&record->parts)) append_parts(json, *key);
      else if (record->strings.empty()) json.value(data_text(*record));
      else
        for (const auto& string : record->strings) json.value(record_text(string));
    }
    json.end_array();
  }
  json.end_object();
}

}  // namespace

bool DnsTransaction::of_wanted_type(const DnsDetail& detail, const DnsQuestion& question) const {
  return detail.types.empty() || std::ranges::find(detail.types, question.type) != detail.types.end();
}

std::uint32_t DnsTransaction::record_count(const RecordDetail& detail) const {
  const bool answer = message_.is_response();
  if (answer ? !detail.dns.responses : !detail.dns.requests) return 0;
  const auto wanted = static_cast<std::uint32_t>(std::ranges::count_if(
      message_.questions, [&](const DnsQuestion& question) { return of_wanted_type(detail.dns, question); }));
  if (wanted == 0 && !detail.dns.types.empty()) return 0;
  if (detail.dns.version == 3 || answer) return 1;
  return wanted;
}

bool DnsTransaction::describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose,
                              std::uint32_t part) const {
  json.key("dns").begin_object();
  // Alerts have one form, whatever that of the records.
  if (detail.dns.version == 3 || purpose != RecordPurpose::record) {
    describe_3(json, detail.dns);
  } else {
    json.member("version", 2);
    if (message_.is_response()) {
      describe_2_answer(json, detail.dns);
    } else {
      std::uint32_t at = 0;
      for (const auto& question : message_.questions)
        if (of_wanted_type(detail.dns, question) && at++ == part) describe_2_query(json, question);
    }
  }
  json.end_object();
  return true;
}

void DnsTransaction::describe_3(JsonWriter& json, const DnsDetail& detail) const {
  json.member("version", 3).member("type", message_.is_response() ? "response" : "request");
  json.member("tx_id", number).member("id", message_.id);
  append_flags(json, message_);
  json.member("opcode", message_.opcode()).member("rcode", dns_response_code_name(message_.response_code()));
  if (!message_.questions.empty()) {
    json.key("queries").begin_array();
    for (const auto& question : message_.questions) {
      if (!of_wanted_type(detail, question)) continue;
      json.begin_object().member("rrname", record_text(question.name)).member("rrtype", dns_type_name(question.type));
      if (question.name_truncated) json.member("rrname_truncated", true);
      json.end_object();
    }
    json.end_array();
  }
  describe_answers(json, detail);
}

void DnsTransaction::describe_answers(JsonWriter& json, const DnsDetail& detail) const {
  if (!message_.answers.empty()) {
    if (detail.detailed) {
      json.key("answers").begin_array();
      for (const auto& answer : message_.answers) append_record(json, answer);
      json.end_array();
    }
    if (detail.grouped) append_grouped(json, message_.answers);
  }
  append_section(json, "authorities", message_.authorities);
  append_section(json, "additionals", message_.additionals);
}

void DnsTransaction::describe_2_query(JsonWriter& json, const DnsQuestion& question) const {
  json.member("type", "query").member("id", message_.id).member("rrname", record_text(question.name));
  if (question.name_truncated) json.member("rrname_truncated", true);
  json.member("rrtype", dns_type_name(question.type)).member("tx_id", number);
  if ((message_.flags & 0x0040U) != 0) json.member("z", true);
  json.member("opcode", message_.opcode());
}

void DnsTransaction::describe_2_answer(JsonWriter& json, const DnsDetail& detail) const {
  json.member("type", "answer").member("id", message_.id);
  append_flags(json, message_);
  json.member("opcode", message_.opcode());
  if (!message_.questions.empty()) {
    const auto& question = message_.questions.front();
    json.member("rrname", record_text(question.name)).member("rrtype", dns_type_name(question.type));
    if (question.name_truncated) json.member("rrname_truncated", true);
  }
  json.member("rcode", dns_response_code_name(message_.response_code()));
  describe_answers(json, detail);
}

}  // namespace tocsin::collectors
