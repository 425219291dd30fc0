// LDAP as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-ldap

#include <array>

#include "collectors/packet/protocol/ldap/transaction.h"

namespace tocsin::collectors {

namespace {

void append_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const auto& text : texts) json.value(record_text(text));
  json.end_array();
}

void append_attributes(JsonWriter& json, std::string_view key, const std::vector<LdapAttribute>& attributes) {
  if (attributes.empty()) return;
  json.key("attributes").begin_array();
  for (const auto& attribute : attributes) {
    json.begin_object().member(key, record_text(attribute.type));
    append_texts(json, "values", attribute.values);
    json.end_object();
  }
  json.end_array();
}

void append_search(JsonWriter& json, const LdapMessage& message) {
  const auto& search = *message.search;
  json.member("base_object", record_text(message.name)).member("scope", search.scope);
  json.member("deref_alias", search.aliases).member("size_limit", search.size_limit);
  json.member("time_limit", search.time_limit).member("types_only", search.types_only);
  if (!search.attributes.empty()) append_texts(json, "attributes", search.attributes);
}

void append_changes(JsonWriter& json, const LdapMessage& message) {
  static constexpr std::array<std::string_view, 4> kinds{"add", "delete", "replace", "increment"};
  json.member("object", record_text(message.name));
  if (message.changes.empty()) return;
  json.key("changes").begin_array();
  for (const auto& change : message.changes) {
    const auto kind = static_cast<std::size_t>(change.operation);
    json.begin_object().member("operation", kind < kinds.size() ? kinds[kind] : std::string_view("unknown"));
    json.key("modification").begin_object().member("attribute_type", record_text(change.attribute.type));
    if (!change.attribute.values.empty()) append_texts(json, "attribute_values", change.attribute.values);
    json.end_object().end_object();
  }
  json.end_array();
}

void append_request(JsonWriter& json, const LdapMessage& message) {
  const auto text = [&](std::string_view name, const std::string& value) { json.member(name, record_text(value)); };
  using enum LdapOperation;
  switch (message.operation) {
    case bind_request:
      json.member("version", message.version);
      text("name", message.name);
      if (message.mechanism)
        json.key("sasl").begin_object().member("mechanism", record_text(*message.mechanism)).end_object();
      if (message.logon) append_ntlm(json, *message.logon);
      return;
    case search_request: return append_search(json, message);
    case modify_request: return append_changes(json, message);
    case add_request: text("entry", message.name); return append_attributes(json, "name", message.attributes);
    case del_request: return text("dn", message.name);
    case mod_dn_request:
      text("entry", message.name);
      text("new_rdn", message.new_name);
      json.member("delete_old_rdn", message.delete_old_name);
      if (message.new_superior) text("new_superior", *message.new_superior);
      return;
    case compare_request:
      text("entry", message.name);
      json.key("attribute_value_assertion").begin_object();
      text("description", message.assertion->type);
      text("value", message.assertion->values.front());
      json.end_object();
      return;
    case abandon_request: json.member("message_id", message.abandoned); return;
    default:
      if (message.object) text("name", *message.object);
      if (message.value) text("value", *message.value);
  }
}

void append_response(JsonWriter& json, const LdapMessage& message) {
  if (message.result) {
    const auto name = ldap_result_name(message.result->code);
    json.member("result_code", name.empty() ? std::to_string(message.result->code) : std::string(name));
    json.member("matched_dn", record_text(message.result->matched_name));
    json.member("message", record_text(message.result->message));
  }
  if (message.operation == LdapOperation::search_result_entry) {
    json.member("base_object", record_text(message.name));
    append_attributes(json, "type", message.attributes);
  }
  if (!message.references.empty()) append_texts(json, "uris", message.references);
  if (message.object) json.member("name", record_text(*message.object));
  if (message.value) json.member("value", record_text(*message.value));
}

}  // namespace

bool LdapTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("ldap").begin_object();
  if (request) {
    const auto name = ldap_operation_name(request->operation);
    json.key("request").begin_object().member("message_id", request->id).member("operation", name);
    if (request->operation != LdapOperation::unbind_request) {
      json.key(name).begin_object();
      append_request(json, *request);
      json.end_object();
    }
    json.end_object();
  }
  if (!responses.empty()) {
    json.key("responses").begin_array();
    for (const auto& response : responses) {
      const auto name = ldap_operation_name(response.operation);
      json.begin_object().member("operation", name);
      if (!request) json.member("message_id", response.id);
      json.key(name).begin_object();
      append_response(json, response);
      json.end_object().end_object();
    }
    json.end_array();
  }
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
