// RFB as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-rfb

#include <fmt/format.h>

#include "collectors/packet/protocol/rfb/transaction.h"

namespace tocsin::collectors {

namespace {

void append_version(JsonWriter& json, std::string_view name, const std::optional<RfbVersion>& version) {
  if (!version) return;
  json.key(name).begin_object().member("major", version->major).member("minor", version->minor).end_object();
}

std::string hex(Bytes bytes) {
  std::string out;
  for (const auto byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

void append_screen(JsonWriter& json, const RfbScreen& screen) {
  const auto& format = screen.format;
  json.key("framebuffer").begin_object();
  json.member("width", screen.width).member("height", screen.height).member("name", record_text(screen.name));
  json.key("pixel_format").begin_object();
  json.member("bits_per_pixel", format.bits_per_pixel).member("depth", format.depth);
  json.member("big_endian", format.big_endian).member("true_color", format.true_color);
  json.member("red_max", format.red_max).member("green_max", format.green_max).member("blue_max", format.blue_max);
  json.member("red_shift", format.red_shift).member("green_shift", format.green_shift);
  json.member("blue_shift", format.blue_shift);
  json.end_object().end_object();
}

}  // namespace

bool RfbTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("rfb").begin_object();
  append_version(json, "server_protocol_version", server_version);
  append_version(json, "client_protocol_version", client_version);
  if (security_type || security_result) {
    json.key("authentication").begin_object();
    if (security_type) json.member("security_type", *security_type);
    if (challenge || response) {
      json.key("vnc").begin_object();
      if (challenge) json.member("challenge", hex(*challenge));
      if (response) json.member("response", hex(*response));
      json.end_object();
    }
    if (security_result) json.member("security_result", rfb_result_name(*security_result));
    json.end_object();
  }
  if (!failure.empty()) json.member("server_security_failure_reason", record_text(failure));
  if (shared) json.member("screen_shared", *shared);
  if (screen) append_screen(json, *screen);
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
