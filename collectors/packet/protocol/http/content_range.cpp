#include "collectors/packet/protocol/http/content_range.h"

#include <algorithm>

#include "collectors/base/text.h"

namespace tocsin::collectors {

std::optional<ContentRange> ContentRange::parse(std::string_view value) {
  static constexpr std::string_view unit = "bytes";
  std::string_view rest = trim(value);
  if (!rest.starts_with(unit)) return std::nullopt;
  rest = trim(rest.substr(unit.size()));
  const auto number = [&](char end) -> std::optional<std::uint64_t> {
    const std::size_t stop = end == '\0' ? rest.size() : rest.find(end);
    if (stop == std::string_view::npos) return std::nullopt;
    const auto out = parse_unsigned(trim(rest.substr(0, stop)));
    rest.remove_prefix(std::min(rest.size(), stop + 1));
    return out;
  };
  ContentRange out;
  if (rest.starts_with('*')) {
    rest.remove_prefix(std::min<std::size_t>(rest.size(), 2));
  } else {
    out.first = number('-');
    out.last = number('/');
    if (!out.first || !out.last) out.first = out.last = std::nullopt;
  }
  out.size = number('\0');
  return out;
}

bool ContentRange::sound(std::string_view value) {
  const auto range = parse(value);
  if (!range) return false;
  const std::string_view text = trim(value);
  const auto slash = text.rfind('/');
  if (slash == std::string_view::npos) return false;
  const bool size_unknown = trim(text.substr(slash + 1)) == "*";
  if (!range->size && !size_unknown) return false;
  if (!range->first) return range->size.has_value() && text.substr(0, slash).ends_with('*');
  return *range->first <= *range->last && (size_unknown || *range->last < *range->size);
}

}  // namespace tocsin::collectors
