#include "collectors/packet/protocol/ldap/message.h"

#include <algorithm>
#include <array>

#include "collectors/packet/protocol/der.h"

namespace tocsin::collectors {

namespace {

namespace tag {
constexpr std::uint8_t boolean = 0x01, integer = 0x02, octets = 0x04, enumerated = 0x0A, sequence = 0x30, set = 0x31;
constexpr std::uint8_t application = 0x40, constructed = 0x20;
constexpr std::uint8_t context(unsigned number) noexcept { return static_cast<std::uint8_t>(0x80U | number); }
}  // namespace tag

constexpr std::size_t items_most = 1'024;  // of one list

bool is_operation(std::uint8_t item) noexcept {
  if ((item & 0xC0U) != tag::application) return false;
  const auto operation = static_cast<LdapOperation>(item & 0x1FU);
  if (ldap_operation_name(operation).empty()) return false;
  const bool primitive = operation == LdapOperation::unbind_request || operation == LdapOperation::del_request ||
                         operation == LdapOperation::abandon_request;
  return ((item & tag::constructed) == 0) == primitive;
}

std::optional<std::string> text(ByteReader& reader, std::uint8_t wanted = tag::octets) {
  const auto content = take_der(reader, wanted);
  if (!content) return std::nullopt;
  return std::string(as_text(*content));
}

std::optional<std::int64_t> number(ByteReader& reader, std::uint8_t wanted) {
  const auto content = take_der(reader, wanted);
  return content ? der_integer(*content) : std::nullopt;
}

bool boolean(ByteReader& reader) {
  const auto content = take_der(reader, tag::boolean);
  return content && !content->empty() && (*content)[0] != 0;
}

std::vector<std::string> texts(Bytes list) {
  std::vector<std::string> out;
  ByteReader reader(list);
  while (reader.remaining() != 0 && out.size() < items_most) {
    auto item = text(reader);
    if (!item) break;
    out.push_back(std::move(*item));
  }
  return out;
}

std::optional<LdapAttribute> attribute(ByteReader& reader) {
  const auto content = take_der(reader, tag::sequence);
  if (!content) return std::nullopt;
  ByteReader parts(*content);
  auto type = text(parts);
  if (!type) return std::nullopt;
  LdapAttribute out{std::move(*type), {}};
  if (const auto values = take_der(parts, tag::set)) out.values = texts(*values);
  return out;
}

bool attributes(ByteReader& reader, std::vector<LdapAttribute>& out) {
  const auto list = take_der(reader, tag::sequence);
  if (!list) return false;
  ByteReader items(*list);
  while (items.remaining() != 0 && out.size() < items_most) {
    auto item = attribute(items);
    if (!item) return false;
    out.push_back(std::move(*item));
  }
  return true;
}

bool name(ByteReader& reader, LdapMessage& message) {
  auto found = text(reader);
  if (!found) return false;
  message.name = std::move(*found);
  return true;
}

bool bind(ByteReader& reader, LdapMessage& message) {
  const auto version = number(reader, tag::integer);
  if (!version || !name(reader, message)) return false;
  message.version = *version;
  if (const auto sasl = take_der(reader, tag::context(3) | tag::constructed)) {
    ByteReader parts(*sasl);
    message.mechanism = text(parts);
    if (const auto credentials = text(parts)) message.logon = find_ntlm(as_bytes(*credentials)).logon;
  }
  return true;
}

bool search(ByteReader& reader, LdapMessage& message) {
  if (!name(reader, message)) return false;
  LdapSearch out;
  const auto scope = number(reader, tag::enumerated);
  const auto aliases = number(reader, tag::enumerated);
  const auto size = number(reader, tag::integer);
  const auto time = number(reader, tag::integer);
  if (!scope || !aliases || !size || !time) return false;
  out.scope = *scope;
  out.aliases = *aliases;
  out.size_limit = *size;
  out.time_limit = *time;
  out.types_only = boolean(reader);
  if (!next_der(reader)) return false;  // the filter
  if (const auto list = take_der(reader, tag::sequence)) out.attributes = texts(*list);
  message.search = std::move(out);
  return true;
}

bool modify(ByteReader& reader, LdapMessage& message) {
  if (!name(reader, message)) return false;
  const auto list = take_der(reader, tag::sequence);
  if (!list) return false;
  ByteReader items(*list);
  while (items.remaining() != 0 && message.changes.size() < items_most) {
    const auto item = take_der(items, tag::sequence);
    if (!item) return false;
    ByteReader parts(*item);
    const auto operation = number(parts, tag::enumerated);
    auto changed = attribute(parts);
    if (!operation || !changed) return false;
    message.changes.push_back({*operation, std::move(*changed)});
  }
  return true;
}

bool rename(ByteReader& reader, LdapMessage& message) {
  if (!name(reader, message)) return false;
  auto new_name = text(reader);
  if (!new_name) return false;
  message.new_name = std::move(*new_name);
  message.delete_old_name = boolean(reader);
  message.new_superior = text(reader, tag::context(0));
  return true;
}

bool compare(ByteReader& reader, LdapMessage& message) {
  if (!name(reader, message)) return false;
  const auto content = take_der(reader, tag::sequence);
  if (!content) return false;
  ByteReader parts(*content);
  auto type = text(parts);
  auto value = text(parts);
  if (!type || !value) return false;
  message.assertion = LdapAttribute{std::move(*type), {}};
  message.assertion->values.push_back(std::move(*value));
  return true;
}

bool result(ByteReader& reader, LdapMessage& message) {
  const auto code = number(reader, tag::enumerated);
  auto matched = text(reader);
  auto said = text(reader);
  if (!code || !matched || !said) return false;
  message.result = LdapResult{*code, std::move(*matched), std::move(*said)};
  static_cast<void>(take_der(reader, tag::context(3) | tag::constructed));  // referrals
  if (message.operation != LdapOperation::extended_response) return true;
  message.object = text(reader, tag::context(10));
  message.value = text(reader, tag::context(11));
  return true;
}

bool content(Bytes bytes, LdapMessage& message) {
  ByteReader reader(bytes);
  using enum LdapOperation;
  switch (message.operation) {
    case unbind_request: return true;
    case bind_request: return bind(reader, message);
    case search_request: return search(reader, message);
    case search_result_entry: return name(reader, message) && attributes(reader, message.attributes);
    case search_result_reference: message.references = texts(bytes); return true;
    case modify_request: return modify(reader, message);
    case add_request: return name(reader, message) && attributes(reader, message.attributes);
    case del_request: message.name = as_text(bytes); return true;
    case mod_dn_request: return rename(reader, message);
    case compare_request: return compare(reader, message);
    case abandon_request: {
      const auto id = der_integer(bytes);
      message.abandoned = id.value_or(0);
      return id.has_value();
    }
    case extended_request:
    case intermediate_response:
      message.object = text(reader, tag::context(0));
      message.value = text(reader, tag::context(1));
      return message.object || message.operation == intermediate_response;
    default: return result(reader, message);
  }
}

struct OperationName {
  LdapOperation operation;
  std::string_view name;
};
constexpr std::array operation_names{
    OperationName{LdapOperation::bind_request, "bind_request"},
    OperationName{LdapOperation::bind_response, "bind_response"},
    OperationName{LdapOperation::unbind_request, "unbind_request"},
    OperationName{LdapOperation::search_request, "search_request"},
    OperationName{LdapOperation::search_result_entry, "search_result_entry"},
    OperationName{LdapOperation::search_result_done, "search_result_done"},
    OperationName{LdapOperation::modify_request, "modify_request"},
    OperationName{LdapOperation::modify_response, "modify_response"},
    OperationName{LdapOperation::add_request, "add_request"},
    OperationName{LdapOperation::add_response, "add_response"},
    OperationName{LdapOperation::del_request, "del_request"},
    OperationName{LdapOperation::del_response, "del_response"},
    OperationName{LdapOperation::mod_dn_request, "mod_dn_request"},
    OperationName{LdapOperation::mod_dn_response, "mod_dn_response"},
    OperationName{LdapOperation::compare_request, "compare_request"},
    OperationName{LdapOperation::compare_response, "compare_response"},
    OperationName{LdapOperation::abandon_request, "abandon_request"},
    OperationName{LdapOperation::search_result_reference, "search_result_reference"},
    OperationName{LdapOperation::extended_request, "extended_request"},
    OperationName{LdapOperation::extended_response, "extended_response"},
    OperationName{LdapOperation::intermediate_response, "intermediate_response"},
};

struct ResultName {
  std::int64_t code;
  std::string_view name;
};
// RFC 4511, section 4.1.9.
constexpr std::array result_names{
    ResultName{0, "success"},
    ResultName{1, "operations_error"},
    ResultName{2, "protocol_error"},
    ResultName{3, "time_limit_exceeded"},
    ResultName{4, "size_limit_exceeded"},
    ResultName{5, "compare_false"},
    ResultName{6, "compare_true"},
    ResultName{7, "auth_method_not_supported"},
    ResultName{8, "stronger_auth_required"},
    ResultName{10, "referral"},
    ResultName{11, "admin_limit_exceeded"},
    ResultName{12, "unavailable_critical_extension"},
    ResultName{13, "confidentiality_required"},
    ResultName{14, "sasl_bind_in_progress"},
    ResultName{16, "no_such_attribute"},
    ResultName{17, "undefined_attribute_type"},
    ResultName{18, "inappropriate_matching"},
    ResultName{19, "constraint_violation"},
    ResultName{20, "attribute_or_value_exists"},
    ResultName{21, "invalid_attribute_syntax"},
    ResultName{32, "no_such_object"},
    ResultName{33, "alias_problem"},
    ResultName{34, "invalid_dns_syntax"},
    ResultName{35, "is_leaf"},
    ResultName{36, "alias_dereferencing_problem"},
    ResultName{48, "inappropriate_authentication"},
    ResultName{49, "invalid_credentials"},
    ResultName{50, "insufficient_access_rights"},
    ResultName{51, "busy"},
    ResultName{52, "unavailable"},
    ResultName{53, "unwilling_to_perform"},
    ResultName{54, "loop_detect"},
    ResultName{60, "sort_control_missing"},
    ResultName{61, "offset_range_error"},
    ResultName{64, "naming_violation"},
    ResultName{65, "object_class_violation"},
    ResultName{66, "not_allowed_on_non_leaf"},
    ResultName{67, "not_allowed_on_rdn"},
    ResultName{68, "entry_already_exists"},
    ResultName{69, "object_class_mods_prohibited"},
    ResultName{70, "results_too_large"},
    ResultName{71, "affects_multiple_dsas"},
    ResultName{76, "control_error"},
    ResultName{80, "other"},
};

}  // namespace

std::string_view ldap_operation_name(LdapOperation operation) noexcept {
  const auto found = std::ranges::find(operation_names, operation, &OperationName::operation);
  return found == operation_names.end() ? std::string_view{} : found->name;
}
std::optional<LdapOperation> find_ldap_operation(std::string_view name) noexcept {
  const auto found = std::ranges::find(operation_names, name, &OperationName::name);
  return found == operation_names.end() ? std::nullopt : std::optional(found->operation);
}
std::string_view ldap_result_name(std::int64_t code) noexcept {
  const auto found = std::ranges::find(result_names, code, &ResultName::code);
  return found == result_names.end() ? std::string_view{} : found->name;
}
std::optional<std::int64_t> find_ldap_result(std::string_view name) noexcept {
  const auto found = std::ranges::find(result_names, name, &ResultName::name);
  return found == result_names.end() ? std::nullopt : std::optional(found->code);
}

bool ldap_is_request(LdapOperation operation) noexcept { return ldap_operation_name(operation).ends_with("_request"); }
bool ldap_is_partial(LdapOperation operation) noexcept {
  return operation == LdapOperation::search_result_entry || operation == LdapOperation::search_result_reference ||
         operation == LdapOperation::intermediate_response;
}

std::optional<LdapHead> peek_ldap(Bytes bytes) {
  if (bytes.empty() || bytes[0] != tag::sequence) return std::nullopt;
  const auto size = der_size(bytes);
  if (!size || bytes.size() <= size->header) return std::nullopt;
  ByteReader reader(bytes.subspan(size->header, std::min(size->content, bytes.size() - size->header)));
  const auto id = take_der(reader, tag::integer);
  if (!id || id->empty() || id->size() > 4 || reader.remaining() == 0) return std::nullopt;
  const std::uint8_t item = reader.u8();
  if (!is_operation(item)) return std::nullopt;
  return LdapHead{size->header + size->content, static_cast<LdapOperation>(item & 0x1FU)};
}

std::optional<LdapMessage> parse_ldap(Bytes bytes) {
  ByteReader outer(bytes);
  const auto envelope = take_der(outer, tag::sequence);
  if (!envelope) return std::nullopt;
  ByteReader reader(*envelope);
  LdapMessage message;
  const auto id = number(reader, tag::integer);
  const auto operation = next_der(reader);
  if (!id || *id < 0 || *id > 0x7FFF'FFFF || !operation || !is_operation(operation->tag)) return std::nullopt;
  message.id = *id;
  message.operation = static_cast<LdapOperation>(operation->tag & 0x1FU);
  if (!content(operation->content, message)) return std::nullopt;
  return message;
}

}  // namespace tocsin::collectors
