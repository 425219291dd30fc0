#pragma once
// Initial packets of QUIC: header, keys that everybody can work out, what is inside. RFC 9000 section 17, RFC 9001
// section 5, RFC 9369 (version 2), and the drafts from 23 on.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "collectors/base/bytes.h"

namespace tocsin::collectors {

enum class QuicPacketKind : std::uint8_t { initial, zero_rtt, handshake, retry, other };

struct QuicHeader {
  QuicPacketKind kind = QuicPacketKind::other;
  std::uint32_t version = 0;
  Bytes destination, source;  // connection ids
  std::size_t size = 0;       // up to the packet number
  std::size_t payload = 0;    // packet number and what follows it
  std::size_t total() const noexcept { return size + payload; }
};

namespace quic_version {
inline constexpr std::uint32_t v1 = 1, v2 = 0x6B3343CF;
constexpr bool draft(std::uint32_t version) noexcept { return version >= 0xFF000017 && version <= 0xFF000022; }
constexpr bool google(std::uint32_t version) noexcept { return (version >> 24U) == 'Q'; }
constexpr bool known(std::uint32_t version) noexcept { return version == v1 || version == v2 || draft(version); }
}  // namespace quic_version

// A long header whose lengths fit the datagram. Nothing: short, or malformed.
std::optional<QuicHeader> parse_quic_header(Bytes datagram);

// One direction's keys; made from the first connection id of the client.
struct QuicKey {
  std::array<std::uint8_t, 16> key{};
  std::array<std::uint8_t, 12> vector{};
  std::array<std::uint8_t, 16> header{};
};
struct QuicKeys {
  QuicKey client, server;
};
std::optional<QuicKeys> make_quic_keys(std::uint32_t version, Bytes connection);

// Takes off header protection and decrypts. Nothing: the keys do not fit.
std::optional<std::vector<std::uint8_t>> decrypt_quic(const QuicKey& key, Bytes packet, const QuicHeader& header);

// A piece of the TLS handshake.
struct QuicCrypto {
  std::uint64_t offset = 0;
  Bytes bytes;
};
struct QuicFrames {
  std::vector<QuicCrypto> crypto;
  bool wrong = false;
};
QuicFrames parse_quic_frames(Bytes payload);

}  // namespace tocsin::collectors
