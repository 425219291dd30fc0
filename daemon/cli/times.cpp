#include "daemon/cli/times.h"

#include "collectors/base/text.h"

namespace tocsin::daemon {

std::optional<Time> parse_when(std::string_view text, Time now) {
  text = trim(text);
  const auto today = std::chrono::floor<std::chrono::days>(now);
  if (text == "now") return now;
  if (text == "today") return today;
  if (text == "yesterday") return today - std::chrono::days{1};
  auto length = text;
  const bool minus = length.starts_with('-');
  if (minus) length.remove_prefix(1);
  const bool ago = length.ends_with(" ago");
  if (ago) length.remove_suffix(4);
  if (minus || ago) {
    const auto before = parse_duration(length);
    if (!before) return std::nullopt;
    return now - *before;
  }
  return parse_time(text);
}

}  // namespace tocsin::daemon
