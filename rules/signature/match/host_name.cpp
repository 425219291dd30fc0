#include "rules/signature/match/host_name.h"

#include <string>

#include <libpsl.h>

namespace tocsin::rules::signature {

void registered_name(Bytes name, NamePart part, std::vector<std::uint8_t>& out) {
  static constexpr std::size_t name_most = 253;
  if (name.empty() || name.size() > name_most) return;
  const std::string text(name.begin(), name.end());
  const psl_ctx_t* list = psl_builtin();
  if (list == nullptr || text.find('\0') != std::string::npos) return;
  const char* domain = psl_registrable_domain(list, text.c_str());
  if (domain == nullptr) return;
  const char* wanted = part == NamePart::domain ? domain : psl_unregistrable_domain(list, domain);
  if (wanted == nullptr) return;
  const std::string_view found(wanted);
  out.insert(out.end(), found.begin(), found.end());
}

}  // namespace tocsin::rules::signature
