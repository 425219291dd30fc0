#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/id.h"
#include "collectors/base/text.h"
#include "collectors/base/time.h"
#include "responders/playbook/parse/moment.h"
#include "responders/playbook/validate/draft.h"
#include "responders/playbook/validate/vocabulary.h"

namespace tocsin::responders {
namespace {

std::optional<Time> check_time(Draft& draft, const Placed& text, std::string_view name, Fraction fraction) {
  if (!text) return std::nullopt;
  if (const auto time = parse_moment(text.text, fraction)) return time;
  draft.reporter.warning("P0113", text.offset, name,
                         fraction == Fraction::milliseconds ? "not an RFC 3339 time in UTC with three fraction digits"
                                                            : "not an RFC 3339 time in UTC",
                         "write it as 2026-01-31T08:00:00.000Z");
  return parse_time(text.text);
}

void check_required(Draft& draft) {
  const PlaybookAst& ast = draft.ast;
  const auto missing = [&](const Placed& property, std::string_view name) {
    if (!property)
      draft.reporter.warning("P0101", 0, "playbook", fmt::format("the required property \"{}\" is missing", name),
                             "section 3.1 says what it holds");
  };
  missing(ast.id, "id");
  missing(ast.name, "name");
  missing(ast.created_by, "created_by");
  missing(ast.created, "created");
  missing(ast.modified, "modified");
  if (!ast.type || ast.type.text != "playbook")
    draft.reporter.error("P0107", ast.type.offset, "playbook", "\"type\" must be \"playbook\"");
  if (!ast.spec_version || ast.spec_version.text != "cacao-2.0")
    draft.reporter.error("P0106", ast.spec_version.offset, "playbook", "\"spec_version\" must be \"cacao-2.0\"",
                         "playbooks of other versions have other meanings; convert it");
}

void check_times(Draft& draft) {
  const PlaybookAst& ast = draft.ast;
  const auto created = check_time(draft, ast.created, "created", Fraction::milliseconds);
  const auto modified = check_time(draft, ast.modified, "modified", Fraction::milliseconds);
  if (created && modified && *modified < *created)
    draft.reporter.warning("P0114", ast.modified.offset, "modified", "\"modified\" is before \"created\"",
                           "a version cannot be older than the playbook");
  const auto from = check_time(draft, ast.valid_from, "valid_from", Fraction::any);
  const auto until = check_time(draft, ast.valid_until, "valid_until", Fraction::any);
  if (from && until && *until <= *from)
    draft.reporter.warning("P0115", ast.valid_until.offset, "valid_until",
                           "\"valid_until\" is not after \"valid_from\"");
}

void check_vocabularies(Draft& draft) {
  const PlaybookAst& ast = draft.ast;
  for (const Placed& type : ast.playbook_types)
    if (!contains(playbook_types, type.text))
      draft.reporter.warning("P0117", type.offset, "playbook_types",
                             fmt::format("\"{}\" is not in the vocabulary of playbook types", type.text.substr(0, 60)));
  for (const Placed& activity : ast.activities)
    if (!contains(playbook_activities, activity.text))
      draft.reporter.note("P0117", activity.offset, "playbook_activities",
                          fmt::format("\"{}\" is not in the vocabulary of activities", activity.text.substr(0, 60)));
  if (!ast.playbook_types.empty() && ast.activities.empty())
    draft.reporter.warning("P0116", ast.playbook_types.front().offset, "playbook",
                           "\"playbook_activities\" must be there when \"playbook_types\" is",
                           "list what the playbook does, such as \"identify-indicators\"");
}

// What is used further down is listed at the top, so that a reader finds it there (section 3.1).
void check_hoisted(Draft& draft) {
  const PlaybookAst& ast = draft.ast;
  for (const auto* agents : {&ast.agents, &ast.targets})
    for (const AgentAst& agent : *agents) {
      if (!agent.sector) continue;
      if (std::none_of(ast.industry_sectors.begin(), ast.industry_sectors.end(),
                       [&](const Placed& s) { return s.text == agent.sector.text; }))
        draft.reporter.warning("P0119", agent.sector.offset, agent.id,
                               fmt::format("the sector \"{}\" is not in the playbook's \"industry_sectors\"",
                                           agent.sector.text.substr(0, 60)),
                               "add it there");
    }
  for (const StepAst& step : ast.steps)
    for (const Placed& name : step.references)
      if (std::none_of(ast.references.begin(), ast.references.end(),
                       [&](const auto& r) { return r.first == name.text; }))
        draft.reporter.warning("P0120", name.offset, step.label(),
                               fmt::format("the reference \"{}\" is not in the playbook's \"external_references\"",
                                           name.text.substr(0, 60)),
                               "add it there");
}

// Ids of objects elsewhere: playbooks this one comes from, identities behind it, playbooks it calls.
void check_foreign_ids(Draft& draft) {
  const auto check = [&](const Placed& id, std::string_view type, std::string_view item) {
    if (!id) return;
    const auto identifier = parse_identifier(id.text);
    if (!identifier || (!type.empty() && identifier->type != type))
      draft.reporter.warning("P0110", id.offset, item,
                             fmt::format("\"{}\" is not the id of {}", id.text.substr(0, 100),
                                         type.empty()         ? "an object"
                                         : type == "identity" ? "an identity"
                                                              : "a playbook"),
                             "write it as TYPE--UUID");
  };
  check(draft.ast.created_by, "identity", "created_by");
  for (const Placed& id : draft.ast.derived_from) check(id, "playbook", "derived_from");
  for (const Placed& id : draft.ast.related_to) check(id, "", "related_to");
  for (const StepAst& step : draft.ast.steps) {
    check(step.owner, "identity", step.label());
    check(step.playbook_id, "playbook", step.label());
    check_time(draft, step.playbook_version, step.label(), Fraction::any);
  }
}

// What the playbook says of itself must be true: a reader decides by it whether it can run the playbook.
void check_summary(Draft& draft) {
  const PlaybookAst& ast = draft.ast;
  const auto has_type = [&](StepType type) {
    return std::any_of(ast.steps.begin(), ast.steps.end(), [&](const StepAst& s) { return s.type == type; });
  };
  const bool manual = std::any_of(ast.steps.begin(), ast.steps.end(), [](const StepAst& s) {
    return std::any_of(s.commands.begin(), s.commands.end(),
                       [](const CommandAst& c) { return c.type.text == "manual"; });
  });
  const bool temporal = std::any_of(ast.steps.begin(), ast.steps.end(),
                                    [](const StepAst& s) { return s.delay.has_value() || s.timeout.has_value(); });
  const bool step_extensions =
      std::any_of(ast.steps.begin(), ast.steps.end(), [](const StepAst& s) { return !s.extensions.empty(); });
  const std::array<std::pair<std::string_view, bool>, 11> facts{{
      {"manual_playbook", manual},
      {"external_playbooks", has_type(StepType::playbook_action)},
      {"parallel_processing", has_type(StepType::parallel)},
      {"if_logic", has_type(StepType::if_condition)},
      {"while_logic", has_type(StepType::while_condition)},
      {"switch_logic", has_type(StepType::switch_condition)},
      {"temporal_logic", temporal},
      {"data_markings", !ast.markings.empty() || !ast.marking_definitions.empty()},
      {"digital_signatures", !ast.signatures.empty()},
      {"countersigned_signatures", !ast.signatures.empty()},
      {"extensions", !ast.extension_definitions.empty() || !ast.extensions.empty() || step_extensions},
  }};
  for (const auto& [name, claim] : ast.processing_summary) {
    const auto known = std::find_if(facts.begin(), facts.end(), [&](const auto& fact) { return fact.first == name; });
    if (known == facts.end())
      draft.reporter.warning("P0118", claim.second, "playbook_processing_summary",
                             fmt::format("\"{}\" is not in the specification", name.substr(0, 60)));
    else if (claim.first != known->second && (name != "countersigned_signatures" || claim.first))
      draft.reporter.warning("P0118", claim.second, "playbook_processing_summary",
                             fmt::format("\"{}\" is {}, the content says otherwise", name, claim.first));
  }
}

}  // namespace

bool is_known_type(std::string_view type) noexcept {
  return type == "playbook" || type == "extension-definition" || parse_step_type(type).has_value() ||
         contains(agent_types, type) || contains(authentication_types, type) || contains(marking_types, type);
}

std::optional<Identifier> parse_identifier(std::string_view text) noexcept {
  const std::size_t dashes = text.rfind("--");
  if (dashes == std::string_view::npos || dashes == 0 || text.size() != dashes + 38) return std::nullopt;
  const std::string_view type = text.substr(0, dashes);
  if (type.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string_view::npos) return std::nullopt;
  const auto uuid = parse_uuid(text.substr(dashes + 2));
  if (!uuid || (uuid->bytes[8] & 0xC0U) != 0x80U) return std::nullopt;
  return Identifier{type, render_uuid(*uuid), uuid->bytes[6] >> 4U};
}

void check_metadata(Draft& draft) {
  check_required(draft);
  check_times(draft);
  check_vocabularies(draft);
  check_hoisted(draft);
  check_foreign_ids(draft);
  check_summary(draft);
}

void check_identifiers(Draft& draft) {
  const PlaybookAst& ast = draft.ast;
  std::map<std::string, std::string_view> seen;  // UUID → first id that has it
  const auto check = [&](std::string_view id, std::uint32_t offset, std::string_view type, int version) {
    const auto identifier = parse_identifier(id);
    if (!identifier) {
      draft.reporter.warning("P0110", offset, id, "the id is not TYPE--UUID",
                             "use a random UUID (version 4) after the type and two dashes");
      return;
    }
    if (!type.empty() && identifier->type != type) {
      const std::string cause = fmt::format("the id does not begin with the object's type, {}", type.substr(0, 60));
      // Two readers, one going by the id and one by the type, must not see two things that both are known.
      if (is_known_type(identifier->type) || is_known_type(type))
        draft.reporter.error("P0207", offset, id, cause, "make the two agree");
      else draft.reporter.warning("P0207", offset, id, cause, "make the two agree");
    }
    if (identifier->version != 4 && identifier->version != version)
      draft.reporter.warning("P0111", offset, id,
                             fmt::format("the UUID is of version {}, version 4 is required", identifier->version),
                             "make a random one, and change every reference to it");
    const auto [at, fresh] = seen.try_emplace(identifier->uuid, id);
    if (!fresh && at->second != id)
      draft.reporter.warning("P0112", offset, id, fmt::format("the UUID is also that of {}", at->second),
                             "give one of the two a UUID of its own");
  };
  if (ast.id) check(ast.id.text, ast.id.offset, "playbook", 5);
  for (const StepAst& step : ast.steps) check(step.id, step.offset, step_type_name(step.type), 4);
  // Other objects SHOULD, not MUST, use version 4.
  const auto any_version = [&](std::string_view id) { return parse_identifier(id).value_or(Identifier{}).version; };
  for (const auto* agents : {&ast.agents, &ast.targets})
    for (const AgentAst& agent : *agents)
      if (agents == &ast.agents || std::none_of(ast.agents.begin(), ast.agents.end(),
                                                [&](const AgentAst& other) { return other.id == agent.id; }))
        check(agent.id, agent.offset, agent.type.text, any_version(agent.id));
  for (const AuthenticationAst& a : ast.authentications) check(a.id, a.offset, a.type.text, any_version(a.id));
  for (const MarkingAst& m : ast.marking_definitions) check(m.id, m.offset, m.type.text, any_version(m.id));
  for (const ExtensionAst& e : ast.extension_definitions)
    check(e.id, e.offset, "extension-definition", any_version(e.id));
}

}  // namespace tocsin::responders
