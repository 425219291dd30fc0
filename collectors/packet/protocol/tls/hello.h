#pragma once
// Client and server hello of TLS (RFC 5246, RFC 8446) and what is computed from them: JA3, JA3S
// (https://github.com/salesforce/ja3) and JA4 (https://github.com/FoxIO-LLC/ja4, technical details, TLS client).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

struct TlsClientHello {
  std::uint16_t version = 0;
  std::vector<std::uint8_t> random;
  std::vector<std::uint8_t> session;
  std::vector<std::uint16_t> ciphers;
  std::vector<std::uint16_t> extensions;  // in the order sent, GREASE included
  std::vector<std::uint16_t> groups;
  std::vector<std::uint8_t> point_formats;
  std::vector<std::uint16_t> signature_algorithms;
  std::vector<std::uint16_t> supported_versions;
  std::vector<std::string> alpn;
  std::string server_name;
  static constexpr std::uint8_t several_names = 1, name_length = 2, name_type = 4;
  std::uint8_t name_faults = 0;    // of those
  std::uint32_t server_names = 0;  // extensions of that kind
  bool old_form = false;           // of SSL 2: ciphers and a challenge, no extensions
};
struct TlsServerHello {
  std::uint16_t version = 0;  // negotiated: of the supported_versions extension when there
  std::uint16_t legacy_version = 0;
  bool early_draft = false;  // of TLS 1.3, before it called itself 1.2
  std::vector<std::uint8_t> random;
  std::vector<std::uint8_t> session;
  std::uint16_t cipher = 0;
  std::vector<std::uint16_t> extensions;
  std::string alpn;
};

// The body of the handshake message, without its 4-byte header. Nothing when malformed.
std::optional<TlsClientHello> parse_client_hello(Bytes body);
std::optional<TlsServerHello> parse_server_hello(Bytes body);
// A client's hello in the form of SSL 2 (RFC 5246, appendix E.2), after its type.
std::optional<TlsClientHello> parse_old_client_hello(Bytes body);

std::string ja3_text(const TlsClientHello& hello);
std::string ja3s_text(const TlsServerHello& hello);
enum class Ja4Transport : char { tcp = 't', quic = 'q' };
std::string ja4_text(const TlsClientHello& hello, Ja4Transport transport);

bool is_grease(std::uint16_t value) noexcept;         // RFC 8701
std::string tls_version_name(std::uint16_t version);  // "1.2", "ssl3.0"; empty when unknown

}  // namespace tocsin::collectors
