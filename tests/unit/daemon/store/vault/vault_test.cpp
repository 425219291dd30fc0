#include "daemon/store/vault/vault.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/daemon/store/scratch.h"
#include "tests/unit/responders/incident/samples.h"

namespace tocsin::daemon {
namespace {

using responders::CustodyAct;
using samples::at;

const responders::Actor analyst{1000, 1000, "linh"};

VaultKey key_of(std::uint8_t byte) {
  std::array<std::uint8_t, VaultKey::size> bytes{};
  bytes.fill(byte);
  return VaultKey(bytes);
}

struct House {
  samples::Scratch scratch;
  ManualClock clock{at(0)};
  std::unique_ptr<Store> store = Store::open(scratch.path(), OpenMode::create, clock).value();
  Vault vault{*store, key_of(7), clock};

  std::filesystem::path file() const {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch.path() / "evidence"))
      if (entry.path().extension() == ".sealed") return entry.path();
    return {};
  }
};

TEST(Cipher, opens_only_with_the_same_key_bytes_and_context) {
  const auto context = as_bytes("this piece");
  const auto sealed = seal_bytes(key_of(1), as_bytes("secret"), context).value();
  EXPECT_EQ(as_text(unseal_bytes(key_of(1), sealed, context).value()), "secret");
  EXPECT_FALSE(unseal_bytes(key_of(2), sealed, context));
  EXPECT_FALSE(unseal_bytes(key_of(1), sealed, as_bytes("that piece")));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto altered = sealed;
    altered[i] ^= 1;
    EXPECT_FALSE(unseal_bytes(key_of(1), altered, context)) << i;
  }
  EXPECT_FALSE(unseal_bytes(key_of(1), Bytes(sealed).first(10), context));
  EXPECT_NE(seal_bytes(key_of(1), as_bytes("secret"), context).value(), sealed);  // a fresh nonce
  const auto empty = seal_bytes(key_of(1), {}, context).value();
  EXPECT_TRUE(unseal_bytes(key_of(1), empty, context).value().empty());
}

TEST(VaultKey, is_read_raw_or_in_hex_and_only_from_a_private_file) {
  const samples::Scratch scratch;
  const auto path = scratch.path() / "key";
  ASSERT_TRUE(VaultKey::generate(path));
  EXPECT_TRUE(VaultKey::load(path));
  EXPECT_EQ(VaultKey::generate(path).error().code, Code::conflict);
  std::filesystem::permissions(path, std::filesystem::perms(0640));
  EXPECT_EQ(VaultKey::load(path).error().code, Code::denied);
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  std::ofstream(path) << std::string(64, 'a') << '\n';
  EXPECT_TRUE(VaultKey::load(path));
  std::ofstream(path) << "short";
  EXPECT_EQ(VaultKey::load(path).error().code, Code::invalid);
  EXPECT_EQ(VaultKey::load(scratch.path() / "none").error().code, Code::not_found);
}

TEST(Vault, evidence_comes_back_and_every_touch_is_on_record) {
  House house;
  const auto evidence = house.vault
                            .put({.name = "/srv/up/x.php", .collector = "file.quarantine", .host = "web1"},
                                 as_bytes("<?php"), analyst, "quarantined")
                            .value();
  EXPECT_EQ(evidence.digest, sha256(as_bytes("<?php")));
  EXPECT_EQ(evidence.size, 5U);
  EXPECT_EQ(house.vault.get(evidence.digest, analyst, "").error().code, Code::usage);
  EXPECT_EQ(as_text(house.vault.get(evidence.digest, analyst, "report").value()), "<?php");
  EXPECT_TRUE(house.vault.verify(evidence.digest, analyst));
  EXPECT_TRUE(house.vault.put({.name = "again"}, as_bytes("<?php"), analyst, "seen twice"));
  const auto custody = house.vault.custody(evidence.digest).value();
  ASSERT_EQ(custody.size(), 4U);
  EXPECT_EQ(custody[0].act, CustodyAct::collected);
  EXPECT_EQ(custody[1].act, CustodyAct::read);
  EXPECT_EQ(custody[1].reason, "report");
  EXPECT_EQ(custody[2].act, CustodyAct::verified);
  EXPECT_EQ(house.store->database().query_number("SELECT count(*) FROM audit").value(), 4);
  EXPECT_EQ(house.vault.get(sha256(as_bytes("other")), analyst, "x").error().code, Code::not_found);
}

TEST(Vault, nothing_of_it_is_readable_on_disk_and_tampering_shows) {
  House house;
  const auto evidence = house.vault.put({.name = "x"}, as_bytes("plain words"), analyst, "test").value();
  std::string bytes;
  {
    std::ifstream in(house.file(), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  EXPECT_EQ(bytes.find("plain"), std::string::npos);
  bytes[20] = static_cast<char>(bytes[20] ^ 1);
  std::ofstream(house.file(), std::ios::binary) << bytes;
  EXPECT_EQ(house.vault.verify(evidence.digest, analyst).error().code, Code::invalid);
  EXPECT_EQ(house.vault.get(evidence.digest, analyst, "look").error().code, Code::invalid);
  EXPECT_NE(house.vault.custody(evidence.digest)->back().result, "ok");
}

}  // namespace
}  // namespace tocsin::daemon
