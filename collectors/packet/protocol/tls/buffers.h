#pragma once
// Inspection buffers of TLS. Progress of both sides: 1 hello, 2 certificates, 3 encrypted.

#include <array>

#include "collectors/packet/buffer.h"

namespace tocsin::collectors {

namespace tls_progress {
inline constexpr std::uint8_t hello = 1, certificates = 2, encrypted = 3;
}  // namespace tls_progress

inline constexpr std::array tls_buffers{
    BufferRow{Buffer::tls_sni, "tls.sni", Protocol::tls, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::tls_version, "tls.version", Protocol::tls, BufferSide::both, 1, false, false},
    BufferRow{Buffer::tls_alpn, "tls.alpn", Protocol::tls, BufferSide::both, 1, true, false},
    BufferRow{Buffer::tls_certs, "tls.certs", Protocol::tls, BufferSide::both, 2, true, false},
    BufferRow{Buffer::tls_cert_subject, "tls.cert_subject", Protocol::tls, BufferSide::both, 2, false, false},
    BufferRow{Buffer::tls_cert_issuer, "tls.cert_issuer", Protocol::tls, BufferSide::both, 2, false, false},
    BufferRow{Buffer::tls_cert_serial, "tls.cert_serial", Protocol::tls, BufferSide::both, 2, false, false},
    BufferRow{Buffer::tls_cert_fingerprint, "tls.cert_fingerprint", Protocol::tls, BufferSide::both, 2, false, false},
    // Numbers: seconds since 1970, and a CertificateStanding.
    BufferRow{Buffer::tls_cert_notbefore, "tls.cert_notbefore", Protocol::tls, BufferSide::both, 2, false, false},
    BufferRow{Buffer::tls_cert_notafter, "tls.cert_notafter", Protocol::tls, BufferSide::both, 2, false, false},
    BufferRow{Buffer::tls_cert_standing, "tls.cert_standing", Protocol::tls, BufferSide::both, 2, false, false},
    BufferRow{Buffer::tls_subjectaltname, "tls.subjectaltname", Protocol::tls, BufferSide::both, 2, true, false},
    BufferRow{Buffer::tls_random, "tls.random", Protocol::tls, BufferSide::both, 1, false, false},
    BufferRow{Buffer::ja3_hash, "ja3.hash", Protocol::tls, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::ja3_string, "ja3.string", Protocol::tls, BufferSide::to_server, 1, false, false},
    BufferRow{Buffer::ja3s_hash, "ja3s.hash", Protocol::tls, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::ja3s_string, "ja3s.string", Protocol::tls, BufferSide::to_client, 1, false, false},
    BufferRow{Buffer::ja4_hash, "ja4.hash", Protocol::tls, BufferSide::to_server, 1, false, false},
};

}  // namespace tocsin::collectors
