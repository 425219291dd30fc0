// SIP as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-sip

#include <algorithm>
#include <array>

#include "collectors/packet/protocol/sip/transaction.h"

namespace tocsin::collectors {

namespace {

struct Member {
  char kind;
  std::string_view name;
  bool list;
};
// In the order of RFC 8866, section 9.
constexpr auto session_members = std::to_array<Member>({{'o', "origin", false},
                                                        {'s', "session_name", false},
                                                        {'i', "session_info", false},
                                                        {'u', "uri", false},
                                                        {'e', "email", false},
                                                        {'p', "phone_number", false},
                                                        {'c', "connection_data", false},
                                                        {'b', "bandwidths", true},
                                                        {'z', "timezone", false},
                                                        {'k', "encryption_key", false},
                                                        {'a', "attributes", true}});
constexpr auto media_members = std::to_array<Member>({{'m', "media", false},
                                                      {'i', "media_info", false},
                                                      {'c', "connection_data", false},
                                                      {'b', "bandwidths", true},
                                                      {'k', "encryption_key", false},
                                                      {'a', "attributes", true}});

void append_member(JsonWriter& json, const std::vector<SdpLine>& lines, int medium, const Member& member) {
  const auto fits = [&](const SdpLine& line) { return line.kind == member.kind && line.medium == medium; };
  const auto first = std::ranges::find_if(lines, fits);
  if (first == lines.end()) return;
  if (!member.list) {
    json.member(member.name, record_text(first->value));
    return;
  }
  json.key(member.name).begin_array();
  for (const auto& line : lines)
    if (fits(line)) json.value(record_text(line.value));
  json.end_array();
}

// Each time with the repetitions that follow it.
void append_times(JsonWriter& json, const std::vector<SdpLine>& lines) {
  bool any = false;
  bool open = false;
  for (const auto& line : lines) {
    if (line.medium >= 0) continue;
    if (line.kind == 't') {
      if (!any) json.key("time_descriptions").begin_array();
      if (open) json.end_object();
      any = open = true;
      json.begin_object().member("time", record_text(line.value));
    } else if (line.kind == 'r' && open) {
      json.member("repeat_time", record_text(line.value)).end_object();
      open = false;
    }
  }
  if (open) json.end_object();
  if (any) json.end_array();
}

void append_description(JsonWriter& json, const std::vector<SdpLine>& lines) {
  json.key("sdp").begin_object();
  for (const auto& member : session_members) {
    append_member(json, lines, -1, member);
    if (member.kind == 'b') append_times(json, lines);
  }
  const int media = lines.back().medium;
  if (media >= 0) {
    json.key("media_descriptions").begin_array();
    for (int i = 0; i <= media; ++i) {
      json.begin_object();
      for (const auto& member : media_members) append_member(json, lines, i, member);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
}

}  // namespace

bool SipTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("sip").begin_object();
  if (message_.request) {
    json.member("method", record_text(message_.method)).member("uri", record_text(message_.uri));
    json.member("version", record_text(message_.version)).member("request_line", record_text(message_.line));
  } else {
    json.member("version", record_text(message_.version)).member("code", record_text(message_.code));
    json.member("reason", record_text(message_.reason)).member("response_line", record_text(message_.line));
  }
  if (!message_.description.empty()) append_description(json, message_.description);
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
