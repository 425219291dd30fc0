#include "responders/playbook/signature/signature.h"

#include <fmt/format.h>

#include <algorithm>

#include "collectors/base/text.h"
#include "responders/playbook/parse/moment.h"
#include "responders/playbook/signature/canonical.h"

namespace tocsin::responders {
namespace {

using Kind = JsonNode::Kind;

constexpr std::size_t keys_most = 256;
constexpr std::size_t signatures_most = 16;
constexpr std::size_t chain_most = 8;

struct Refusal {
  std::string_view code;
  std::string reason;
};

std::string text_of(const JsonNode& node, std::string_view name) {
  const JsonNode* found = node.find(name);
  return found != nullptr && found->is(Kind::string) ? found->text : std::string();
}

void drop(JsonNode& node, std::string_view name) {
  std::erase_if(node.members, [&](const JsonMember& member) { return member.name == name; });
}

JsonNode string_node(std::string text) {
  JsonNode node;
  node.kind = Kind::string;
  node.text = std::move(text);
  return node;
}

// The playbook with this signature alone, without what was made after it: its value, and countersignatures.
Result<std::string> canonical_of(const JsonNode& playbook, JsonNode signature) {
  JsonNode whole = playbook;
  drop(whole, "signatures");
  drop(signature, "value");
  drop(signature, "signature");
  JsonNode list;
  list.kind = Kind::array;
  list.items.push_back(std::move(signature));
  whole.members.push_back({"signatures", 0, std::move(list)});
  return canonical_json(whole);
}

class Verifier {
 public:
  Verifier(const JsonNode& playbook, const JsonNode& signature, const KeyStore& store, Time now, SignedForm form)
      : playbook_(playbook), signature_(signature), store_(store), now_(now), form_(form) {}

  SignatureVerdict run() {
    out_.id = text_of(signature_, "id");
    out_.signee = text_of(signature_, "signee");
    out_.algorithm = text_of(signature_, "algorithm");
    out_.offset = signature_.offset;
    if (auto refusal = judge()) {
      out_.code = refusal->code;
      out_.reason = std::move(refusal->reason);
    } else {
      out_.valid = true;
      out_.reason = fmt::format("signed by the key {}", out_.key);
    }
    return std::move(out_);
  }

 private:
  // What the text alone says comes first, then whose it is, then whether it holds.
  std::optional<Refusal> judge() {
    if (!signature_.is(Kind::object)) return Refusal{"P0727", "the signature is not an object"};
    for (const auto* name : {"id", "signee", "related_to", "related_version", "hash_algorithm", "algorithm", "value"})
      if (text_of(signature_, name).empty())
        return Refusal{"P0727", fmt::format("the signature has no text in \"{}\"", name)};
    auto canonical = canonical_of(playbook_, signature_);
    if (!canonical) return Refusal{"P0727", canonical.error().message};
    out_.canonical = std::move(*canonical);
    auto hash = hash_hex(text_of(signature_, "hash_algorithm"), out_.canonical);
    if (!hash) return Refusal{"P0725", hash.error().message};
    out_.hash = std::move(*hash);
    if (text_of(signature_, "related_to") != text_of(playbook_, "id"))
      return Refusal{"P0726", "the signature is for another playbook"};
    if (text_of(signature_, "related_version") != text_of(playbook_, "modified"))
      return Refusal{"P0726", "the signature is for another version of the playbook"};
    const auto algorithm = parse_signature_algorithm(out_.algorithm);
    if (!algorithm)
      return Refusal{"P0725", fmt::format("the algorithm \"{}\" is not one of RS, PS and ES with 256, 384 or 512, "
                                          "Ed25519 and Ed448",
                                          out_.algorithm.substr(0, 40))};
    const auto value = parse_base64url(text_of(signature_, "value"));
    if (!value) return Refusal{"P0727", "\"value\" is not base64url"};
    if (auto refusal = judge_key(*algorithm, *value)) return refusal;
    return judge_time();
  }

  std::string message() const {
    if (form_ == SignedForm::hexadecimal) return out_.hash;
    if (form_ == SignedForm::text) return out_.canonical;
    const auto bytes = parse_hex(out_.hash);
    return bytes ? std::string(bytes->begin(), bytes->end()) : std::string();
  }

