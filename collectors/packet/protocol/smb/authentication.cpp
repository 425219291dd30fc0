#include "collectors/packet/protocol/smb/authentication.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/packet/protocol/der.h"
#include "collectors/packet/protocol/smb/header.h"

namespace tocsin::collectors {

namespace {

constexpr std::string_view signature("NTLMSSP\0", 8);
// 1.2.840.113554.1.2.2 and the token id of an AP-REQ (RFC 4121 4.1).
constexpr std::string_view kerberos_request("\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\x00", 13);

std::size_t find(Bytes where, std::string_view what) noexcept { return as_text(where).find(what); }

}  // namespace

NtlmFinding find_ntlm(Bytes blob) {
  NtlmFinding out;
  const std::size_t at = find(blob, signature);
  if (at == std::string_view::npos) return out;
  out.present = true;
  const Bytes message = blob.subspan(at);
  ByteReader reader(message.subspan(signature.size()));
  if (reader.u32_little() != 3) return out;  // negotiation or challenge
  struct Span {
    std::size_t size, place;
  };
  const auto span = [&] {
    const std::size_t size = reader.u16_little();
    reader.skip(2);
    return Span{size, reader.u32_little()};
  };
  span(), span();  // the two answers to the challenge
  const Span domain = span();
  const Span user = span();
  const Span host = span();
  span();  // session key
  const std::uint32_t flags = reader.u32_little();
  const bool unicode = (flags & 0x01U) != 0;
  const auto text = [&](const Span& place) {
    if (place.place > message.size() || place.size > message.size() - place.place) {
      out.malformed = true;
      return std::string();
    }
    return smb_text(message.subspan(place.place, place.size), unicode);
  };
  if (!reader.ok()) {
    out.malformed = true;
    return out;
  }
  NtlmLogon logon;
  logon.domain = text(domain);
  logon.user = text(user);
  logon.host = text(host);
  if ((flags & 0x02000000U) != 0) {
    const unsigned major = reader.u8();
    const unsigned minor = reader.u8();
    const unsigned build = reader.u16_little();
    reader.skip(3);
    const unsigned revision = reader.u8();
    if (reader.ok()) logon.version = fmt::format("{}.{} build {} rev {}", major, minor, build, revision);
  }
  if (!out.malformed) out.logon = std::move(logon);
  return out;
}

std::optional<KerberosService> find_kerberos(Bytes blob) {
  const std::size_t at = find(blob, kerberos_request);
  if (at == std::string_view::npos) return std::nullopt;
  ByteReader reader(blob.subspan(at + kerberos_request.size()));
  const auto application = take_der(reader, 0x6E);
  if (!application) return std::nullopt;
  ByteReader outer(*application);
  const auto request = take_der(outer, 0x30);
  if (!request) return std::nullopt;
  ByteReader fields(*request);
  while (const auto field = next_der(fields)) {
    if (field->tag != 0xA3) continue;
    ByteReader ticket(field->content);
    const auto wrapped = take_der(ticket, 0x61);
    if (!wrapped) return std::nullopt;
    ByteReader sequence(*wrapped);
    const auto parts = take_der(sequence, 0x30);
    if (!parts) return std::nullopt;
    ByteReader part(*parts);
    KerberosService out;
    while (const auto item = next_der(part)) {
      ByteReader inner(item->content);
      if (item->tag == 0xA1) {
        if (const auto realm = take_der(inner, 0x1B)) out.realm = as_text(*realm);
      } else if (item->tag == 0xA2) {
        ByteReader name(take_der(inner, 0x30).value_or(Bytes{}));
        next_der(name);  // its kind
        ByteReader list(take_der(name, 0xA1).value_or(Bytes{}));
        ByteReader texts(take_der(list, 0x30).value_or(Bytes{}));
        static constexpr std::size_t names_most = 16;
        while (out.names.size() < names_most) {
          const auto one = take_der(texts, 0x1B);
          if (!one) break;
          out.names.emplace_back(as_text(*one));
        }
      }
    }
    return out;
  }
  return std::nullopt;
}

}  // namespace tocsin::collectors
