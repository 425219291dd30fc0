// rooms: ruleset
// A rule set from outside: any bytes are unpacked within the limits to files with good names, or refused; a manifest is
// read or refused.
#include <cstdlib>

#include "daemon/ruleset/bundle.h"
#include "daemon/ruleset/shelf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  using namespace tocsin::daemon;
  BundleLimits limits;
  limits.bytes = 4U << 20;
  limits.file = 1U << 20;
  limits.files = 100;
  if (const auto bundle = unpack_bundle(Bytes(data, size), limits)) {
    std::size_t total = 0;
    for (const auto& file : bundle->files) {
      if (!good_bundle_name(file.name) || file.text.size() > limits.file) std::abort();
      total += file.text.size();
    }
    if (total > limits.bytes || bundle->files.size() > limits.files) std::abort();
  }
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto manifest = parse_manifest(text)) {
    const auto shown = render_manifest(*manifest);
    const auto again = parse_manifest(shown);
    if (!again || render_manifest(*again) != shown) std::abort();
  }
  return 0;
}
