#include "daemon/ruleset/kind.h"

#include <algorithm>
#include <array>

namespace tocsin::daemon {

KindInSet kind_in_set(std::string_view name) noexcept {
  name = name.substr(name.rfind('/') + 1);
  const auto is = [&](auto... names) { return ((name == names) || ...); };
  const auto ends = [&](auto... endings) { return (name.ends_with(endings) || ...); };
  if (is("tuning.yaml", "threshold.config", "threshold.conf")) return KindInSet::local;
  if (ends(".test.yaml", ".test.yml") || name.starts_with('.')) return KindInSet::other;
  if (ends(".rules", ".yml", ".yaml", ".yar", ".yara")) return KindInSet::rules;
  if (is("classification.config", "reference.config") ||
      ends(".lst", ".list", ".csv", ".json", ".dat", ".md5", ".sha1", ".sha256"))
    return KindInSet::data;
  return KindInSet::other;
}

}  // namespace tocsin::daemon
