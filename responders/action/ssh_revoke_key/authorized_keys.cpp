#include "responders/action/ssh_revoke_key/authorized_keys.h"

#include <fmt/format.h>

#include "collectors/base/base64.h"
#include "collectors/base/digest.h"
#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

std::string mark_of(std::string_view fingerprint) { return fmt::format("# revoked by tocsin {}: ", fingerprint); }

template <class Change>
std::string each_line(std::string_view file, Change change) {
  std::string out;
  for (std::size_t begin = 0; begin < file.size();) {
    const std::size_t end = std::min(file.find('\n', begin), file.size());
    out += change(file.substr(begin, end - begin));
    if (end < file.size()) out += '\n';
    begin = end + 1;
  }
  return out;
}

}  // namespace

std::optional<std::string> fingerprint_of(std::string_view line) {
  if (trim(line).starts_with('#')) return std::nullopt;
  // Options may stand before the kind of key, and quoted ones hold blanks; the key itself is one word all the same.
  for (const std::string_view word : split(line, ' ')) {
    if (!word.starts_with("AAAA")) continue;
    const auto key = parse_base64(trim(word));
    if (!key || key->size() < 32) continue;
    const Sha256 digest = sha256(as_bytes(*key));
    std::string text = to_base64(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
    while (text.ends_with('=')) text.pop_back();
    return "SHA256:" + text;
  }
  return std::nullopt;
}

std::optional<std::string> revoke_key(std::string_view file, std::string_view fingerprint) {
  bool found = false;
  std::string out = each_line(file, [&](std::string_view line) {
    if (fingerprint_of(line) != fingerprint) return std::string(line);
    found = true;
    return mark_of(fingerprint) + std::string(line);
  });
  return found ? std::optional(std::move(out)) : std::nullopt;
}

std::string restore_key(std::string_view file, std::string_view fingerprint) {
  const std::string mark = mark_of(fingerprint);
  return each_line(file, [&](std::string_view line) {
    return std::string(line.starts_with(mark) ? line.substr(mark.size()) : line);
  });
}

}  // namespace tocsin::responders