  std::optional<Refusal> judge_key(SignatureAlgorithm algorithm, const std::string& value) {
    std::vector<const KeyStore::Entry*> candidates;
    std::optional<PublicKey> certified;
    if (auto refusal = find_key(candidates, certified)) return refusal;
    std::optional<Refusal> refusal;
    const auto attempt = [&](const PublicKey& key) {
      auto verified = key.verify(algorithm, message(), value);
      if (!verified)
        refusal = Refusal{verified.error().code == Code::invalid ? "P0725" : "P0721", verified.error().message};
      return verified.has_value();
    };
    if (certified) return attempt(*certified) ? std::nullopt : refusal;
    for (const KeyStore::Entry* entry : candidates) {
      if (!attempt(entry->key)) continue;
      out_.key = entry->name;
      if (entry->standing == KeyStore::Standing::revoked)
        return Refusal{"P0724", fmt::format("the key {} is revoked", entry->name)};
      if (auto valid = entry->key.check_certificate(now_); !valid) return Refusal{"P0723", valid.error().message};
      return std::nullopt;
    }
    return refusal;
  }

  // The keys of the store that this signature says it is by; or one that a chain of certificates vouches for.
  std::optional<Refusal> find_key(std::vector<const KeyStore::Entry*>& candidates,
                                  std::optional<PublicKey>& certified) {
    const auto collect = [&](auto fits) {
      for (const KeyStore::Entry& entry : store_.entries())
        if (fits(entry.key)) candidates.push_back(&entry);
    };
    if (const std::string given = text_of(signature_, "public_key"); !given.empty()) {
      const auto key = PublicKey::from_key_base64(given);
      if (!key) return Refusal{"P0727", key.error().message};
      collect([&](const PublicKey& known) { return known.same_as(*key); });
      if (candidates.empty()) return unknown(*key);
    } else if (const JsonNode* chain = signature_.find("public_cert_chain"); chain != nullptr) {
      return find_certified(*chain, candidates, certified);
    } else if (const std::string thumbprint = text_of(signature_, "thumbprint"); !thumbprint.empty()) {
      collect([&](const PublicKey& known) { return known.has_thumbprint(thumbprint); });
    } else if (!text_of(signature_, "cert_url").empty()) {
      // Nothing is fetched on behalf of a playbook: the key must be here already.
      collect([](const PublicKey&) { return true; });
    } else {
      return Refusal{"P0727", "the signature says of no key: public_key, public_cert_chain, cert_url or thumbprint"};
    }
    if (candidates.empty()) return Refusal{"P0722", "the signature's key is not in the key store"};
    return std::nullopt;
  }

  static Refusal unknown(const PublicKey& key) {
    return {"P0722", fmt::format("the key {} is not in the key store", key.fingerprint().substr(0, 16))};
  }

  std::optional<Refusal> find_certified(const JsonNode& list, std::vector<const KeyStore::Entry*>& candidates,
                                        std::optional<PublicKey>& certified) {
    if (!list.is(Kind::array) || list.items.empty() || list.items.size() > chain_most)
      return Refusal{"P0727", "\"public_cert_chain\" is not a list of one to eight certificates"};
    std::vector<PublicKey> chain;
    for (const JsonNode& item : list.items) {
      auto certificate = PublicKey::from_certificate_base64(item.text);
      if (!certificate) return Refusal{"P0727", certificate.error().message};
      chain.push_back(std::move(*certificate));
    }
    for (const KeyStore::Entry& entry : store_.entries())
      if (entry.key.same_as(chain.front())) candidates.push_back(&entry);
    if (!candidates.empty()) return std::nullopt;
    std::vector<PublicKey> roots;
    for (const KeyStore::Entry& entry : store_.entries()) {
      if (entry.standing == KeyStore::Standing::trusted) roots.push_back(entry.key);
      else if (std::any_of(chain.begin(), chain.end(), [&](const PublicKey& k) { return k.same_as(entry.key); }))
        return Refusal{"P0724", fmt::format("the chain goes through the key {}, which is revoked", entry.name)};
    }
    if (auto trusted = check_chain(chain, roots, now_); !trusted) return Refusal{"P0722", trusted.error().message};
    out_.key = "of a trusted certificate chain";
    certified = std::move(chain.front());
    return std::nullopt;
  }

  std::optional<Refusal> judge_time() const {
    const JsonNode* revoked = signature_.find("revoked");
    if (revoked != nullptr && (!revoked->is(Kind::boolean) || revoked->boolean))
      return Refusal{"P0724", "the signature is revoked"};
    for (const auto* name : {"valid_from", "valid_until"}) {
      const JsonNode* node = signature_.find(name);
      if (node == nullptr) continue;
      const auto moment = parse_moment(node->text);
      if (!moment) return Refusal{"P0727", fmt::format("\"{}\" is not an RFC 3339 time in UTC", name)};
      const bool from = std::string_view(name) == "valid_from";
      if (from ? now_ < *moment : now_ > *moment)
        return Refusal{"P0723", fmt::format("the signature {} {}", from ? "is valid only from" : "was valid until",
                                            node->text.substr(0, 40))};
    }
    return std::nullopt;
  }

