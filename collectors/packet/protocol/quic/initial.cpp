#include "collectors/packet/protocol/quic/initial.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace tocsin::collectors {
namespace {

using Salt = std::array<std::uint8_t, 20>;
constexpr Salt salt_v1{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                       0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
constexpr Salt salt_v2{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                       0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
constexpr Salt salt_draft_29{0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
                             0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
constexpr Salt salt_draft_23{0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
                             0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};
constexpr std::uint32_t draft_29 = 0xFF00001D, draft_33 = 0xFF000021;
constexpr std::size_t sample_size = 16, tag_size = 16;

const Salt& salt_of(std::uint32_t version) noexcept {
  if (version == quic_version::v2) return salt_v2;
  if (!quic_version::draft(version) || version >= draft_33) return salt_v1;
  return version >= draft_29 ? salt_draft_29 : salt_draft_23;
}

using Secret = std::array<std::uint8_t, 32>;

Secret hmac(Bytes key, Bytes data) {
  Secret out{};
  unsigned size = 0;
  ::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), out.data(), &size);
  return out;
}

// HKDF-Expand-Label of RFC 8446 with an empty context, for at most 32 bytes.
Secret expand(const Secret& secret, std::string_view label, std::size_t size) {
  std::vector<std::uint8_t> info{0, static_cast<std::uint8_t>(size), static_cast<std::uint8_t>(6 + label.size())};
  for (const char c : std::string_view("tls13 ")) info.push_back(static_cast<std::uint8_t>(c));
  for (const char c : label) info.push_back(static_cast<std::uint8_t>(c));
  info.push_back(0);
  info.push_back(1);  // the first and only block
  return hmac(secret, info);
}

QuicKey make_key(const Secret& initial, std::string_view side, bool second_version) {
  const Secret secret = expand(initial, side, 32);
  const auto part = [&](std::string_view first, std::string_view second, auto& out) {
    const Secret bytes = expand(secret, second_version ? second : first, out.size());
    std::copy_n(bytes.begin(), out.size(), out.begin());
  };
  QuicKey key;
  part("quic key", "quicv2 key", key.key);
  part("quic iv", "quicv2 iv", key.vector);
  part("quic hp", "quicv2 hp", key.header);
  return key;
}

struct CipherFree {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { ::EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, CipherFree>;

std::optional<std::array<std::uint8_t, 16>> protection_mask(const QuicKey& key, Bytes sample) {
  const Cipher cipher(::EVP_CIPHER_CTX_new());
  std::array<std::uint8_t, 16> out{};
  int size = 0;
  if (cipher == nullptr) return std::nullopt;
  ::EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_ecb(), nullptr, key.header.data(), nullptr);
  ::EVP_CIPHER_CTX_set_padding(cipher.get(), 0);
  const int done = ::EVP_EncryptUpdate(cipher.get(), out.data(), &size, sample.data(), sample_size);
  return done == 1 && size == sample_size ? std::optional(out) : std::nullopt;
}

std::optional<std::vector<std::uint8_t>> open_sealed(const QuicKey& key, Bytes nonce, Bytes associated, Bytes sealed) {
  const Cipher cipher(::EVP_CIPHER_CTX_new());
  if (cipher == nullptr || sealed.size() < tag_size) return std::nullopt;
  const Bytes text = sealed.first(sealed.size() - tag_size);
  std::array<std::uint8_t, tag_size> tag{};
  std::ranges::copy(sealed.last(tag_size), tag.begin());
  std::vector<std::uint8_t> out(text.size());
  int size = 0;
  const bool begun =
      ::EVP_DecryptInit_ex(cipher.get(), EVP_aes_128_gcm(), nullptr, key.key.data(), nonce.data()) == 1 &&
      ::EVP_DecryptUpdate(cipher.get(), nullptr, &size, associated.data(), static_cast<int>(associated.size())) == 1 &&
      ::EVP_DecryptUpdate(cipher.get(), out.data(), &size, text.data(), static_cast<int>(text.size())) == 1;
  if (!begun) return std::nullopt;
  ::EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag.size()), tag.data());
  int rest = 0;
  std::array<std::uint8_t, 16> end{};
  if (::EVP_DecryptFinal_ex(cipher.get(), end.data(), &rest) != 1) return std::nullopt;
  return out;
}

// RFC 9000 section 16.
std::uint64_t variable(ByteReader& reader) noexcept {
  const std::uint8_t first = reader.u8();
  std::uint64_t value = first & 0x3FU;
  for (int more = (1 << (first >> 6U)) - 1; more > 0; --more) value = (value << 8U) | reader.u8();
  return value;
}

QuicPacketKind kind_of(std::uint8_t first, std::uint32_t version) noexcept {
  const unsigned type = (first >> 4U) & 3U;
  // Version 2 counts one further.
  switch (version == quic_version::v2 ? (type + 3U) & 3U : type) {
    case 0: return QuicPacketKind::initial;
    case 1: return QuicPacketKind::zero_rtt;
    case 2: return QuicPacketKind::handshake;
    default: return QuicPacketKind::retry;
  }
}

bool read_ack(ByteReader& reader, bool with_counts) {
  variable(reader);
  variable(reader);
  const std::uint64_t ranges = variable(reader);
  variable(reader);
  for (std::uint64_t i = 0; i < ranges; ++i) {
    variable(reader);
    variable(reader);
    if (!reader.ok()) return false;
  }
  if (with_counts)
    for (int i = 0; i < 3; ++i) variable(reader);
  return reader.ok();
}

bool read_close(ByteReader& reader, bool of_transport) {
  variable(reader);
  if (of_transport) variable(reader);
  const std::uint64_t size = variable(reader);
  if (size > reader.remaining()) return false;
  reader.skip(static_cast<std::size_t>(size));
  return reader.ok();
}

}  // namespace

