#include "daemon/store/vault/vault.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "collectors/base/descriptor.h"

namespace tocsin::daemon {

using responders::Actor;
using responders::CustodyAct;
using responders::Evidence;

namespace {

constexpr std::string_view file_magic = "TOCEVD1\n";

constexpr std::size_t seal_overhead = 12 + 16;  // nonce and tag

std::filesystem::path path_in(const std::filesystem::path& directory, const Sha256& digest) {
  const auto name = render_digest(digest);
  return directory / name.substr(0, 2) / (name + ".sealed");
}

Result<std::vector<std::uint8_t>> open_in(const std::filesystem::path& directory, const Sha256& digest,
                                          const VaultKey& key) {
  const auto path = path_in(directory, digest);
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return fail(Code::not_found, fmt::format("the vault has no evidence {}; list it with `tocsin evidence list`",
                                             render_digest(digest)));
  const std::vector<char> raw{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const std::string_view text(raw.data(), raw.size());
  if (!text.starts_with(file_magic))
    return fail(Code::invalid, fmt::format("{} is not a file of the vault; restore it from a backup", path.string()));
  auto plain = unseal_bytes(key, as_bytes(text.substr(file_magic.size())), digest);
  if (!plain)
    return std::unexpected(std::move(plain).error().within("while opening evidence " + render_digest(digest)));
  if (sha256(*plain) != digest)
    return fail(Code::invalid, fmt::format("evidence {} is not what it was", render_digest(digest)));
  return plain;
}

}  // namespace

Result<void> check_sealed(const std::filesystem::path& store, const Evidence& evidence, const VaultKey* key) {
  const auto path = path_in(store / "evidence", evidence.digest);
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return fail(Code::not_found, fmt::format("{}: {}", path.string(), error.message()));
  if (size != file_magic.size() + seal_overhead + evidence.size)
    return fail(Code::invalid, fmt::format("{} has {} bytes, which is not what {} bytes sealed have", path.string(),
                                           size, evidence.size));
  if (key != nullptr) TOCSIN_CHECK(open_in(store / "evidence", evidence.digest, *key));
  return {};
}

Result<void> Vault::write(const Sha256& digest, Bytes bytes) const {
  const auto path = path_in(directory_, digest);
  std::error_code error;
  if (std::filesystem::exists(path, error)) return {};
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return fail(Code::denied, fmt::format("cannot make {}: {}", path.parent_path().string(), error.message()));
  TOCSIN_TRY(auto sealed, seal_bytes(key_, bytes, digest));
  sealed.insert(sealed.begin(), file_magic.begin(), file_magic.end());
  return replace_file(path, sealed, 0600);
}

Result<void> Vault::record(const Sha256& digest, CustodyAct act, const Actor& actor, std::string_view reason,
                           std::string_view result) {
  return store_.database().atomically([&]() -> Result<void> {
    TOCSIN_CHECK(
        store_.records().add_custody({digest, act, clock_.now(), actor, std::string(reason), std::string(result)}));
    return store_.records().add_audit({0, clock_.now(), actor,
                                       "evidence." + std::string(responders::custody_act_name(act)),
                                       render_digest(digest), std::string(reason), std::string(result)});
  });
}

Result<Evidence> Vault::put(Evidence evidence, Bytes bytes, const Actor& actor, std::string_view reason) {
  if (bytes.size() > bytes_most)
    return fail(Code::exhausted, fmt::format("{} has {} bytes; the vault takes pieces of at most {}", evidence.name,
                                             bytes.size(), bytes_most));
  evidence.digest = sha256(bytes);
  evidence.size = bytes.size();
  if (evidence.collected == Time{}) evidence.collected = clock_.now();
  TOCSIN_CHECK(write(evidence.digest, bytes));
  auto kept = store_.database().atomically([&]() -> Result<void> {
    TOCSIN_CHECK(store_.records().put_evidence(evidence));
    return record(evidence.digest, CustodyAct::collected, actor, reason, "ok");
  });
  if (!kept) return std::unexpected(std::move(kept).error());
  return evidence;
}

// The reading is on record before the bytes are out.
Result<std::vector<std::uint8_t>> Vault::get(const Sha256& digest, const Actor& actor, std::string_view reason) {
  return give(digest, CustodyAct::read, actor, reason);
}

Result<std::vector<std::uint8_t>> Vault::hand_out(const Sha256& digest, const Actor& actor, std::string_view reason) {
  return give(digest, CustodyAct::exported, actor, reason);
}

Result<std::vector<std::uint8_t>> Vault::give(const Sha256& digest, CustodyAct act, const Actor& actor,
                                              std::string_view reason) {
  if (reason.empty()) return fail(Code::usage, "reading evidence needs a reason; add --reason TEXT");
  TOCSIN_TRY(const auto known, store_.records().evidence(digest));
  if (!known)
    return fail(Code::not_found, fmt::format("the vault has no evidence {}; list it with `tocsin evidence list`",
                                             render_digest(digest)));
  auto bytes = open_in(directory_, digest, key_);
  TOCSIN_CHECK(record(digest, act, actor, reason, bytes ? "ok" : bytes.error().message));
  return bytes;
}

Result<void> Vault::remove(const Sha256& digest, const Actor& actor, std::string_view reason) {
  return record(digest, CustodyAct::removed, actor, reason, "ok");
}

void Vault::erase(const Sha256& digest) const noexcept {
  std::error_code ignored;  // what stays is only unused room
  std::filesystem::remove(path_in(directory_, digest), ignored);
}

Result<void> Vault::verify(const Sha256& digest, const Actor& actor) {
  TOCSIN_TRY(const auto known, store_.records().evidence(digest));
  if (!known)
    return fail(Code::not_found, fmt::format("the vault has no evidence {}; list it with `tocsin evidence list`",
                                             render_digest(digest)));
  const auto bytes = open_in(directory_, digest, key_);
  TOCSIN_CHECK(record(digest, CustodyAct::verified, actor, "", bytes ? "ok" : bytes.error().message));
  if (!bytes) return std::unexpected(bytes.error());
  return {};
}

Result<std::vector<responders::CustodyEntry>> Vault::custody(const Sha256& digest) {
  return store_.records().custody(digest);
}

}  // namespace tocsin::daemon
