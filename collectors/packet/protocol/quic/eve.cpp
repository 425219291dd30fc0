// QUIC as Suricata's EVE shows it:
// https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-quic

#include <algorithm>
#include <array>

#include "collectors/packet/protocol/quic/transaction.h"

namespace tocsin::collectors {
namespace {

// IANA's TLS ExtensionType values.
struct ExtensionName {
  std::uint16_t type;
  std::string_view name;
};
constexpr std::uint16_t server_name = 0, alpn = 16;
constexpr auto extension_names = std::to_array<ExtensionName>({{server_name, "server_name"},
                                                               {1, "max_fragment_length"},
                                                               {5, "status_request"},
                                                               {10, "supported_groups"},
                                                               {11, "ec_point_formats"},
                                                               {13, "signature_algorithms"},
                                                               {14, "use_srtp"},
                                                               {15, "heartbeat"},
                                                               {alpn, "alpn"},
                                                               {17, "status_request_v2"},
                                                               {18, "signed_certificate_timestamp"},
                                                               {21, "padding"},
                                                               {22, "encrypt_then_mac"},
                                                               {23, "extended_master_secret"},
                                                               {24, "token_binding"},
                                                               {27, "compress_certificate"},
                                                               {28, "record_size_limit"},
                                                               {34, "delegated_credentials"},
                                                               {35, "session_ticket"},
                                                               {41, "pre_shared_key"},
                                                               {42, "early_data"},
                                                               {43, "supported_versions"},
                                                               {44, "cookie"},
                                                               {45, "psk_key_exchange_modes"},
                                                               {47, "certificate_authorities"},
                                                               {48, "oid_filters"},
                                                               {49, "post_handshake_auth"},
                                                               {50, "signature_algorithms_cert"},
                                                               {51, "key_share"},
                                                               {57, "quic_transport_parameters"},
                                                               {13172, "next_protocol_negotiation"},
                                                               {17513, "application_settings"},
                                                               {65037, "encrypted_client_hello"},
                                                               {65281, "renegotiation_info"}});

std::string_view name_of(std::uint16_t type) noexcept {
  const auto found = std::ranges::find(extension_names, type, &ExtensionName::type);
  if (found != extension_names.end()) return found->name;
  return is_grease(type) ? "grease" : std::string_view{};
}

std::string version_text(std::uint32_t version) {
  if (version == quic_version::v1) return "1";
  if (version == quic_version::v2) return "2";
  if (quic_version::draft(version)) return "draft-" + std::to_string(version & 0xFFU);
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(version >> shift);
  return quic_version::google(version) ? record_text(out) : std::to_string(version);
}

void append_hashed(JsonWriter& json, std::string_view name, const std::string& hash, const std::string& text) {
  json.key(name).begin_object().member("hash", hash).member("string", text).end_object();
}

}  // namespace

void QuicTransaction::append_extensions(JsonWriter& json) const {
  const auto& types = client_ ? client_->extensions : server_->extensions;
  json.key("extensions").begin_array();
  for (const auto type : types) {
    json.begin_object();
    if (const auto name = name_of(type); !name.empty()) json.member("name", name);
    json.member("type", type);
    std::vector<std::string_view> values;
    if (type == server_name && client_ && !client_->server_name.empty()) values.emplace_back(client_->server_name);
    if (type == alpn && client_)
      for (const auto& each : client_->alpn) values.emplace_back(each);
    if (type == alpn && server_ && !server_->alpn.empty()) values.emplace_back(server_->alpn);
    if (!values.empty()) {
      json.key("values").begin_array();
      for (const auto value : values) json.value(record_text(value));
      json.end_array();
    }
    json.end_object();
  }
  json.end_array();
}

bool QuicTransaction::describe(JsonWriter& json, const RecordDetail& detail, RecordPurpose, std::uint32_t) const {
  json.key("quic").begin_object().member("version", version_text(version_));
  const auto& name = google_ ? google_->server_name : client_ ? client_->server_name : std::string{};
  if (!name.empty()) json.member("sni", record_text(name));
  if (google_) {
    if (!google_->user_agent.empty()) json.member("ua", record_text(google_->user_agent));
    json.key("cyu").begin_array().begin_object().member("hash", cyu_hash_).member("string", record_text(cyu_));
    json.end_object().end_array();
  }
  if (!ja3_.empty() && detail.tls.ja3) append_hashed(json, client_ ? "ja3" : "ja3s", ja3_hash_, ja3_);
  if (!ja4_.empty()) json.member("ja4", ja4_);
  if (client_ || server_) append_extensions(json);
  json.end_object();
  return true;
}

}  // namespace tocsin::collectors
