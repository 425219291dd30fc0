#pragma once
// AES-256-GCM (NIST SP 800-38D) of whole buffers: nonce | ciphertext | tag. The nonce is 96 random bits, fresh for each
// seal. `context` is authenticated, not stored.

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/result.h"

namespace tocsin::daemon {

// Wiped when it goes.
class VaultKey {
 public:
  static constexpr std::size_t size = 32;
  // 32 raw bytes or 64 hex digits, in a file nobody else may read (mode & 077 == 0), e.g. a systemd credential.
  static Result<VaultKey> load(const std::filesystem::path& path);
  // Makes such a file with a new random key; conflict when it exists.
  static Result<void> generate(const std::filesystem::path& path);
  explicit VaultKey(const std::array<std::uint8_t, size>& bytes) : bytes_(bytes) {}
  VaultKey(const VaultKey&) = default;
  VaultKey& operator=(const VaultKey&) = default;
  ~VaultKey();
  const std::uint8_t* data() const noexcept { return bytes_.data(); }

 private:
  std::array<std::uint8_t, size> bytes_;
};

Result<std::vector<std::uint8_t>> seal_bytes(const VaultKey& key, Bytes plain, Bytes context);
// `invalid` when key, bytes or context are not those they were sealed with.
Result<std::vector<std::uint8_t>> unseal_bytes(const VaultKey& key, Bytes sealed, Bytes context);

}  // namespace tocsin::daemon
