#include "collectors/packet/protocol/krb5/message.h"

#include "collectors/packet/protocol/der.h"

namespace tocsin::collectors {

namespace {

constexpr std::uint8_t sequence = 0x30, integer = 0x02, general_string = 0x1B;
constexpr std::size_t parts_most = 32;

constexpr std::uint8_t context(unsigned number) noexcept { return static_cast<std::uint8_t>(0xA0U | number); }

// The content of the field of a SEQUENCE that carries this number; fields before it are passed over.
std::optional<Bytes> field(Bytes fields, unsigned number) {
  ByteReader reader(fields);
  while (reader.remaining() != 0) {
    const auto item = next_der(reader);
    if (!item) return std::nullopt;
    if (item->tag == context(number)) return item->content;
  }
  return std::nullopt;
}

std::optional<Bytes> inside(std::optional<Bytes> bytes, std::uint8_t tag) {
  if (!bytes) return std::nullopt;
  ByteReader reader(*bytes);
  return take_der(reader, tag);
}

std::optional<std::int32_t> number(std::optional<Bytes> bytes) {
  const auto content = inside(bytes, integer);
  const auto value = content ? der_integer(*content) : std::nullopt;
  if (!value || *value < INT32_MIN || *value > INT32_MAX) return std::nullopt;
  return static_cast<std::int32_t>(*value);
}

std::optional<std::string> text(std::optional<Bytes> bytes) {
  const auto content = inside(bytes, general_string);
  return content ? std::optional(std::string(as_text(*content))) : std::nullopt;
}

std::optional<KerberosName> name(std::optional<Bytes> bytes) {
  const auto fields = inside(bytes, sequence);
  if (!fields) return std::nullopt;
  const auto list = inside(field(*fields, 1), sequence);
  if (!list) return std::nullopt;
  KerberosName out;
  ByteReader reader(*list);
  while (reader.remaining() != 0 && out.size() < parts_most) {
    const auto part = take_der(reader, general_string);
    if (!part) break;
    out.emplace_back(as_text(*part));
  }
  return out;
}

std::optional<std::int32_t> cipher(std::optional<Bytes> encrypted) {
  const auto fields = inside(encrypted, sequence);
  return fields ? number(field(*fields, 0)) : std::nullopt;
}

bool request(Bytes fields, KerberosMessage& message) {
  const auto body = inside(field(fields, 4), sequence);
  if (!body) return false;
  message.client = name(field(*body, 1));
  message.realm = text(field(*body, 2));
  message.server = name(field(*body, 3));
  return message.realm.has_value();
}

bool reply(Bytes fields, KerberosMessage& message) {
  static constexpr std::uint8_t ticket_tag = 0x61;
  message.realm = text(field(fields, 3));
  message.client = name(field(fields, 4));
  const auto ticket = inside(inside(field(fields, 5), ticket_tag), sequence);
  message.encryption = cipher(field(fields, 6));
  if (!ticket || !message.client || !message.encryption) return false;
  message.server = name(field(*ticket, 2));
  message.ticket_encryption = cipher(field(*ticket, 3));
  return true;
}

bool error(Bytes fields, KerberosMessage& message) {
  message.error = number(field(fields, 6));
  message.client = name(field(fields, 8));
  message.realm = text(field(fields, 9));
  message.server = name(field(fields, 10));
  return message.error.has_value();
}

}  // namespace

std::optional<std::uint8_t> peek_kerberos(Bytes bytes) {
  if (bytes.empty() || (bytes[0] & 0xE0U) != 0x60) return std::nullopt;
  const auto type = static_cast<std::uint8_t>(bytes[0] & 0x1FU);
  if (kerberos_type_name(type).empty()) return std::nullopt;
  const auto outer = der_size(bytes);
  if (!outer || bytes.size() < outer->header) return std::nullopt;
  const Bytes content = bytes.subspan(outer->header);
  const auto inner = der_size(content);
  if (!inner || content[0] != sequence || content.size() < inner->header + 5) return std::nullopt;
  // The version of the protocol comes first.
  const bool asks = type == krb5_type::as_request || type == krb5_type::tgs_request;
  ByteReader version(content.subspan(inner->header, 5));
  return version.u8() == context(asks ? 1 : 0) && version.u32() == 0x03020105 ? std::optional(type) : std::nullopt;
}

std::optional<KerberosMessage> parse_kerberos(Bytes bytes) {
  const auto type = peek_kerberos(bytes);
  if (!type) return std::nullopt;
  ByteReader reader(bytes);
  const auto fields = inside(take_der(reader, bytes[0]), sequence);
  if (!fields) return std::nullopt;
  KerberosMessage message;
  message.type = *type;
  bool good = true;
  switch (*type) {
    case krb5_type::as_request:
    case krb5_type::tgs_request: good = request(*fields, message); break;
    case krb5_type::as_reply:
    case krb5_type::tgs_reply: good = reply(*fields, message); break;
    case krb5_type::error: good = error(*fields, message); break;
    default: break;  // of the others all is encrypted
  }
  if (!good) return std::nullopt;
  return message;
}

}  // namespace tocsin::collectors
