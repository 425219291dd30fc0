#include "collectors/packet/protocol/smb/transaction.h"

#include "collectors/packet/protocol/smb/buffers.h"
#include "collectors/packet/protocol/smb/command.h"

namespace tocsin::collectors {

namespace {

std::optional<Bytes> text(const std::string& value) {
  return value.empty() ? std::nullopt : std::optional(as_bytes(value));
}

}  // namespace

std::string SmbTransaction::command_name() const {
  return version == 1 ? smb1_command_name(command) : smb2_command_name(command);
}

std::string SmbTransaction::status_name() const {
  if (!status) return {};
  if (!dos_error || *status == 0) return smb_status_name(*status);
  return smb_dos_error_name(static_cast<std::uint8_t>(*status), static_cast<std::uint16_t>(*status >> 16));
}

std::uint8_t SmbTransaction::progress(Direction direction) const {
  return complete(direction) ? smb_progress::complete : smb_progress::begun;
}

std::optional<Bytes> SmbTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t at) const {
  if (const auto* call = as<DcerpcCall>()) return call->buffer(buffer, direction, at);
  if (at != 0) return std::nullopt;
  switch (buffer) {
    case Buffer::smb_named_pipe:
    case Buffer::smb_share: {
      const auto* share = as<SmbTree>();
      if (share == nullptr) return std::nullopt;
      // Only the answer tells for sure that it is no share.
      const bool pipe_for_sure = share->pipe && (share->service || share->kind != 0);
      if (buffer == Buffer::smb_named_pipe ? !share->pipe : pipe_for_sure) return std::nullopt;
      return text(share->name);
    }
    case Buffer::smb_ntlmssp_user:
    case Buffer::smb_ntlmssp_domain: {
      const auto* logon = as<SmbLogon>();
      if (logon == nullptr || !logon->ntlm) return std::nullopt;
      return text(buffer == Buffer::smb_ntlmssp_user ? logon->ntlm->user : logon->ntlm->domain);
    }
    case Buffer::file_data:
    case Buffer::file_name: {
      const auto* file = as<SmbFile>();
      if (file == nullptr || file->direction != direction) return std::nullopt;
      if (buffer == Buffer::file_name) return text(file->name);
      return file->kept.empty() ? std::nullopt : std::optional<Bytes>(file->kept);
    }
    default: return std::nullopt;
  }
}

std::optional<std::uint64_t> SmbTransaction::number_of(Buffer buffer, Direction direction, std::uint32_t at) const {
  if (buffer == Buffer::smb_version) return at == 0 ? std::optional<std::uint64_t>(version) : std::nullopt;
  if (const auto* call = as<DcerpcCall>()) return call->number_of(buffer, direction, at);
  return std::nullopt;
}

}  // namespace tocsin::collectors
