#pragma once
// A CACAO 2.0 playbook as written: typed, with the place of everything a diagnostic may point at, not yet judged.
// Property names and meanings: CACAO Security Playbooks 2.0 sections 3 to 10. Values only; any thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/time.h"
#include "responders/playbook/json/document.h"

namespace tocsin::responders {

// Our extension of steps: {"approvals": {"approver": 1, "responder": 1}}, people in roles who must agree to a manual
// step before the run goes on.
inline constexpr std::string_view approvals_extension = "extension-definition--9b7a1f52-3c64-4d0e-a5c1-6d2f80e4b713";

// A text and where it stood; `offset` 0 with an empty text = the property is absent.
struct Placed {
  std::string text;
  std::uint32_t offset = 0;
  bool present = false;
  explicit operator bool() const noexcept { return present; }
};

struct VariableAst {
  std::string name;
  Placed type;
  std::optional<std::string> value;  // text; numbers and booleans as CACAO writes them; an object as JSON text
  bool is_object = false;
  bool constant = false;
  bool external = false;
  std::uint32_t offset = 0;
};

struct CommandAst {
  Placed type;
  Placed command;
  Placed command_b64;
  Placed content;
  Placed content_b64;
  Placed playbook_activity;
  Placed description;
  std::map<std::string, std::vector<std::string>> headers;
  std::uint32_t offset = 0;
};

enum class StepType : std::uint8_t {
  start,
  end,
  action,
  playbook_action,
  parallel,
  if_condition,
  while_condition,
  switch_condition
};
std::string_view step_type_name(StepType type) noexcept;
std::optional<StepType> parse_step_type(std::string_view name) noexcept;

struct StepAst {
  std::string id;
  StepType type = StepType::action;
  std::string name;
  std::string description;
  std::uint32_t offset = 0;  // of the key
  std::optional<Duration> delay;
  std::optional<Duration> timeout;
  Placed on_completion, on_success, on_failure;
  std::vector<VariableAst> variables;
  std::vector<CommandAst> commands;
  Placed agent;
  std::vector<Placed> targets, in_args, out_args, next_steps;
  Placed condition, on_true, on_false, switched;
  std::vector<std::pair<std::string, Placed>> cases;
  Placed playbook_id, playbook_version;
  std::vector<Placed> extensions;  // keys of step_extensions
  // Of our own extension: role → how many people in it; 0: no count that can be read.
  std::vector<std::pair<Placed, std::uint64_t>> approvals;
  std::vector<Placed> references;  // names of its external references and of those of its commands
  Placed owner;

  // The name if there is one, else the id.
  const std::string& label() const noexcept { return name.empty() ? id : name; }
};

struct AddressAst {
  std::string kind;  // dname, ipv4, ipv6, l2mac, vlan, url
  std::vector<Placed> values;
};

struct AgentAst {
  std::string id;
  Placed type;
  std::string name;
  std::uint32_t offset = 0;
  std::vector<AddressAst> addresses;
  Placed authentication;
  std::vector<Placed> categories;
  Placed sector, port, region;
  bool has_address = false;
};

struct AuthenticationAst {
  std::string id;
  Placed type;
  std::uint32_t offset = 0;
  bool kms = false;
  Placed kms_key_identifier;
  std::vector<std::pair<std::string, Placed>> secrets;  // user_id, username, password, token, oauth_header
};

struct MarkingAst {
  std::string id;
  Placed type;
  Placed level;  // tlpv2_level
  Placed own_id;
  std::vector<std::string> missing;  // properties its type requires
  std::uint32_t offset = 0;
};

struct ExtensionAst {
  std::string id;
  std::vector<std::string> missing;
  std::uint32_t offset = 0;
};

struct SignatureAst {
  Placed id, related_to, related_version, algorithm, hash_algorithm, value;
  Placed type, created, modified, signee;
  std::vector<std::string> keys;  // which of public_key, public_cert_chain, cert_url, thumbprint are there
  std::uint32_t offset = 0;
};

struct PlaybookAst {
  Placed type, spec_version, id, name, description, created_by, created, modified, valid_from, valid_until;
  Placed workflow_start, workflow_exception;
  std::vector<Placed> playbook_types, activities, industry_sectors, labels, markings, derived_from, related_to;
  std::optional<bool> revoked;
  std::optional<std::int64_t> priority, severity, impact;
  std::vector<std::pair<std::string, Placed>> references;  // name → external_id of the playbook's own references
  std::map<std::string, std::pair<bool, std::uint32_t>> processing_summary;
  std::vector<VariableAst> variables;
  std::vector<StepAst> steps;  // in document order
  bool has_workflow = false;
  std::vector<AgentAst> agents, targets;
  std::vector<AuthenticationAst> authentications;
  std::vector<MarkingAst> marking_definitions;
  std::vector<ExtensionAst> extension_definitions;
  std::vector<Placed> extensions;  // keys of playbook_extensions
  std::vector<SignatureAst> signatures;
};

}  // namespace tocsin::responders
