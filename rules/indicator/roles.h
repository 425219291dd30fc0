#pragma once
// Which fields hold what: decided once by a field's name, known or a product's own, then looked up by number.

#include <array>
#include <cstdint>
#include <string_view>

#include "collectors/event/field.h"

namespace tocsin::rules::indicator {

enum class FieldRole : std::uint8_t {
  undecided,
  none,     // text of no such kind; an address in it still counts
  own,      // about the host or the observer itself: never looked at
  address,  // also as text
  host,     // a domain or an address
  answers,  // of DNS: names are domains; addresses stand in a field of their own
  url,
  digest,  // in hex, colons allowed; or "SHA1=…,MD5=…"
  ja4,
};
FieldRole role_of(std::string_view field_name) noexcept;

// One detector's memory of them. Never allocates after its construction.
class FieldRoles {
 public:
  explicit FieldRoles(const FieldNames& names) : names_(names) {}
  FieldRole operator()(Field field) noexcept {
    auto& role = roles_[static_cast<std::uint16_t>(field)];
    if (role == FieldRole::undecided) role = role_of(names_.name(field));
    return role;
  }

 private:
  const FieldNames& names_;
  std::array<FieldRole, 65536> roles_{};
};

}  // namespace tocsin::rules::indicator
