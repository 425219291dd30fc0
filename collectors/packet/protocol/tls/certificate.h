#pragma once
// What is read out of an X.509 certificate (RFC 5280). OpenSSL does the parsing; its headers stay in the .cpp.

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
// Nothing when it is not a certificate.
std::optional<Certificate> parse_certificate(Bytes der);

}  // namespace tocsin::collectors
