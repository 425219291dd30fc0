#pragma once
// A message of LDAP version 3 (RFC 4511), in BER. Passwords are not kept.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/packet/protocol/smb/authentication.h"

namespace tocsin::collectors {

// Numbers of the application tags.
enum class LdapOperation : std::uint8_t {
  bind_request = 0,
  bind_response = 1,
  unbind_request = 2,
  search_request = 3,
  search_result_entry = 4,
  search_result_done = 5,
  modify_request = 6,
  modify_response = 7,
  add_request = 8,
  add_response = 9,
  del_request = 10,
  del_response = 11,
  mod_dn_request = 12,
  mod_dn_response = 13,
  compare_request = 14,
  compare_response = 15,
  abandon_request = 16,
  search_result_reference = 19,
  extended_request = 23,
  extended_response = 24,
  intermediate_response = 25,
};
std::string_view ldap_operation_name(LdapOperation operation) noexcept;  // empty: there is none of that number
std::optional<LdapOperation> find_ldap_operation(std::string_view name) noexcept;
bool ldap_is_request(LdapOperation operation) noexcept;
// Further answers follow one of these.
bool ldap_is_partial(LdapOperation operation) noexcept;
std::string_view ldap_result_name(std::int64_t code) noexcept;  // empty when unknown
std::optional<std::int64_t> find_ldap_result(std::string_view name) noexcept;

struct LdapAttribute {
  std::string type;
  std::vector<std::string> values;
};
struct LdapChange {
  std::int64_t operation = 0;  // 0 add, 1 delete, 2 replace, 3 increment
  LdapAttribute attribute;
};
struct LdapSearch {
  std::int64_t scope = 0, aliases = 0, size_limit = 0, time_limit = 0;
  bool types_only = false;
  std::vector<std::string> attributes;
};
struct LdapResult {
  std::int64_t code = 0;
  std::string matched_name;
  std::string message;
};

// Only what the operation has is set.
struct LdapMessage {
  std::int64_t id = 0;
  LdapOperation operation{};
  std::string name;  // distinguished name of the entry, the base or the account
  std::int64_t version = 0;
  std::optional<std::string> mechanism;  // of a bind with SASL
  std::optional<NtlmLogon> logon;        // in its credentials
  std::optional<LdapSearch> search;
  std::vector<LdapChange> changes;
  std::vector<LdapAttribute> attributes;
  std::optional<LdapAttribute> assertion;  // of a comparison: one value
  std::string new_name;
  bool delete_old_name = false;
  std::optional<std::string> new_superior;
  std::optional<std::string> object;  // identifier of an extended operation
  std::optional<std::string> value;
  std::vector<std::string> references;
  std::int64_t abandoned = 0;
  std::optional<LdapResult> result;
};

// `bytes` is one whole item. Nothing when it is no message.
std::optional<LdapMessage> parse_ldap(Bytes bytes);
// The beginning of a message: enough to tell it from other protocols in BER.
struct LdapHead {
  std::size_t size = 0;  // of the whole message
  LdapOperation operation{};
};
std::optional<LdapHead> peek_ldap(Bytes bytes);

}  // namespace tocsin::collectors
