// ECS fields of FTP. ECS has none of its own for it; these are named after Suricata's.

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/ftp/transaction.h"

namespace tocsin::collectors {

FtpFields::FtpFields(FieldNames& names)
    : command(names.intern("ftp.command")),
      command_data(names.intern("ftp.command_data")),
      reply(names.intern("ftp.reply")),
      code(names.intern("ftp.completion_code")),
      mode(names.intern("ftp.mode")),
      dynamic_port(names.intern("ftp.dynamic_port")) {}

void FtpTransaction::fill(EventBuilder& builder) const {
  if (!command.empty()) builder.set(fields_.command, command);
  // Passwords do not get into the store.
  if (!data.empty()) builder.set(fields_.command_data, command == "PASS" || command == "ACCT" ? "********" : data);
  std::vector<std::string_view> texts;
  std::vector<std::string_view> codes;
  for (const auto& reply : replies) {
    if (!reply.text.empty()) texts.emplace_back(reply.text);
    if (!reply.code.empty()) codes.emplace_back(reply.code);
  }
  if (!texts.empty()) builder.set_list(fields_.reply, texts);
  if (!codes.empty()) builder.set_list(fields_.code, codes);
  if (dynamic_port == 0) return;
  builder.set(fields_.dynamic_port, std::uint64_t{dynamic_port});
  builder.set(fields_.mode, mode == FtpMode::active ? "active" : "passive");
}

void FtpDataTransaction::fill(EventBuilder& builder) const {
  const auto name = ftp_transfer_name(transfer_);
  if (!name.empty()) builder.set(fields_.command, name);
  if (!name_.empty()) builder.set(field::file_name, name_);
}

}  // namespace tocsin::collectors
