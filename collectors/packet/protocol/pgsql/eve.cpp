// PostgreSQL as Suricata's EVE shows it:
// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-pgsql

#include "collectors/packet/protocol/pgsql/transaction.h"

namespace tocsin::collectors {
namespace {

// "IntervalStyle" → "interval_style"
std::string member_name(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && i != 0 && out.back() != '_') out += '_';
    out += upper ? static_cast<char>(c + 32) : c;
  }
  return record_text(out);
}

void append_pair(JsonWriter& json, const std::pair<std::string, std::string>& pair) {
  json.begin_object().member(member_name(pair.first), record_text(pair.second)).end_object();
}

void append_startup(JsonWriter& json, const PgsqlRequest& request) {
  json.member("protocol_version", std::to_string(request.major) + "." + std::to_string(request.minor));
  json.key("startup_parameters").begin_object();
  bool others = false;
  for (const auto& pair : request.parameters) {
    if (pair.first == "user") json.member("user", record_text(pair.second));
    else others = true;
  }
  if (others) {
    json.key("optional_parameters").begin_array();
    for (const auto& pair : request.parameters)
      if (pair.first != "user") append_pair(json, pair);
    json.end_array();
  }
  json.end_object();
}

void append_copy(JsonWriter& json, const PgsqlRequest& request) {
  if (request.copies != 0) {
    json.key("copy_data_in").begin_object();
    json.member("msg_count", request.copies).member("data_size", request.copy_size).end_object();
  }
  if (request.copy_end)
    json.member("message", *request.copy_end == PgsqlRequestKind::copy_done ? "copy_done" : "copy_fail");
}

void append_request(JsonWriter& json, const PgsqlRequest& request, bool passwords) {
  using Kind = PgsqlRequestKind;
  json.key("request").begin_object();
  switch (request.kind) {
    case Kind::ssl: json.member("message", "SSL Request"); break;
    case Kind::gss_encryption: json.member("message", "GSS Encryption Request"); break;
    case Kind::cancel:
      json.member("message", "cancel_request").member("process_id", request.process);
      json.member("secret_key", request.secret);
      break;
    case Kind::startup: append_startup(json, request); break;
    case Kind::password:
      if (passwords) json.member("password", record_text(request.text));
      else json.member("password_redacted", true);
      break;
    case Kind::sasl_initial:
      json.member("sasl_authentication_mechanism", request.mechanism == "SCRAM-SHA-256"        ? "scram_SHA256"
                                                   : request.mechanism == "SCRAM-SHA-256-PLUS" ? "scram_SHA256_plus"
                                                                                               : "unknown_auth_method");
      json.member("sasl_param", record_text(request.text));
      break;
    case Kind::sasl_response: json.member("sasl_response", record_text(request.text)); break;
    case Kind::query: json.member("simple_query", record_text(request.text)); break;
    case Kind::extended:
      json.member("message", "extended_query");
      if (!request.text.empty()) json.member("query", record_text(request.text));
      break;
    case Kind::copy_data:
    case Kind::copy_done:
    case Kind::copy_fail: append_copy(json, request); break;
    case Kind::terminate: json.member("message", "termination_message"); break;
    case Kind::other: json.member("message", "unknown_frontend_message"); break;
  }
  json.end_object();
}

void append_rows(JsonWriter& json, const PgsqlResponse& response) {
  if (response.fields) json.member("field_count", *response.fields);
  if (response.rows != 0) json.member("data_rows", response.rows).member("data_size", response.rows_size);
  if (response.copy_in) json.key("copy_in_response").begin_object().member("columns", *response.copy_in).end_object();
  if (response.copy_out)
    json.key("copy_out_response").begin_object().member("columns", *response.copy_out).end_object();
  if (response.copies != 0) {
    json.key("copy_data_out").begin_object();
    json.member("row_count", response.copies).member("data_size", response.copy_size).end_object();
  }
}

void append_response(JsonWriter& json, const PgsqlResponse& response) {
  json.key("response").begin_object();
  if (response.ssl_accepted) json.member("ssl_accepted", *response.ssl_accepted);
  if (response.sasl_final) json.member("authentication_sasl_final", record_text(*response.sasl_final));
  if (response.md5_salt) json.member("authentication_md5_password", record_text(*response.md5_salt));
  // An error's own text is called the same.
  if (response.notice.empty() && !response.messages.empty()) json.member("message", response.messages.back());
  if (!response.parameters.empty()) {
    json.key("parameter_status").begin_array();
    for (const auto& pair : response.parameters) append_pair(json, pair);
    json.end_array();
  }
  if (response.key) json.member("process_id", response.key->first).member("secret_key", response.key->second);
  for (const auto& [name, value] : response.notice) json.member(name, record_text(value));
  append_rows(json, response);
  if (!response.completed.empty()) json.member("command_completed", record_text(response.completed.back()));
  if (!response.notifications.empty()) {
    const auto& first = response.notifications.front();
    json.member("message", "notification_response").member("pid", first.process);
    json.member("channel_name", record_text(first.channel));
    if (!first.payload.empty()) json.member("payload", record_text(first.payload));
  }
  json.end_object();
}

}  // namespace

bool PgsqlTransaction::describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose, std::uint32_t) const {
  json.key("pgsql").begin_object().member("tx_id", number + 1);
  if (request) append_request(json, *request, detail.pgsql.passwords);
  if (response.any) append_response(json, response);
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
