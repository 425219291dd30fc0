// Signing and verifying, with keys made here: every algorithm, and every way a signature can be no good.
#include "responders/playbook/signature/signature.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "responders/playbook/parse/moment.h"
#include "responders/playbook/signature/canonical.h"
#include "tests/unit/responders/playbook/example.h"

namespace tocsin::responders {
namespace {

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string out(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return out;
}

struct Pair {
  std::shared_ptr<EVP_PKEY> key;
  std::string secret, open;
};

Pair pair_of(EVP_PKEY* key) {
  Pair out;
  out.key = {key, EVP_PKEY_free};
  BIO* secret = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(secret, key, nullptr, nullptr, 0, nullptr, nullptr);
  out.secret = text_of(secret);
  BIO* open = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(open, key);
  out.open = text_of(open);
  return out;
}

Pair edwards() { return pair_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }
Pair rsa(std::size_t bits) { return pair_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits)); }
Pair curve(const char* name) { return pair_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", name)); }

// A certificate of `key` by `issuer`, valid for a day around `at`.
std::string certificate(const Pair& key, const Pair& issuer, const char* name, const char* by, bool authority,
                        Time at) {
  X509* cert = X509_new();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), authority ? 1 : 2);
  std::time_t now = std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
  X509_time_adj_ex(X509_getm_notBefore(cert), -1, 0, &now);
  X509_time_adj_ex(X509_getm_notAfter(cert), 1, 0, &now);
  const auto named = [](X509_NAME* to, const char* text) {
    X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text), -1, -1, 0);
  };
  named(X509_get_subject_name(cert), name);
  named(X509_get_issuer_name(cert), by);
  X509_set_pubkey(cert, key.key.get());
  if (authority) {
    X509_EXTENSION* basic = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(cert, basic, -1);
    X509_EXTENSION_free(basic);
  }
  X509_sign(cert, issuer.key.get(), nullptr);
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, cert);
  X509_free(cert);
  return text_of(bio);
}

std::string base64_of_pem(const std::string& pem) {
  const std::size_t begin = pem.find('\n') + 1;
  return replaced(pem.substr(begin, pem.find("-----END") - begin), "\n", "");
}
std::string without_newlines(std::string text) {
  std::erase(text, '\n');
  return text;
}

const Time day = *parse_moment("2026-03-01T12:00:00Z");

SigningSpec spec_for(SignatureAlgorithm algorithm) {
  SigningSpec spec;
  spec.id.bytes = {1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16};
  spec.signee = "ACME";
  spec.now = day;
  spec.algorithm = algorithm;
  return spec;
}

std::string sign(const std::string& playbook, const Pair& pair, SigningSpec spec) {
  const auto key = PrivateKey::from_pem(pair.secret);
  EXPECT_TRUE(key.has_value());
  const auto out = sign_playbook(read_json(playbook), *key, spec);
  EXPECT_TRUE(out.has_value()) << (out ? "" : out.error().text());
  return out.value_or("");
}

SignatureVerdict verify(const std::string& playbook, const std::string& pem, Time at = day,
                        KeyStore::Standing standing = KeyStore::Standing::trusted) {
  KeyStore store;
  if (!pem.empty()) {
    EXPECT_TRUE(store.add("k", pem, standing).has_value());
  }
  return verify_signatures(read_json(playbook), store, at).front();
}

TEST(Signature, every_algorithm_there_and_back) {
  using enum SignatureAlgorithm;
  const Pair key = rsa(2048);
  for (const auto algorithm : {rs256, rs384, rs512, ps256, ps384, ps512})
    EXPECT_TRUE(verify(sign(simple_playbook(), key, spec_for(algorithm)), key.open).valid)
        << signature_algorithm_name(algorithm);
  const std::pair<const char*, SignatureAlgorithm> curves[] = {{"P-256", es256}, {"P-384", es384}, {"P-521", es512}};
  for (const auto& [name, algorithm] : curves) {
    const Pair pair = curve(name);
    EXPECT_EQ(PublicKey::from_pem(pair.open)->algorithm().value(), algorithm);
    EXPECT_TRUE(verify(sign(simple_playbook(), pair, spec_for(algorithm)), pair.open).valid) << name;
  }
  const Pair ed = edwards();
  EXPECT_TRUE(verify(sign(simple_playbook(), ed, spec_for(ed25519)), ed.open).valid);
  const Pair large = pair_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"));
  EXPECT_TRUE(verify(sign(simple_playbook(), large, spec_for(ed448)), large.open).valid);
}

TEST(Signature, layout_and_key_order_do_not_matter) {
  const Pair key = edwards();
  const std::string text = sign(simple_playbook(), key, spec_for(SignatureAlgorithm::ed25519));
  EXPECT_TRUE(verify(render_json(read_json(text).root), key.open).valid);
}