  const JsonNode& playbook_;
  const JsonNode& signature_;
  const KeyStore& store_;
  const Time now_;
  const SignedForm form_;
  SignatureVerdict out_;
};

SignatureVerdict refused(std::string_view code, std::string reason, std::uint32_t offset = 0) {
  SignatureVerdict out;
  out.code = code;
  out.reason = std::move(reason);
  out.offset = offset;
  return out;
}

}  // namespace

Result<void> KeyStore::add(std::string name, std::string_view pem, Standing standing) {
  if (entries_.size() >= keys_most) return fail(Code::exhausted, "the key store holds 256 keys and no more");
  auto key = PublicKey::from_pem(pem);
  if (!key) return std::unexpected(std::move(key).error().within("while reading " + name));
  entries_.push_back({std::move(name), std::move(*key), standing});
  return {};
}

std::vector<SignatureVerdict> verify_signatures(const JsonDocument& document, const KeyStore& store, Time now,
                                                SignedForm form) {
  if (!document.problems.empty())
    return {refused("P0727", document.problems.front().cause, document.problems.front().offset)};
  const JsonNode* list = document.root.find("signatures");
  if (list == nullptr) return {refused("P0720", "the playbook is not signed")};
  if (!list->is(Kind::array) || list->items.empty())
    return {refused("P0727", "\"signatures\" is not a list with something in it", list->offset)};
  if (list->items.size() > signatures_most)
    return {refused("P0727", "there are more than 16 signatures", list->offset)};
  std::vector<SignatureVerdict> out;
  out.reserve(list->items.size());
  for (const JsonNode& signature : list->items)
    out.push_back(Verifier(document.root, signature, store, now, form).run());
  return out;
}

bool is_signed(const std::vector<SignatureVerdict>& verdicts) noexcept {
  return std::any_of(verdicts.begin(), verdicts.end(), [](const SignatureVerdict& v) { return v.valid; });
}

Result<std::string> sign_playbook(const JsonDocument& document, const PrivateKey& key, const SigningSpec& spec) {
  if (!document.problems.empty()) return fail(Code::invalid, document.problems.front().cause);
  const std::string id = text_of(document.root, "id");
  const std::string version = text_of(document.root, "modified");
  if (text_of(document.root, "type") != "playbook" || id.empty() || version.empty())
    return fail(Code::invalid, "only a playbook with \"id\" and \"modified\" can be signed");
  JsonNode signature;
  signature.kind = Kind::object;
  const auto put = [&](std::string name, std::string text) {
    signature.members.push_back({std::move(name), 0, string_node(std::move(text))});
  };
  constexpr std::size_t to_milliseconds = 23;
  const auto stamp = [&](Time time) { return render_time(time).substr(0, to_milliseconds) + "Z"; };
  put("type", "jss");
  put("id", "jss--" + render_uuid(spec.id));
  if (!spec.created_by.empty()) put("created_by", spec.created_by);
  put("created", stamp(spec.now));
  put("modified", stamp(spec.now));
  put("signee", spec.signee);
  put("valid_from", stamp(spec.now));
  if (spec.valid_until) put("valid_until", stamp(*spec.valid_until));
  put("related_to", id);
  put("related_version", version);
  put("hash_algorithm", "sha-256");
  put("algorithm", std::string(signature_algorithm_name(spec.algorithm)));
  put("public_key", key.public_half().base64());
  TOCSIN_TRY(const std::string canonical, canonical_of(document.root, signature));
  TOCSIN_TRY(const std::string hash, hash_hex("sha-256", canonical));
  TOCSIN_TRY(const std::string value, key.sign(spec.algorithm, hash));
  put("value", to_base64url(value));
  JsonNode whole = document.root;
  const auto list =
      std::find_if(whole.members.begin(), whole.members.end(), [](const auto& m) { return m.name == "signatures"; });
  if (list != whole.members.end()) {
    list->value.items.push_back(std::move(signature));
  } else {
    JsonNode fresh;
    fresh.kind = Kind::array;
    fresh.items.push_back(std::move(signature));
    whole.members.push_back({"signatures", 0, std::move(fresh)});
  }
  return render_json_laid_out(whole);
}

}  // namespace tocsin::responders
