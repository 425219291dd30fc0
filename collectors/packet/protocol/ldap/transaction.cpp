#include "collectors/packet/protocol/ldap/transaction.h"

#include <algorithm>

namespace tocsin::collectors {

std::uint8_t LdapTransaction::progress(Direction direction) const {
  if (direction == Direction::to_server) return request ? 1 : 0;
  return static_cast<std::uint8_t>(std::min<std::size_t>(responses.size(), 255));
}

bool LdapTransaction::complete(Direction direction) const { return done || direction == Direction::to_server; }

std::optional<Bytes> LdapTransaction::buffer(Buffer buffer, Direction direction, std::uint32_t index) const {
  return direction == Direction::to_server ? request_buffer(buffer, index) : response_buffer(buffer, index);
}

std::optional<Bytes> LdapTransaction::request_buffer(Buffer buffer, std::uint32_t index) const {
  if (!request) return std::nullopt;
  if (buffer == Buffer::ldap_request_dn && index == 0 && !request->name.empty()) return as_bytes(request->name);
  if (buffer != Buffer::ldap_request_attribute_type) return std::nullopt;
  const std::string* type = nullptr;
  if (request->search && index < request->search->attributes.size()) type = &request->search->attributes[index];
  else if (index < request->changes.size()) type = &request->changes[index].attribute.type;
  else if (index < request->attributes.size()) type = &request->attributes[index].type;
  else if (request->assertion && index == 0) type = &request->assertion->type;
  return type == nullptr ? std::nullopt : std::optional(as_bytes(*type));
}

std::optional<Bytes> LdapTransaction::response_buffer(Buffer buffer, std::uint32_t index) const {
  std::uint32_t at = 0;
  for (const auto& response : responses) {
    const std::string* found = nullptr;
    if (buffer == Buffer::ldap_responses_dn) {
      if (response.result) found = &response.result->matched_name;
      else if (!response.name.empty()) found = &response.name;
    } else if (buffer == Buffer::ldap_responses_message) {
      if (response.result) found = &response.result->message;
    } else if (buffer == Buffer::ldap_responses_attribute_type) {
      if (index - at < response.attributes.size()) return as_bytes(response.attributes[index - at].type);
      at += static_cast<std::uint32_t>(response.attributes.size());
    }
    if (found != nullptr && at++ == index) return as_bytes(*found);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> LdapTransaction::number_of(Buffer buffer, Direction direction, std::uint32_t index) const {
  if (direction == Direction::to_server) {
    if (buffer != Buffer::ldap_request_operation || index != 0 || !request) return std::nullopt;
    return static_cast<std::uint64_t>(request->operation);
  }
  switch (buffer) {
    case Buffer::ldap_responses_count:
      return index == 0 ? std::optional<std::uint64_t>(responses.size()) : std::nullopt;
    case Buffer::ldap_responses_operation:
      if (index < responses.size()) return static_cast<std::uint64_t>(responses[index].operation);
      return std::nullopt;
    case Buffer::ldap_responses_result_code:
      for (const auto& response : responses)
        if (response.result && index-- == 0) return static_cast<std::uint64_t>(response.result->code);
      return std::nullopt;
    default: return std::nullopt;
  }
}

}  // namespace tocsin::collectors