TEST(Signature, others_may_sign_too) {
  const Pair first = edwards();
  const Pair second = curve("P-256");
  const std::string once = sign(simple_playbook(), first, spec_for(SignatureAlgorithm::ed25519));
  const std::string twice = sign(once, second, spec_for(SignatureAlgorithm::es256));
  KeyStore store;
  ASSERT_TRUE(store.add("first", first.open).has_value());
  const auto verdicts = verify_signatures(read_json(twice), store, day);
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_TRUE(verdicts[0].valid) << verdicts[0].reason;
  EXPECT_EQ(verdicts[0].key, "first");
  EXPECT_EQ(verdicts[1].code, "P0722");
  EXPECT_TRUE(is_signed(verdicts));
}

TEST(Signature, what_is_no_good_is_told_by_code) {
  const Pair key = edwards();
  const Pair stranger = edwards();
  SigningSpec spec = spec_for(SignatureAlgorithm::ed25519);
  spec.valid_until = day + std::chrono::hours(1);
  const std::string good = sign(simple_playbook(), key, spec);
  const auto code = [&](std::string_view from, std::string_view to) {
    const std::string bad = replaced(good, from, to);
    EXPECT_NE(bad, good) << from;
    return verify(bad, key.open).code;
  };
  ASSERT_TRUE(verify(good, key.open).valid) << verify(good, key.open).reason;
  EXPECT_EQ(verify(simple_playbook(), key.open).code, "P0720");
  EXPECT_EQ(code("\"name\": \"Example\"", "\"name\": \"Other\""), "P0721");
  EXPECT_EQ(code("\"signee\": \"ACME\"", "\"signee\": \"Mallory\""), "P0721");
  EXPECT_EQ(verify(good, stranger.open).code, "P0722");
  EXPECT_EQ(verify(good, "").code, "P0722");
  EXPECT_EQ(verify(good, key.open, day + std::chrono::hours(2)).code, "P0723");
  EXPECT_EQ(verify(good, key.open, day - std::chrono::hours(2)).code, "P0723");
  EXPECT_EQ(verify(good, key.open, day, KeyStore::Standing::revoked).code, "P0724");
  EXPECT_EQ(code("\"algorithm\": \"Ed25519\"", "\"algorithm\": \"ES256\""), "P0725");
  EXPECT_EQ(code("\"algorithm\": \"Ed25519\"", "\"algorithm\": \"HS256\""), "P0725");
  EXPECT_EQ(code("\"algorithm\": \"Ed25519\"", "\"algorithm\": \"none\""), "P0725");
  EXPECT_EQ(code("\"hash_algorithm\": \"sha-256\"", "\"hash_algorithm\": \"md5\""), "P0725");
  EXPECT_EQ(code("\"related_to\": \"playbook--a", "\"related_to\": \"playbook--b"), "P0726");
  EXPECT_EQ(code("\"related_version\": \"2026", "\"related_version\": \"2025"), "P0726");
  std::string standard = good;
  standard.insert(good.rfind("\"value\": \"") + 10, "+/");
  EXPECT_EQ(verify(standard, key.open).code, "P0727");
  EXPECT_EQ(code("\"public_key\": \"", "\"public_key\": \"!"), "P0727");
  EXPECT_EQ(code("\"public_key\"", "\"somewhere\""), "P0727");
  EXPECT_EQ(code("\"signee\": \"ACME\",", "\"signee\": \"ACME\", \"signee\": \"B\","), "P0727");
}

TEST(Signature, a_revoked_signature_does_not_count_though_it_is_genuine) {
  // Whoever revokes signs anew: the property is part of what is signed.
  const Pair key = edwards();
  const std::string good = sign(simple_playbook(), key, spec_for(SignatureAlgorithm::ed25519));
  EXPECT_EQ(verify(replaced(good, "\"type\": \"jss\"", "\"type\": \"jss\", \"revoked\": true"), key.open).code,
            "P0721");
}

TEST(Signature, weak_keys_and_other_curves_are_refused) {
  const Pair weak = rsa(1024);
  const auto key = PrivateKey::from_pem(weak.secret);
  ASSERT_TRUE(key.has_value());
  EXPECT_FALSE(sign_playbook(read_json(simple_playbook()), *key, spec_for(SignatureAlgorithm::rs256)).has_value());
  EXPECT_FALSE(key->public_half().algorithm().has_value());
  EXPECT_FALSE(PrivateKey::from_pem(curve("secp256k1").secret)->public_half().algorithm().has_value());
}

