// SSH as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-ssh

#include "collectors/packet/protocol/ssh/transaction.h"

namespace tocsin::collectors {

std::uint32_t SshTransaction::record_count(const RecordDetail&) const {
  return side_[0].protocol.empty() && side_[1].protocol.empty() ? 0 : 1;
}

bool SshTransaction::describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose, std::uint32_t) const {
  if (record_count(detail) == 0) return false;
  json.key("ssh").begin_object();
  static constexpr std::array<std::string_view, 2> names{"client", "server"};
  for (std::size_t i = 0; i < side_.size(); ++i) {
    const Side& side = side_[i];
    if (side.protocol.empty()) continue;
    json.key(names[i]).begin_object();
    json.member("proto_version", record_text(side.protocol));
    if (!side.software.empty()) json.member("software_version", record_text(side.software));
    if (!side.hassh.empty())
      json.key("hassh")
          .begin_object()
          .member("hash", side.hassh)
          .member("string", record_text(side.hassh_text))
          .end_object();
    json.end_object();
  }
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
