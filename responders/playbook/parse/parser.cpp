#include "responders/playbook/parse/parser.h"

#include <array>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/playbook/parse/shape.h"

namespace tocsin::responders {
namespace {

using Kind = JsonNode::Kind;

constexpr std::array<std::pair<std::string_view, StepType>, 8> step_types{{
    {"start", StepType::start},
    {"end", StepType::end},
    {"action", StepType::action},
    {"playbook-action", StepType::playbook_action},
    {"parallel", StepType::parallel},
    {"if-condition", StepType::if_condition},
    {"while-condition", StepType::while_condition},
    {"switch-condition", StepType::switch_condition},
}};

constexpr std::int64_t milliseconds_most = 366LL * 24 * 3600 * 1000;

std::vector<VariableAst> parse_variables(const JsonNode* node, std::string_view item, Reporter& reporter) {
  std::vector<VariableAst> out;
  if (node == nullptr) return out;
  for (const JsonMember& member : node->members) {
    VariableAst variable;
    variable.name = member.name;
    variable.offset = member.offset;
    Shape shape(member.value, fmt::format("{} {}", item, member.name.substr(0, 250)), reporter);
    if (!shape.usable()) continue;
    variable.type = shape.text("type");
    shape.ignore("description");
    variable.constant = shape.boolean("constant").value_or(false);
    variable.external = shape.boolean("external").value_or(false);
    if (const JsonNode* value = shape.any("value"); value != nullptr) {
      if (value->is(Kind::string)) variable.value = value->text;
      else if (value->is(Kind::object)) variable.value = render_json(*value), variable.is_object = true;
      else if (!value->is(Kind::null))
        reporter.error("P0102", value->offset, member.name,
                       fmt::format("\"value\" must be a string or an object, {} is there", kind_name(value->kind)),
                       "write numbers and booleans as strings");
    }
    if (!variable.type)
      reporter.error("P0101", member.offset, member.name, "the variable has no \"type\"",
                     "add one, such as \"string\"");
    out.push_back(std::move(variable));
  }
  return out;
}

void parse_headers(const JsonNode* node, CommandAst& command, std::string_view item, Reporter& reporter) {
  if (node == nullptr) return;
  for (const JsonMember& header : node->members) {
    if (!header.value.is(Kind::array)) {
      reporter.error("P0102", header.value.offset, item, "a header must be a list of strings");
      continue;
    }
    for (const JsonNode& value : header.value.items) {
      if (value.is(Kind::string)) command.headers[header.name].push_back(value.text);
      else reporter.error("P0102", value.offset, item, "a header must be a list of strings");
    }
  }
}

CommandAst parse_command(const JsonNode& node, std::string_view item, Reporter& reporter) {
  CommandAst command;
  command.offset = node.offset;
  Shape shape(node, item, reporter);
  if (!shape.usable()) return command;
  command.type = shape.text("type");
  command.command = shape.text("command");
  command.command_b64 = shape.text("command_b64");
  command.content = shape.text("content");
  command.content_b64 = shape.text("content_b64");
  command.playbook_activity = shape.text("playbook_activity");
  command.description = shape.text("description");
  for (const auto* name : {"version", "external_references"}) shape.ignore(name);
  // Properties of single command types (caldera-cmd, jupyter): known, never executed here.
  for (const auto* name : {"ability_id", "hostname", "port"}) shape.ignore(name);
  parse_headers(shape.object("headers"), command, item, reporter);
  if (!command.type) reporter.error("P0101", node.offset, item, "the command has no \"type\"");
  return command;
}

std::vector<Placed> keys_of(const JsonNode* node) {
  std::vector<Placed> out;
  if (node == nullptr) return out;
  for (const JsonMember& member : node->members) out.push_back({member.name, member.offset, true});
  return out;
}

void parse_pointers(Shape& shape, StepAst& step, Reporter& reporter) {
  step.on_completion = shape.text("on_completion");
  step.on_success = shape.text("on_success");
  step.on_failure = shape.text("on_failure");
  switch (step.type) {
    case StepType::action:
    case StepType::playbook_action:
      step.in_args = shape.texts("in_args");
      step.out_args = shape.texts("out_args");
      break;
    case StepType::parallel: step.next_steps = shape.texts("next_steps"); break;
    case StepType::if_condition: step.on_false = shape.text("on_false"); [[fallthrough]];
    case StepType::while_condition:
      step.condition = shape.text("condition");
      step.on_true = shape.text("on_true");
      break;
    case StepType::switch_condition:
      step.switched = shape.text("switch");
      if (const JsonNode* cases = shape.object("cases"); cases != nullptr)
        for (const JsonMember& member : cases->members) {
          if (member.value.is(Kind::string))
            step.cases.emplace_back(member.name, Placed{member.value.text, member.value.offset, true});
          else reporter.error("P0102", member.value.offset, step.label(), "a case must name a step");
        }
      break;
    default: break;
  }
}

void parse_work(Shape& shape, StepAst& step, Reporter& reporter) {
  if (step.type == StepType::playbook_action) {
    step.playbook_id = shape.text("playbook_id");
    step.playbook_version = shape.text("playbook_version");
    return;
  }
  if (step.type != StepType::action) return;
  step.agent = shape.text("agent");
  step.targets = shape.texts("targets");
  if (const JsonNode* commands = shape.array("commands"); commands != nullptr)
    for (const JsonNode& command : commands->items)
      step.commands.push_back(parse_command(command, step.label(), reporter));
}

void parse_approvals(const JsonNode* extensions, StepAst& step, Reporter& reporter) {
  const JsonNode* ours = extensions == nullptr ? nullptr : extensions->find(approvals_extension);
  if (ours == nullptr) return;
  const JsonNode* roles = ours->find("approvals");
  if (roles == nullptr || !roles->is(Kind::object) || roles->members.empty()) {
    reporter.error("P0707", ours->offset, step.label(), "the extension has no \"approvals\" with a role in it",
                   R"(write {"approvals": {"approver": 1}})");
    return;
  }
  for (const JsonMember& role : roles->members)
    step.approvals.emplace_back(Placed{role.name, role.offset, true},
                                role.value.is(Kind::integer) ? parse_unsigned(role.value.text).value_or(0) : 0);
}

// Names of the external references of an object and, for an action, of its commands.
void collect_references(const JsonNode& node, std::vector<Placed>& out) {
  if (const JsonNode* list = node.find("external_references"); list != nullptr)
    for (const JsonNode& item : list->items)
      if (const JsonNode* name = item.find("name"); name != nullptr) out.push_back({name->text, name->offset, true});
  if (const JsonNode* commands = node.find("commands"); commands != nullptr)
    for (const JsonNode& command : commands->items)
      if (const JsonNode* list = command.find("external_references"); list != nullptr)
        for (const JsonNode& item : list->items)
          if (const JsonNode* name = item.find("name"); name != nullptr)
            out.push_back({name->text, name->offset, true});
}

std::vector<std::string> missing_of(const JsonNode& node, std::initializer_list<const char*> required) {
  std::vector<std::string> out;
  for (const char* name : required)
    if (node.find(name) == nullptr) out.emplace_back(name);
  return out;
}

std::optional<StepAst> parse_step(const JsonMember& member, Reporter& reporter) {
  StepAst step;
  step.id = member.name;
  step.offset = member.offset;
  if (!member.value.is(Kind::object)) {
    reporter.error("P0102", member.value.offset, step.id, "a step must be an object");
    return std::nullopt;
  }
  const JsonNode* type = member.value.find("type");
  const auto known = type != nullptr && type->is(Kind::string) ? parse_step_type(type->text) : std::nullopt;
  if (!known) {
    reporter.error(
        "P0201", type != nullptr ? type->offset : member.offset, step.id,
        type == nullptr ? "the step has no \"type\"" : "the step's type is not one of the eight of CACAO 2.0",
        "use start, end, action, playbook-action, parallel, if-condition, while-condition or switch-condition");
    return std::nullopt;
  }
  step.type = *known;
  if (const JsonNode* name = member.value.find("name"); name != nullptr && name->is(Kind::string))
    step.name = name->text;
  Shape shape(member.value, step.label(), reporter);
  for (const auto* name : {"type", "external_references"}) shape.ignore(name);
  step.name = shape.text("name").text;
  step.description = shape.text("description").text;
  step.owner = shape.text("owner");
  collect_references(member.value, step.references);
  if (const auto delay = shape.whole("delay", 0, milliseconds_most)) step.delay = std::chrono::milliseconds(*delay);
  // 0, and what is below it, leaves the step the time that every step has.
  if (const auto timeout = shape.whole("timeout", 0, milliseconds_most); timeout && *timeout > 0)
    step.timeout = std::chrono::milliseconds(*timeout);
  step.variables = parse_variables(shape.object("step_variables"), step.label(), reporter);
  const JsonNode* extensions = shape.object("step_extensions");
  step.extensions = keys_of(extensions);
  parse_approvals(extensions, step, reporter);
  parse_pointers(shape, step, reporter);
  parse_work(shape, step, reporter);
  return step;
}

std::vector<AgentAst> parse_agents(const JsonNode* node, Reporter& reporter) {
  std::vector<AgentAst> out;
  if (node == nullptr) return out;
  for (const JsonMember& member : node->members) {
    AgentAst agent;
    agent.id = member.name;
    agent.offset = member.offset;
    // Agent types form an open vocabulary, and each has properties of its own.
    Shape shape(member.value, agent.id, reporter, Shape::Unknown::allow);
    if (!shape.usable()) continue;
    agent.type = shape.text("type");
    const Placed name = shape.text("name");
    agent.name = name.text;
    if (!agent.type) reporter.error("P0101", member.offset, agent.id, "the agent or target has no \"type\"");
    if (!name) reporter.warning("P0101", member.offset, agent.id, "the agent or target has no \"name\"");
    agent.authentication = shape.text("authentication_info");
    agent.categories = shape.texts("category");
    agent.sector = shape.text("sector");
    agent.port = shape.text("port");
    if (const JsonNode* location = shape.object("location"); location != nullptr)
      if (const JsonNode* region = location->find("region"); region != nullptr)
        agent.region = {region->text, region->offset, true};
    if (const JsonNode* address = shape.object("address"); address != nullptr) {
      agent.has_address = true;
      for (const JsonMember& kind : address->members) {
        AddressAst& row = agent.addresses.emplace_back();
        row.kind = kind.name;
        if (!kind.value.is(Kind::array)) {
          reporter.error("P0102", kind.value.offset, agent.id, "an address must be a list of strings");
          continue;
        }
        for (const JsonNode& value : kind.value.items) row.values.push_back({value.text, value.offset, true});
      }
    }
    out.push_back(std::move(agent));
  }
  return out;
}

std::vector<AuthenticationAst> parse_authentications(const JsonNode* node, Reporter& reporter) {
  std::vector<AuthenticationAst> out;
  if (node == nullptr) return out;
  for (const JsonMember& member : node->members) {
    AuthenticationAst authentication;
    authentication.id = member.name;
    authentication.offset = member.offset;
    Shape shape(member.value, member.name, reporter, Shape::Unknown::allow);
    if (!shape.usable()) continue;
    authentication.type = shape.text("type");
    authentication.kms = shape.boolean("kms").value_or(false);
    authentication.kms_key_identifier = shape.text("kms_key_identifier");
    for (const auto* name : {"user_id", "username", "password", "token", "oauth_header"})
      if (Placed secret = shape.text(name)) authentication.secrets.emplace_back(name, std::move(secret));
    out.push_back(std::move(authentication));
  }
  return out;
}

std::vector<MarkingAst> parse_markings(const JsonNode* node, Reporter& reporter) {
  std::vector<MarkingAst> out;
  if (node == nullptr) return out;
  for (const JsonMember& member : node->members) {
    Shape shape(member.value, member.name, reporter, Shape::Unknown::allow);
    if (!shape.usable()) continue;
    MarkingAst& marking = out.emplace_back();
    marking.id = member.name;
    marking.type = shape.text("type");
    marking.level = shape.text("tlpv2_level");
    marking.own_id = shape.text("id");
    marking.offset = member.offset;
    marking.missing = missing_of(member.value, {"type", "id", "created_by", "created"});
    if (marking.type.text == "marking-statement" && member.value.find("statement") == nullptr)
      marking.missing.emplace_back("statement");
    if (marking.type.text == "marking-iep")
      for (std::string& name :
           missing_of(member.value, {"name", "description", "tlp", "iep_version", "start_date", "end_date",
                                     "encrypt_in_transit", "permitted_actions", "affected_party_notifications",
                                     "attribution", "unmodified_resale", "external_references"}))
        marking.missing.push_back(std::move(name));
  }
  return out;
}

std::vector<SignatureAst> parse_signatures(const JsonNode* node, Reporter& reporter) {
  std::vector<SignatureAst> out;
  if (node == nullptr) return out;
  for (const JsonNode& item : node->items) {
    Shape shape(item, "signature", reporter, Shape::Unknown::allow);
    if (!shape.usable()) continue;
    SignatureAst signature;
    signature.offset = item.offset;
    signature.id = shape.text("id");
    signature.related_to = shape.text("related_to");
    signature.related_version = shape.text("related_version");
    signature.algorithm = shape.text("algorithm");
    signature.hash_algorithm = shape.text("hash_algorithm");
    signature.value = shape.text("value");
    signature.type = shape.text("type");
    signature.created = shape.text("created");
    signature.modified = shape.text("modified");
    signature.signee = shape.text("signee");
    for (const auto* name : {"public_key", "public_cert_chain", "cert_url", "thumbprint"})
      if (shape.any(name) != nullptr) signature.keys.emplace_back(name);
    out.push_back(std::move(signature));
  }
  return out;
}

void parse_references(const JsonNode* node, PlaybookAst& playbook, Reporter& reporter) {
  if (node == nullptr) return;
  for (const JsonNode& item : node->items) {
    Shape shape(item, "external_references", reporter, Shape::Unknown::allow);
    const Placed name = shape.text("name");
    if (!name) reporter.warning("P0101", item.offset, "external_references", "the reference has no \"name\"");
    playbook.references.emplace_back(name.text, shape.text("external_id"));
  }
}

void parse_metadata(Shape& shape, PlaybookAst& playbook, Reporter& reporter) {
  playbook.type = shape.text("type");
  playbook.spec_version = shape.text("spec_version");
  playbook.id = shape.text("id");
  playbook.name = shape.text("name");
  playbook.description = shape.text("description");
  playbook.created_by = shape.text("created_by");
  playbook.created = shape.text("created");
  playbook.modified = shape.text("modified");
  playbook.valid_from = shape.text("valid_from");
  playbook.valid_until = shape.text("valid_until");
  playbook.playbook_types = shape.texts("playbook_types");
  playbook.activities = shape.texts("playbook_activities");
  playbook.industry_sectors = shape.texts("industry_sectors");
  playbook.labels = shape.texts("labels");
  playbook.markings = shape.texts("markings");
  playbook.derived_from = shape.texts("derived_from");
  playbook.related_to = shape.texts("related_to");
  playbook.revoked = shape.boolean("revoked");
  playbook.priority = shape.whole("priority", 0, 100);
  playbook.severity = shape.whole("severity", 0, 100);
  playbook.impact = shape.whole("impact", 0, 100);
  parse_references(shape.array("external_references"), playbook, reporter);
  const JsonNode* summary = shape.object("playbook_processing_summary");
  if (summary == nullptr) return;
  for (const JsonMember& member : summary->members) {
    if (member.value.is(Kind::boolean))
      playbook.processing_summary[member.name] = {member.value.boolean, member.offset};
    else
      reporter.error("P0102", member.value.offset, "playbook_processing_summary",
                     fmt::format("\"{}\" must be true or false", member.name.substr(0, 100)));
  }
}

}  // namespace

std::string_view step_type_name(StepType type) noexcept { return step_types[static_cast<std::size_t>(type)].first; }

std::optional<StepType> parse_step_type(std::string_view name) noexcept {
  for (const auto& [text, type] : step_types)
    if (text == name) return type;
  return std::nullopt;
}

PlaybookAst parse_playbook(const JsonDocument& document, Reporter& reporter) {
  PlaybookAst playbook;
  Shape shape(document.root, "playbook", reporter);
  if (!shape.usable()) return playbook;
  parse_metadata(shape, playbook, reporter);
  for (const auto* name :
       {"agent_definitions", "target_definitions", "authentication_info_definitions", "playbook_extensions"})
    if (const JsonNode* found = document.root.find(name);
        found != nullptr && found->is(Kind::object) && found->members.empty())
      reporter.warning("P0104", found->offset, "playbook", fmt::format("\"{}\" must not be empty", name),
                       "leave the property out");
  playbook.workflow_start = shape.text("workflow_start");
  playbook.workflow_exception = shape.text("workflow_exception");
  playbook.variables = parse_variables(shape.object("playbook_variables"), "playbook", reporter);
  if (const JsonNode* workflow = shape.object("workflow"); workflow != nullptr) {
    playbook.has_workflow = true;
    for (const JsonMember& member : workflow->members)
      if (auto step = parse_step(member, reporter)) playbook.steps.push_back(std::move(*step));
  }
  playbook.agents = parse_agents(shape.object("agent_definitions"), reporter);
  playbook.targets = parse_agents(shape.object("target_definitions"), reporter);
  playbook.authentications = parse_authentications(shape.object("authentication_info_definitions"), reporter);
  playbook.marking_definitions = parse_markings(shape.object("data_marking_definitions"), reporter);
  if (const JsonNode* definitions = shape.object("extension_definitions"); definitions != nullptr)
    for (const JsonMember& member : definitions->members)
      playbook.extension_definitions.push_back(
          {member.name, missing_of(member.value, {"type", "name", "created_by", "schema", "version"}), member.offset});
  playbook.extensions = keys_of(shape.object("playbook_extensions"));
  playbook.signatures = parse_signatures(shape.array("signatures"), reporter);
  return playbook;
}

}  // namespace tocsin::responders
