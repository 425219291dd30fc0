// TLS as Suricata's EVE shows it: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-tls

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "collectors/base/base64.h"
#include "collectors/packet/protocol/tls/transaction.h"

namespace tocsin::collectors {

namespace {

constexpr std::uint16_t tls_1_3 = 0x0304;

std::string version_text(std::uint16_t version) {
  switch (version) {
    case 0x0002: return "SSLv2";
    case 0x0300: return "SSLv3";
    case 0x0301: return "TLSv1";
    case 0x0302: return "TLS 1.1";
    case 0x0303: return "TLS 1.2";
    case tls_1_3: return "TLS 1.3";
    case 0xFB1A: return "TLS 1.3 draft-fb";
    default: break;
  }
  if ((version >> 8) != 0x7F) return "UNDETERMINED";
  const unsigned draft = version & 0xFFU;
  return draft < 16 ? "TLS 1.3 draft-<16" : fmt::format("TLS 1.3 draft-{}", draft);
}

// "2026-11-22T15:30:01", of UTC.
std::string day_and_time(Time time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(whole - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

template <class Numbers>
void append_numbers(JsonWriter& json, std::string_view name, const Numbers& numbers) {
  json.key(name).begin_array();
  for (const auto number : numbers) json.value(number);
  json.end_array();
}

bool append_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return false;
  json.key(name).begin_array();
  for (const auto& text : texts) json.value(record_text(text));
  json.end_array();
  return true;
}

constexpr std::string_view basic_members[]{"subject", "issuer", "subjectaltname", "session_resumed"};
constexpr std::string_view extended_members[]{"serial",       "fingerprint", "sni",       "version", "not_before",
                                              "not_after",    "ja3",         "ja3s",      "ja4",     "client_alpns",
                                              "server_alpns", "client",      "from_proto"};
constexpr std::string_view identity_members[]{"subject",     "issuer",     "subjectaltname", "serial",
                                              "fingerprint", "not_before", "not_after"};

}  // namespace

bool TlsTransaction::resumed() const noexcept {
  return client_ && server_ && !server_identity_.certificate && server_->version < tls_1_3 &&
         !server_->session.empty() && client_->session == server_->session;
}

// Without a certificate there is little to tell, unless the certificate travels encrypted.
std::uint32_t TlsTransaction::record_count(const RecordDetail& detail) const {
  if (server_identity_.certificate || (resumed() && detail.tls.session_resumption)) return 1;
  const auto newer = [](std::uint16_t version) {
    return version == tls_1_3 || (version >> 8) == 0x7F || version == 0xFB1A;
  };
  if (!server_) return client_ ? 1 : 0;  // it was never answered
  return newer(server_->version) ? 1 : 0;
}

bool TlsTransaction::describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose purpose,
                              std::uint32_t) const {
  json.key("tls").begin_object();
  if (purpose == RecordPurpose::record && !detail.tls.custom.empty()) {
    for (const auto& name : detail.tls.custom) describe_member(json, name, detail.tls);
  } else {
    for (const auto name : basic_members) describe_member(json, name, detail.tls);
    if (purpose != RecordPurpose::record || detail.tls.extended)
      for (const auto name : extended_members) describe_member(json, name, detail.tls);
  }
  json.end_object();
  return true;
}

bool TlsTransaction::describe_member(JsonWriter& json, std::string_view name, const TlsDetail& detail) const {
  if (describe_certificate(json, name, server_identity_) || describe_hello(json, name, detail)) return true;
  if (name == "from_proto" && before_ != Protocol::unknown) json.member("from_proto", protocol_name(before_));
  if (name == "session_resumed" && resumed()) json.member("session_resumed", true);
  if (name == "client" && client_identity_.certificate) {
    json.key("client").begin_object();
    for (const auto member : identity_members) describe_certificate(json, member, client_identity_);
    json.end_object();
  }
  return false;
}

bool TlsTransaction::describe_certificate(JsonWriter& json, std::string_view name, const Identity& identity) {
  if (name == "chain" && !identity.chain.empty()) {
    json.key("chain").begin_array();
    for (const auto& der : identity.chain) json.value(to_base64(as_text(der)));
    json.end_array();
    return true;
  }
  if (!identity.certificate) return false;
  const Certificate& certificate = *identity.certificate;
  const auto text = [&](std::string_view member, const std::string& value) {
    if (!value.empty()) json.member(member, record_text(value));
    return true;
  };
  if (name == "subject") return text("subject", certificate.subject);
  if (name == "issuer") return text("issuerdn", certificate.issuer);
  if (name == "serial") return text("serial", certificate.serial);
  if (name == "fingerprint") return text("fingerprint", certificate.fingerprint);
  if (name == "subjectaltname") return append_texts(json, name, certificate.alternative_names);
  if (name == "certificate") return text("certificate", to_base64(as_text(identity.chain.front())));
  if (name == "not_before" && certificate.not_before) return text("notbefore", day_and_time(*certificate.not_before));
  if (name == "not_after" && certificate.not_after) return text("notafter", day_and_time(*certificate.not_after));
  return false;
}

bool TlsTransaction::describe_hello(JsonWriter& json, std::string_view name, const TlsDetail& detail) const {
  const auto hashed = [&](const std::string& hash, const std::string& text) {
    json.key(name).begin_object().member("hash", hash).member("string", text).end_object();
    return true;
  };
  if (name == "version") {
    // Only the first drafts said 1.3 where everybody now says 1.2.
    const bool early = server_ && server_->early_draft;
    if (version() != 0) json.member("version", early ? version_text(0x7F01) : version_text(version()));
    return true;
  }
  if (client_) {
    if (name == "sni" && !client_->server_name.empty()) json.member("sni", record_text(client_->server_name));
    if (name == "ja3" && detail.ja3 && !ja3_.empty()) return hashed(ja3_hash_, ja3_);
    if (name == "ja4" && detail.ja4 && !ja4_.empty()) json.member("ja4", ja4_);
    if (name == "client_alpns") return append_texts(json, name, client_->alpn);
    if (name == "client_handshake") {
      json.key(name).begin_object().member("version", version_text(client_->version));
      append_numbers(json, "ciphers", client_->ciphers);
      append_numbers(json, "exts", client_->extensions);
      append_numbers(json, "sig_algs", client_->signature_algorithms);
      json.end_object();
      return true;
    }
  }
  if (!server_) return false;
  if (name == "ja3s" && detail.ja3) return hashed(ja3s_hash_, ja3s_);
  if (name == "server_alpns" && !server_->alpn.empty()) return append_texts(json, name, {server_->alpn});
  if (name == "server_handshake") {
    json.key(name).begin_object().member("version", version_text(server_->version));
    json.member("cipher", server_->cipher);
    append_numbers(json, "exts", server_->extensions);
    json.end_object();
    return true;
  }
  return false;
}

}  // namespace tocsin::collectors
