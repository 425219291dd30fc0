#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/address.h"
#include "collectors/base/text.h"
#include "responders/playbook/validate/draft.h"
#include "responders/playbook/validate/vocabulary.h"
#include "rules/marking_id.h"

namespace tocsin::responders {
namespace {

template <class List>
bool defined(const List& list, std::string_view id) {
  return std::any_of(list.begin(), list.end(), [&](const auto& item) { return item.id == id; });
}

constexpr std::array<std::string_view, 6> address_kinds{"dname", "ipv4", "ipv6", "l2mac", "vlan", "url"};

bool is_plain_address(std::string_view kind, const std::string& text) {
  if (kind == "ipv4") {
    const auto address = parse_address(text);
    return address && address->is_v4();
  }
  if (kind == "ipv6") {
    const auto address = parse_address(text);
    return address && address->is_v6();
  }
  if (kind == "l2mac") return parse_value(VariableType::mac, text).has_value();
  if (kind == "url") return parse_value(VariableType::uri, text).has_value();
  return true;
}

void check_addresses(Draft& draft, const AgentAst& agent) {
  for (const AddressAst& address : agent.addresses) {
    if (!contains(address_kinds, address.kind))
      draft.reporter.warning("P0604", agent.offset, agent.id,
                             fmt::format("\"{}\" is not a kind of address", address.kind.substr(0, 60)),
                             "use dname, ipv4, ipv6, l2mac, vlan or url");
    for (const Placed& value : address.values) {
      if (address.kind == "vlan") {
        const auto number = parse_signed(value.text);
        if (Template(value.text).is_plain() && (!number || *number < 0 || *number > 4095))
          draft.reporter.warning("P0604", value.offset, agent.id, "a vlan is a number between 0 and 4095");
      }
      check_uses(draft, no_step, value, agent.id);
      if (Template(value.text).is_plain() && !is_plain_address(address.kind, value.text))
        draft.reporter.error(
            "P0604", value.offset, agent.id,
            fmt::format("\"{}\" is not an address of kind {}", value.text.substr(0, 100), address.kind));
    }
  }
}

void check_agent(Draft& draft, const AgentAst& agent) {
  check_addresses(draft, agent);
  const std::string& type = agent.type.text;
  check_uses(draft, no_step, agent.port, agent.id);
  if (agent.port && Template(agent.port.text).is_plain()) {
    const auto port = parse_signed(agent.port.text);
    if (!port || *port < 1 || *port > 65535)
      draft.reporter.warning("P0611", agent.port.offset, agent.id, "\"port\" is not a number between 1 and 65535",
                             "write it as text, such as \"22\"");
  }
  if (agent.region && !contains(regions, agent.region.text))
    draft.reporter.warning("P0612", agent.region.offset, agent.id,
                           fmt::format("\"{}\" is not a region of section 10.3", agent.region.text.substr(0, 60)));
  for (const Placed& category : agent.categories)
    if (!contains(security_categories, category.text))
      draft.reporter.note(
          "P0613", category.offset, agent.id,
          fmt::format("\"{}\" is not in the vocabulary of security categories", category.text.substr(0, 60)));
  if ((type == "http-api" || type == "ssh" || type == "linux" || type == "net-address") && !agent.has_address)
    draft.reporter.warning("P0605", agent.offset, agent.id, fmt::format("an agent of type {} needs \"address\"", type));
  if (type == "sector" && !agent.sector)
    draft.reporter.warning("P0605", agent.offset, agent.id, "an agent of type sector needs \"sector\"");
  if (type == "security-category" && agent.categories.empty())
    draft.reporter.warning("P0605", agent.offset, agent.id, "an agent of type security-category needs \"category\"");
  if (agent.type && !contains(agent_types, type))
    draft.reporter.note("P0606", agent.type.offset, agent.id,
                        fmt::format("\"{}\" is not in the vocabulary of agent types", type.substr(0, 60)));
  if (agent.authentication && !defined(draft.ast.authentications, agent.authentication.text))
    draft.reporter.warning("P0607", agent.authentication.offset, agent.id,
                           "\"authentication_info\" names a definition that is not there",
                           "add it to authentication_info_definitions; until then the playbook can be rehearsed, not "
                           "applied");
}

void check_authentication(Draft& draft, const AuthenticationAst& authentication) {
  if (authentication.kms && !authentication.kms_key_identifier)
    draft.reporter.warning("P0608", authentication.offset, authentication.id, "\"kms\" needs \"kms_key_identifier\"");
  if (authentication.kms_key_identifier && !authentication.kms)
    draft.reporter.warning("P0608", authentication.kms_key_identifier.offset, authentication.id,
                           "\"kms_key_identifier\" needs \"kms\": true");
  for (const auto& [name, secret] : authentication.secrets) {
    check_uses(draft, no_step, secret, authentication.id);
    const bool is_secret = name == "password" || name == "token";
    if (authentication.kms && is_secret)
      draft.reporter.warning("P0609", secret.offset, authentication.id,
                             fmt::format("\"{}\" must not be there when a key store holds the secret", name));
    else if (is_secret && Template(secret.text).is_plain())
      draft.reporter.note("P0610", secret.offset, authentication.id,
                          fmt::format("\"{}\" is in the playbook itself", name),
                          "use a key store, or an external variable");
  }
}

void check_markings(Draft& draft) {
  for (const Placed& id : draft.ast.markings)
    if (!defined(draft.ast.marking_definitions, id.text))
      draft.reporter.warning("P0701", id.offset, "markings",
                             fmt::format("names a marking that is not defined: {}", id.text.substr(0, 100)));
  for (const MarkingAst& marking : draft.ast.marking_definitions) {
    for (const std::string& name : marking.missing)
      draft.reporter.warning("P0705", marking.offset, marking.id, fmt::format("the marking has no \"{}\"", name));
    if (marking.own_id && marking.own_id.text != marking.id)
      draft.reporter.warning("P0705", marking.own_id.offset, marking.id, "\"id\" is not the key it stands under");
    if (marking.type.text != "marking-tlp") continue;
    const auto known = rules::parse_tlp(marking.level.text);
    if (!known || rules::tlp_label(*known) != marking.level.text) {
      draft.reporter.warning("P0702", marking.offset, marking.id,
                             fmt::format("\"{}\" is not a level of TLP 2.0", marking.level.text.substr(0, 60)));
    } else if (const auto official = fmt::format("marking-tlp--{}", rules::tlp_uuid(*known)); official != marking.id) {
      draft.reporter.warning("P0703", marking.offset, marking.id,
                             fmt::format("{} must be the official object {}", marking.level.text, official));
    }
  }
}

void check_extensions(Draft& draft) {
  for (const ExtensionAst& extension : draft.ast.extension_definitions)
    for (const std::string& name : extension.missing)
      draft.reporter.warning("P0706", extension.offset, extension.id,
                             fmt::format("the extension definition has no \"{}\"", name));
  const auto check = [&](const Placed& id, std::string_view item) {
    if (!defined(draft.ast.extension_definitions, id.text))
      draft.reporter.warning("P0704", id.offset, item,
                             fmt::format("uses an extension that is not defined: {}", id.text.substr(0, 100)));
  };
  for (const Placed& id : draft.ast.extensions) check(id, "playbook_extensions");
  for (const StepAst& step : draft.ast.steps)
    for (const Placed& id : step.extensions) check(id, step.label());
}

void check_approvals(Draft& draft, const StepAst& step) {
  constexpr std::uint64_t people_most = 9;
  const auto error = [&](const Placed& role, const std::string& cause, const char* next) {
    draft.reporter.error("P0707", role.offset, step.label(), cause, next);
  };
  for (const auto& [role, count] : step.approvals) {
    if (std::ranges::find(approval_roles, role.text) == approval_roles.end())
      error(role, fmt::format("there is no role \"{}\"", role.text.substr(0, 60)),
            "the roles are viewer, analyst, responder, approver and admin");
    if (count == 0 || count > people_most)
      error(role, fmt::format("how many people in the role {} is no number from 1 to 9", role.text.substr(0, 60)), "");
  }
  if (!step.approvals.empty() && (step.commands.size() != 1 || step.commands.front().type.text != "manual"))
    error(step.approvals.front().first, "people in roles agree to steps of one manual command",
          "put a manual step before what is to be agreed to");
}

void check_signatures(Draft& draft) {
  for (const SignatureAst& signature : draft.ast.signatures) {
    if (signature.keys.size() != 1)
      draft.reporter.warning("P0710", signature.offset, "signatures",
                             "exactly one of public_key, public_cert_chain, cert_url and thumbprint must be there");
    const std::array<std::pair<const Placed*, std::string_view>, 10> required{
        {{&signature.type, "type"},
         {&signature.id, "id"},
         {&signature.created, "created"},
         {&signature.modified, "modified"},
         {&signature.signee, "signee"},
         {&signature.related_to, "related_to"},
         {&signature.related_version, "related_version"},
         {&signature.hash_algorithm, "hash_algorithm"},
         {&signature.algorithm, "algorithm"},
         {&signature.value, "value"}}};
    for (const auto& [property, name] : required)
      if (!*property)
        draft.reporter.warning("P0711", signature.offset, "signatures",
                               fmt::format("the signature has no \"{}\"", name),
                               "`tocsin playbook sign` makes whole ones");
    if (signature.related_version && draft.ast.modified && signature.related_version.text != draft.ast.modified.text)
      draft.reporter.warning("P0712", signature.related_version.offset, "signatures",
                             "signs another version of the playbook");
    if (signature.related_to && draft.ast.id && signature.related_to.text != draft.ast.id.text)
      draft.reporter.warning("P0712", signature.related_to.offset, "signatures", "signs another playbook");
  }
}

void check_step_agents(Draft& draft) {
  for (const StepAst& step : draft.ast.steps) {
    if (step.agent && !defined(draft.ast.agents, step.agent.text))
      draft.reporter.error("P0601", step.agent.offset, step.label(),
                           fmt::format("the agent is not defined: {}", step.agent.text.substr(0, 100)),
                           "add it to agent_definitions");
    for (const Placed& target : step.targets)
      // A target may be another agent of the playbook.
      if (!defined(draft.ast.targets, target.text) && !defined(draft.ast.agents, target.text))
        draft.reporter.warning("P0602", target.offset, step.label(),
                               fmt::format("the target is not defined: {}", target.text.substr(0, 100)),
                               "add it to target_definitions; until then the playbook can be rehearsed, not applied");
  }
}

}  // namespace

void check_definitions(Draft& draft) {
  check_step_agents(draft);
  for (const AgentAst& agent : draft.ast.agents) check_agent(draft, agent);
  for (const AgentAst& target : draft.ast.targets) check_agent(draft, target);
  for (const AuthenticationAst& authentication : draft.ast.authentications) check_authentication(draft, authentication);
  check_markings(draft);
  check_extensions(draft);
  for (const StepAst& step : draft.ast.steps) check_approvals(draft, step);
  check_signatures(draft);
}

}  // namespace tocsin::responders
