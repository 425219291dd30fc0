// HTTP as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-http

#include <algorithm>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/http/authentication.h"
#include "collectors/packet/protocol/http/content_range.h"
#include "collectors/packet/protocol/http/transaction.h"

namespace tocsin::collectors {

namespace {

void append_range(JsonWriter& json, std::string_view text) {
  json.key("content_range").begin_object();
  json.member("raw", record_text(text));
  if (const auto range = ContentRange::parse(text)) {
    if (range->first) json.member("start", *range->first).member("end", *range->last);
    if (range->size) json.member("size", *range->size);
  }
  json.end_object();
}

void append_headers(JsonWriter& json, std::string_view name, const HttpSide& side) {
  json.key(name).begin_array();
  for (const auto& header : side.headers)
    json.begin_object()
        .member("name", record_text(header.name))
        .member("value", record_text(header.value))
        .end_object();
  json.end_array();
}

// A header as a member: "Accept-Encoding" → accept_encoding.
std::string member_name(std::string_view header) {
  std::string name = lower_ascii(header);
  std::ranges::replace(name, '-', '_');
  return name;
}

}  // namespace

void HttpTransaction::describe_basic(JsonWriter& json) const {
  const HttpSide& request = side(Direction::to_server);
  const HttpSide& response = side(Direction::to_client);
  const auto header = [&](std::string_view member, const HttpSide& from, std::string_view name) {
    if (const auto* found = from.find(name)) json.member(member, record_text(found->value));
  };
  if (!host.empty()) json.member("hostname", record_text(host));
  if (port > 0) json.member("http_port", port);
  if (!uri_raw.empty()) json.member("url", record_text(uri_raw));
  header("http_user_agent", request, "User-Agent");
  header("xff", request, "X-Forwarded-For");
  if (const auto* type = response.find("Content-Type"))
    json.member("http_content_type", record_text(std::string_view(type->value).substr(0, type->value.find(';'))));
  if (const auto* range = response.find("Content-Range")) append_range(json, range->value);
}

void HttpTransaction::describe_extended(JsonWriter& json) const {
  const HttpSide& request = side(Direction::to_server);
  const HttpSide& response = side(Direction::to_client);
  if (const auto* referrer = request.find("Referer")) json.member("http_refer", record_text(referrer->value));
  if (!method.empty()) json.member("http_method", record_text(method));
  if (!request.protocol.empty()) json.member("protocol", record_text(request.protocol));
  if (status != 0) json.member("status", status);
  else if (!status_text.empty()) json.member("status_string", record_text(status_text));
  if (const auto* location = response.find("Location")) json.member("redirect", record_text(location->value));
  json.member("length", response_length);
}

bool HttpTransaction::describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose,
                               std::uint32_t) const {
  json.key("http").begin_object();
  describe_basic(json);
  const bool own = purpose == RecordPurpose::record;
  if (!own || detail.http.extended) describe_extended(json);
  if (own) {
    for (const auto& name : detail.http.custom) {
      if (name == "content-range") continue;
      const auto* found = side(Direction::to_server).find(name);
      if (found == nullptr) found = side(Direction::to_client).find(name);
      if (found != nullptr) json.member(member_name(name), record_text(found->value));
    }
    if (const auto logon = http_logon(*this)) append_ntlm(json, *logon);
    if (detail.http.request_headers) append_headers(json, "request_headers", side(Direction::to_server));
    if (detail.http.response_headers) append_headers(json, "response_headers", side(Direction::to_client));
  }
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