std::optional<QuicHeader> parse_quic_header(Bytes datagram) {
  static constexpr std::size_t id_most = 20;
  ByteReader reader(datagram);
  const std::uint8_t first = reader.u8();
  QuicHeader out;
  out.version = reader.u32();
  if (!reader.ok() || (first & 0xC0U) != 0xC0U) return std::nullopt;
  const std::size_t destination = reader.u8();
  if (destination > id_most) return std::nullopt;
  out.destination = reader.take(destination);
  const std::size_t source = reader.u8();
  if (source > id_most) return std::nullopt;
  out.source = reader.take(source);
  out.kind = kind_of(first, out.version);
  if (out.kind == QuicPacketKind::retry) {  // a token to the end, nothing to decrypt
    out.size = reader.position();
    out.payload = reader.remaining();
    return reader.ok() ? std::optional(out) : std::nullopt;
  }
  if (out.kind == QuicPacketKind::initial) {
    const std::uint64_t token = variable(reader);
    if (token > reader.remaining()) return std::nullopt;
    reader.skip(static_cast<std::size_t>(token));
  }
  const std::uint64_t payload = variable(reader);
  if (!reader.ok() || payload > reader.remaining()) return std::nullopt;
  out.size = reader.position();
  out.payload = static_cast<std::size_t>(payload);
  return out;
}

std::optional<QuicKeys> make_quic_keys(std::uint32_t version, Bytes connection) {
  if (!quic_version::known(version)) return std::nullopt;
  const Secret initial = hmac(salt_of(version), connection);
  const bool second = version == quic_version::v2;
  return QuicKeys{make_key(initial, "client in", second), make_key(initial, "server in", second)};
}

std::optional<std::vector<std::uint8_t>> decrypt_quic(const QuicKey& key, Bytes packet, const QuicHeader& header) {
  if (packet.size() < header.total() || header.payload < 4 + sample_size) return std::nullopt;
  const auto mask = protection_mask(key, packet.subspan(header.size + 4, sample_size));
  if (!mask) return std::nullopt;
  std::vector<std::uint8_t> plain_header(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(header.size + 4));
  plain_header[0] = static_cast<std::uint8_t>(plain_header[0] ^ ((*mask)[0] & 0x0FU));
  const std::size_t width = (plain_header[0] & 3U) + 1U;
  plain_header.resize(header.size + width);
  auto nonce = key.vector;
  for (std::size_t i = 0; i < width; ++i) {
    plain_header[header.size + i] = static_cast<std::uint8_t>(plain_header[header.size + i] ^ (*mask)[1 + i]);
    nonce[12 - width + i] = static_cast<std::uint8_t>(nonce[12 - width + i] ^ plain_header[header.size + i]);
  }
  return open_sealed(key, nonce, plain_header, packet.subspan(header.size + width, header.payload - width));
}

QuicFrames parse_quic_frames(Bytes payload) {
  static constexpr std::size_t frames_most = 1'024;
  QuicFrames out;
  ByteReader reader(payload);
  std::size_t count = 0;
  while (reader.remaining() > 0) {
    const std::uint64_t type = variable(reader);
    if (type == 0x00) continue;  // padding, often hundreds of bytes
    if (++count > frames_most) out.wrong = true;
    switch (type) {
      case 0x01: break;  // ping
      case 0x02:
      case 0x03: out.wrong |= !read_ack(reader, type == 0x03); break;
      case 0x06: {
        QuicCrypto crypto;
        crypto.offset = variable(reader);
        const std::uint64_t size = variable(reader);
        if (!reader.ok() || size > reader.remaining()) out.wrong = true;
        else {
          crypto.bytes = reader.take(static_cast<std::size_t>(size));
          out.crypto.push_back(crypto);
        }
        break;
      }
      case 0x1C:
      case 0x1D: out.wrong |= !read_close(reader, type == 0x1C); break;
      default: out.wrong = true; break;
    }
    if (out.wrong) return out;
  }
  return out;
}

}  // namespace tocsin::collectors
