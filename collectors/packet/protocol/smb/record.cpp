// ECS fields of an SMB transaction.

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/smb/transaction.h"

namespace tocsin::collectors {

SmbFields::SmbFields(FieldNames& names)
    : command(names.intern("smb.command")),
      status(names.intern("smb.status")),
      dialect(names.intern("smb.dialect")),
      share(names.intern("smb.share")),
      pipe(names.intern("smb.named_pipe")),
      disposition(names.intern("smb.disposition")),
      version(names.intern("smb.version")),
      dcerpc(names) {}

void SmbTransaction::fill(EventBuilder& builder) const {
  const auto text = [&](Field field, const std::string& value) {
    if (!value.empty()) builder.set(field, value);
  };
  builder.set(fields_.version, std::uint64_t{version});
  text(fields_.command, command_name());
  text(fields_.status, status_name());
  text(fields_.dialect, agreement_->dialect);
  if (const auto* logon = as<SmbLogon>()) {
    if (logon->ntlm) logon->ntlm->fill(builder);
  } else if (const auto* share = as<SmbTree>()) {
    text(share->pipe ? fields_.pipe : fields_.share, share->name);
  } else if (const auto* creation = as<SmbCreation>()) {
    text(field::file_name, creation->name);
  } else if (const auto* file = as<SmbFile>()) {
    text(field::file_name, file->name);
    text(fields_.share, file->share);
    builder.set(field::file_size, file->next);
  } else if (const auto* rename = as<SmbRename>()) {
    text(field::file_name, rename->from);
    text(field::file_target_path, rename->to);
  } else if (const auto* disposition = as<SmbDisposition>()) {
    text(field::file_name, disposition->name);
    if (disposition->remove) builder.set(fields_.disposition, "delete");
  } else if (const auto* call = as<DcerpcCall>()) {
    fill_dcerpc(builder, fields_.dcerpc, *call);
  }
}

}  // namespace tocsin::collectors
