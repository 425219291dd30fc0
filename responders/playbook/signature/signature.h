#pragma once
// Signatures of playbooks: CACAO 2.0 sections 2.5 and 10.15 and its appendix A. What is signed is the hash, in
// lower-case hexadecimal, of the canonical form of the playbook with this one signature in it but for its value.
// Plain code; any thread.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/id.h"
#include "collectors/base/result.h"
#include "responders/playbook/json/document.h"
#include "responders/playbook/signature/key.h"

namespace tocsin::responders {

// The keys whose signatures count. Filled once, then only read.
class KeyStore {
 public:
  enum class Standing : std::uint8_t { trusted, revoked };
  // A public key or certificate in PEM; `name` is for people. exhausted beyond 256 keys.
  Result<void> add(std::string name, std::string_view pem, Standing standing = Standing::trusted);

  struct Entry {
    std::string name;
    PublicKey key;
    Standing standing = Standing::trusted;
  };
  std::span<const Entry> entries() const noexcept { return entries_; }

 private:
  std::vector<Entry> entries_;
};

// What the algorithm is given: the hash as the official example does it, its bytes, or the canonical text itself.
enum class SignedForm : std::uint8_t { hexadecimal, digest, text };

struct SignatureVerdict {
  std::string id;
  std::string signee;
  std::string algorithm;
  bool valid = false;
  std::string code;    // P0720 … P0729; empty when valid
  std::string reason;  // one sentence; when valid, whose key it is
  std::string key;     // name in the key store
  std::string hash;
  std::string canonical;
  std::uint32_t offset = 0;
};

// One for each signature; one without an id when there is none at all. P0720 no signature · P0721 not of that key ·
// P0722 key not in the store · P0723 not at this time · P0724 signature or key revoked · P0725 algorithm · P0726
// signs another playbook or version · P0727 malformed.
std::vector<SignatureVerdict> verify_signatures(const JsonDocument& document, const KeyStore& store, Time now,
                                                SignedForm form = SignedForm::hexadecimal);
// Does one signature count?
bool is_signed(const std::vector<SignatureVerdict>& verdicts) noexcept;

struct SigningSpec {
  Uuid id;
  std::string signee;
  std::string created_by;  // identity--UUID, or empty
  Time now{};
  std::optional<Time> valid_until;
  SignatureAlgorithm algorithm = SignatureAlgorithm::ed25519;
};

// The playbook, laid out anew, with one signature more. invalid: not a playbook, or one that cannot be signed.
Result<std::string> sign_playbook(const JsonDocument& document, const PrivateKey& key, const SigningSpec& spec);

}  // namespace tocsin::responders
