// HTTP/2 as Suricata's EVE shows it:
// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-http

#include <algorithm>
#include <utility>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/http2/transaction.h"

namespace tocsin::collectors {
namespace {

std::string_view record_name(std::span<const Http2Name> names, std::uint32_t number) noexcept {
  const auto found = std::ranges::find(names, number, &Http2Name::number);
  return found == names.end() ? std::string_view{} : found->record;
}

bool tells(const Http2Frame& frame) noexcept { return frame.error || frame.weight || !frame.settings.empty(); }

void append_fields(JsonWriter& json, std::string_view name, const std::vector<Http2Field>& fields) {
  if (fields.empty()) return;
  json.key(name).begin_array();
  for (const auto& field : fields) {
    json.begin_object();
    if (field.table_size) json.member("table_size_update", *field.table_size);
    else json.member("name", record_text(field.name)).member("value", record_text(field.value));
    json.end_object();
  }
  json.end_array();
}

void append_settings(JsonWriter& json, const Http2Frame& frame) {
  json.key("settings").begin_array();
  for (const auto& [id, value] : frame.settings) {
    const auto name = record_name(http2_setting_names(), id);
    json.begin_object().member("settings_id", name.empty() ? std::to_string(id) : std::string(name));
    json.member("settings_value", value).end_object();
  }
  json.end_array();
}

}  // namespace

std::uint32_t Http2Transaction::record_count(const RecordDetail&) const {
  for (const auto& own : sides_)
    if (!own.fields.empty() || std::ranges::any_of(own.frames, tells)) return 1;
  return 0;
}

void Http2Transaction::append_common(JsonWriter& json) const {
  const auto text = [&](std::string_view member, Direction direction, std::string_view header) {
    const auto* value = field_value(direction, header);
    if (value != nullptr) json.member(member, record_text(*value));
    return value != nullptr;
  };
  if (!text("hostname", Direction::to_server, "host")) text("hostname", Direction::to_server, ":authority");
  text("url", Direction::to_server, ":path");
  text("http_method", Direction::to_server, ":method");
  text("http_user_agent", Direction::to_server, "user-agent");
  text("http_refer", Direction::to_server, "referer");
  if (!text("http_content_type", Direction::to_client, "content-type"))
    text("http_content_type", Direction::to_server, "content-type");
  if (const auto* status = field_value(Direction::to_client, ":status"))
    if (const auto code = parse_unsigned(*status)) json.member("status", *code);
  for (const auto direction : {Direction::to_client, Direction::to_server}) {
    const auto* length = field_value(direction, "content-length");
    const auto size = length == nullptr ? std::nullopt : parse_unsigned(*length);
    if (!size) continue;
    json.member("length", *size);
    break;
  }
}

// What a frame says is shown once of each kind.
void Http2Transaction::append_side(JsonWriter& json, Direction direction) const {
  bool settings = false, error = false, priority = false;
  json.begin_object();
  for (const auto& frame : side(direction).frames) {
    if (!frame.settings.empty() && !std::exchange(settings, true)) append_settings(json, frame);
    if (frame.error && !std::exchange(error, true)) {
      const auto name = record_name(http2_error_names(), *frame.error);
      json.member("error_code", name.empty() ? std::to_string(*frame.error) : std::string(name));
    }
    if (frame.weight && !std::exchange(priority, true)) json.member("priority", *frame.weight);
  }
  json.end_object();
}

bool Http2Transaction::describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose,
                                std::uint32_t) const {
  json.key("http").begin_object().member("version", "2");
  append_fields(json, "request_headers", sides_[0].fields);
  append_fields(json, "response_headers", sides_[1].fields);
  append_common(json);
  json.key("http2").begin_object().member("stream_id", stream_);
  json.key("request");
  append_side(json, Direction::to_server);
  json.key("response");
  append_side(json, Direction::to_client);
  json.end_object().end_object();
  const auto& dns = sides_[1].dns ? sides_[1].dns : sides_[0].dns;
  if (dns != nullptr) dns->describe(json, detail, purpose, 0);
  return true;
}

}  // namespace tocsin::collectors
