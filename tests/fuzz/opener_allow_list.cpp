// rooms: opener
// The configuration as the privileged opener reads it: any text is understood or refused, and whatever it allows is a
// plain absolute path.
#include <cstdlib>

#include "collectors/base/bytes.h"
#include "collectors/opener/allow_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  const auto text = as_text({data, size});
  const auto list = collectors::parse_allow_list(text);
  if (!list) return 0;
  for (const auto* path : {"/var/log/auth.log", "/var/log/../../etc/shadow", "relative", "/etc/shadow\n"})
    if (list->allows_log(path) && !collectors::is_plain_path(path)) std::abort();
  for (const auto& directory : list->readable_directories())
    if (directory.empty() || directory.front() != '/') std::abort();
  if (list->allows_log(text) && !collectors::is_plain_path(text)) std::abort();
  return 0;
}
