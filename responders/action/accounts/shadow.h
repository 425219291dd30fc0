#pragma once
// One account in /etc/shadow (shadow(5)): whether its password works and when it ends. Edited under the same lock as
// passwd(1) takes, replaced whole, and nothing but the one field is touched.

#include <optional>
#include <string>

#include "collectors/base/result.h"

namespace tocsin::responders {

struct ShadowEntry {
  bool locked = false;  // the password field begins with "!", as usermod -L does it
  std::string expires;  // days since 1970 as text; empty = never
};

class Shadow {
 public:
  // `root` goes before /etc.
  explicit Shadow(const std::string& root) : directory_(root + "/etc") {}

  Result<ShadowEntry> read(const std::string& account) const;  // not_found: no such account
  enum class Password : std::uint8_t { works, locked };
  Result<void> set_password(const std::string& account, Password password) const;
  Result<void> set_expires(const std::string& account, const std::string& days) const;

 private:
  const std::string directory_;
};

// The line of `account` with one field changed; nullopt: it has no line, or a broken one. Pure.
std::optional<std::string> change_field(std::string_view shadow, std::string_view account, std::size_t field,
                                        const std::string& value);
std::optional<std::string> read_field(std::string_view shadow, std::string_view account, std::size_t field);

}  // namespace tocsin::responders
