#include "collectors/packet/protocol/tftp/transaction.h"

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"

namespace tocsin::collectors {

TftpFields::TftpFields(FieldNames& names) : operation(names.intern("tftp.packet")), mode(names.intern("tftp.mode")) {}

std::optional<TftpRequest> parse_tftp_request(Bytes datagram) {
  ByteReader reader(datagram);
  const auto operation = reader.u16();
  if (!reader.ok() || (operation != 1 && operation != 2)) return std::nullopt;
  TftpRequest out;
  out.write = operation == 2;
  const auto text = as_text(reader.rest());
  const std::size_t name_end = text.find('\0');
  if (name_end == 0 || name_end == std::string_view::npos) return std::nullopt;
  const auto rest = text.substr(name_end + 1);
  const std::size_t mode_end = rest.find('\0');
  if (mode_end == std::string_view::npos) return std::nullopt;
  out.file = text.substr(0, name_end);
  out.mode = lower_ascii(rest.substr(0, mode_end));
  if (out.mode != "octet" && out.mode != "netascii" && out.mode != "mail") return std::nullopt;
  return out;
}

void TftpTransaction::fill(EventBuilder& builder) const {
  builder.set(fields_.operation, request_.write ? "write" : "read");
  builder.set(fields_.mode, request_.mode);
  builder.set(field::file_name, request_.file);
}

// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-tftp
bool TftpTransaction::describe(JsonWriter& json, const RecordDetail&, RecordPurpose, std::uint32_t) const {
  json.key("tftp").begin_object();
  json.member("packet", request_.write ? "write" : "read");
  json.member("file", record_text(request_.file)).member("mode", request_.mode);
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
