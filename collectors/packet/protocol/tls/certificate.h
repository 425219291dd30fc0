#pragma once
// What is read out of an X.509 certificate (RFC 5280). OpenSSL does the parsing; its headers stay in the .cpp.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/time.h"

namespace tocsin::collectors {

struct Certificate {
  std::string subject;  // "C=US, O=Example, CN=example.com"
  std::string issuer;
  std::string serial;       // "0A:1B:2C"
  std::string fingerprint;  // SHA-1 of the DER form, "0a:1b:…"
  std::vector<std::string> alternative_names;
  std::optional<Time> not_before;
  std::optional<Time> not_after;
};
// A certificate at the time it was shown.
enum class CertificateStanding : std::uint8_t { valid, expired, not_yet_valid };
CertificateStanding standing_of(const Certificate& certificate, Time shown) noexcept;

// Nothing when it is not a certificate.
std::optional<Certificate> parse_certificate(Bytes der);

// Servers show the same certificate again and again, and parsing costs more than the rest of a handshake: the last ones
// are remembered. One per worker.
class CertificateReader {
 public:
  // Null when it is not a certificate.
  std::shared_ptr<const Certificate> read(Bytes der);

 private:
  static constexpr std::size_t remembered = 256;
  static constexpr std::size_t size_most = 4096;  // of those remembered
  struct Slot {
    std::vector<std::uint8_t> der;
    std::shared_ptr<const Certificate> certificate;
  };
  std::array<Slot, remembered> slots_;  // by hash; the newest stays
};

}  // namespace tocsin::collectors