TEST(Signature, certificates_by_chain_and_by_thumbprint) {
  const Pair root = curve("P-256");
  const Pair leaf = edwards();
  const std::string root_pem = certificate(root, root, "Root", "Root", true, day);
  const std::string leaf_pem = certificate(leaf, root, "Leaf", "Root", false, day);
  const std::string good = sign(simple_playbook(), leaf, spec_for(SignatureAlgorithm::ed25519));
  const std::string by_key = "\"public_key\": \"" + PublicKey::from_pem(leaf.open)->base64() + "\"";
  ASSERT_NE(good.find(by_key), std::string::npos);
  const auto signed_with = [&](const std::string& name) {
    // What is signed holds the name of the key, so it is signed again.
    JsonDocument document = read_json(replaced(good, by_key, name));
    JsonNode& signature = document.root.members.back().value.items.front();
    std::erase_if(signature.members, [](const JsonMember& m) { return m.name == "value"; });
    const auto hash = hash_hex("sha-256", *canonical_json(document.root));
    JsonMember value{"value", 0, {}};
    value.value.kind = JsonNode::Kind::string;
    value.value.text = to_base64url(*PrivateKey::from_pem(leaf.secret)->sign(SignatureAlgorithm::ed25519, *hash));
    signature.members.push_back(value);
    return render_json(document.root);
  };
  const std::string chain =
      signed_with("\"public_cert_chain\": [\"" + without_newlines(base64_of_pem(leaf_pem)) + "\"]");
  EXPECT_TRUE(verify(chain, root_pem).valid) << verify(chain, root_pem).reason;
  EXPECT_TRUE(verify(chain, leaf_pem).valid) << verify(chain, leaf_pem).reason;
  EXPECT_EQ(verify(chain, root_pem, day + std::chrono::hours(72)).code, "P0722");
  EXPECT_EQ(verify(chain, leaf_pem, day + std::chrono::hours(72)).code, "P0723");
  EXPECT_EQ(verify(chain, certificate(leaf, leaf, "Leaf", "Leaf", true, day), day, KeyStore::Standing::revoked).code,
            "P0724");
  EXPECT_EQ(verify(chain, certificate(edwards(), root, "Other", "Root", true, day)).code, "P0722");
  const std::string by_url = signed_with("\"cert_url\": \"https://example.org/cert.pem\"");
  EXPECT_TRUE(verify(by_url, leaf_pem).valid);
  EXPECT_EQ(verify(by_url, root_pem).code, "P0725");
  EXPECT_EQ(verify(signed_with("\"thumbprint\": \"AAAA\""), leaf_pem).code, "P0722");
}

TEST(Signature, hostile_documents_and_keys_are_bounded) {
  KeyStore store;
  EXPECT_FALSE(store.add("x", "").has_value());
  EXPECT_FALSE(store.add("x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").has_value());
  EXPECT_FALSE(store.add("x", "-----BEGIN CERTIFICATE-----\n").has_value());
  EXPECT_FALSE(store.add("x", std::string(100'000, 'A')).has_value());
  EXPECT_FALSE(PrivateKey::from_pem("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n").has_value());
  for (const char* text : {"", "[]", "{}", "{\"signatures\":5}", "{\"signatures\":[]}",
                           "{\"signatures\":[1,null,[],{}]}", "{\"signatures\":[{\"value\":1e999}]}"})
    for (const auto& verdict : verify_signatures(read_json(text), store, day)) {
      EXPECT_FALSE(verdict.valid) << text;
      EXPECT_FALSE(verdict.code.empty()) << text;
    }
  std::string many = "{\"signatures\":[{}";
  for (int i = 0; i < 1000; ++i) many += ",{}";
  EXPECT_EQ(verify_signatures(read_json(many + "]}"), store, day).size(), 1U);
  EXPECT_FALSE(parse_base64url("a").has_value());
  EXPECT_FALSE(parse_base64url("a+b/").has_value());
  EXPECT_EQ(parse_base64url(to_base64url("\xff\xfe\xfd\xfc")).value(), "\xff\xfe\xfd\xfc");
}

TEST(Moment, far_years_are_the_last_we_know) {
  EXPECT_EQ(parse_moment("2337-05-26T15:56:00.123456Z"), Time::max());
  EXPECT_EQ(parse_moment("9999-12-31T23:59:59Z"), Time::max());
  EXPECT_FALSE(parse_moment("2337-02-30T00:00:00Z").has_value());
  EXPECT_FALSE(parse_moment("2337-05-26T25:00:00Z").has_value());
  EXPECT_TRUE(parse_moment("2400-02-29T00:00:00Z").has_value());
  EXPECT_FALSE(parse_moment("2500-02-29T00:00:00Z").has_value());
  EXPECT_FALSE(parse_moment("2026-01-01T00:00:00+01:00").has_value());
  EXPECT_FALSE(parse_moment("2026-01-01T00:00:00Z", Fraction::milliseconds).has_value());
}

}  // namespace
}  // namespace tocsin::responders
