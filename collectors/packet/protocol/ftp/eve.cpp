// FTP as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-ftp

#include <utility>

#include "collectors/packet/protocol/ftp/transaction.h"

namespace tocsin::collectors {

bool FtpTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("ftp").begin_object();
  if (!command.empty()) {
    json.member("command", record_text(command));
    if (!data.empty()) json.member("command_data", record_text(data));
    json.member("command_truncated", command_truncated);
  }
  bool any = false;
  for (const auto& reply : replies) {
    if (reply.code.empty()) continue;
    if (!std::exchange(any, true)) json.key("completion_code").begin_array();
    json.value(reply.code);
  }
  if (any) json.end_array();
  if (dynamic_port != 0) json.member("dynamic_port", dynamic_port);
  if (mode != FtpMode::none) json.member("mode", mode == FtpMode::active ? "active" : "passive");
  if (!replies.empty()) {
    json.key("reply").begin_array();
    for (const auto& reply : replies) json.value(record_text(reply.text));
    json.end_array();
  }
  json.member("reply_received", replies.empty() ? "no" : "yes");
  json.member("reply_truncated", reply_truncated);
  json.end_object();
  return true;
}

bool FtpDataTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("ftp_data").begin_object();
  if (!name_.empty()) json.member("filename", record_text(name_));
  const auto name = ftp_transfer_name(transfer_);
  if (!name.empty()) json.member("command", name);
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
