// rooms: playbook
// Signatures and their canonical form: any document is judged without harm, none is valid by an empty key store, and
// the canonical form of a canonical form is itself. Keys: any bytes are read without harm.
#include <cstdlib>

#include "collectors/base/bytes.h"
#include "responders/playbook/signature/canonical.h"
#include "responders/playbook/signature/signature.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::responders;
  const std::string_view text = as_text({data, size});
  const JsonDocument document = read_json(text);
  KeyStore store;
  static_cast<void>(store.add("fuzz", text));
  if (is_signed(verify_signatures(document, KeyStore{}, Time{}))) std::abort();
  static_cast<void>(verify_signatures(document, store, Time{}));
  static_cast<void>(PrivateKey::from_pem(text));
  static_cast<void>(PublicKey::from_key_base64(text));
  static_cast<void>(PublicKey::from_certificate_base64(text));
  if (!document.problems.empty()) return 0;
  const auto once = canonical_json(document.root);
  if (!once) return 0;
  const JsonDocument again = read_json(*once);
  if (!again.problems.empty()) std::abort();
  // A whole number that stands for a large one is read back as such, and refused.
  const auto twice = canonical_json(again.root);
  if (twice && *twice != *once) std::abort();
  return 0;
}
