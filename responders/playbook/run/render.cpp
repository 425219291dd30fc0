#include <utility>

#include <fmt/format.h>

#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "responders/action/table.h"
#include "responders/playbook/run/run.h"

namespace tocsin::responders {
namespace {

std::string indent(std::uint32_t depth) { return std::string(std::size_t{2} * (depth + 1), ' '); }

void line(std::string& out, const std::string& margin, std::string_view label, std::string_view text) {
  if (!text.empty()) out += fmt::format("{}{:<8} {}\n", margin, label, escape_terminal(text));
}

void render_command(std::string& out, const std::string& margin, const CommandTrace& command) {
  if (command.action.empty()) {
    line(out, margin, command.type == "manual" ? "ask" : command.type, command.text);
    return;
  }
  line(out, margin, "action", command.action);
  for (std::size_t i = 0; i < command.forecast.would.size(); ++i)
    line(out, margin, i == 0 ? "would" : "", command.forecast.would[i]);
  for (const Touch& touch : command.forecast.touches) line(out, margin, "touches", touch.kind + " " + touch.value);
  line(out, margin, "undo", command.forecast.undo);
  for (const std::string& fact : command.forecast.now) line(out, margin, "now", fact);
  if (!command.verdict.reason.empty())
    line(out, margin, "guard",
         fmt::format("{} ({})", guard_verdict_name(command.verdict.kind), command.verdict.reason));
  else if (!command.forecast.would.empty()) line(out, margin, "guard", guard_verdict_name(command.verdict.kind));
  line(out, margin, "result", command.text);
}

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

void write_command(JsonWriter& json, const CommandTrace& command) {
  json.begin_object().member("type", command.type);
  if (!command.action.empty()) {
    json.member("action", command.action).member("key", command.key).key("parameters").begin_object();
    for (const auto& [name, text] : command.parameters) json.member(name, text);
    json.end_object();
    write_texts(json, "would", command.forecast.would);
    json.key("touches").begin_array();
    for (const Touch& touch : command.forecast.touches)
      json.begin_object().member("kind", touch.kind).member("value", touch.value).end_object();
    json.end_array().member("undo", command.forecast.undo);
    if (const ActionRow* row = find_action(command.action))
      json.member("reversibility", reversibility_name(row->spec.reversibility))
          .member("blast_radius", blast_radius_name(row->spec.blast_radius));
    write_texts(json, "now", command.forecast.now);
    json.member("already", command.forecast.already)
        .key("guard")
        .begin_object()
        .member("verdict", guard_verdict_name(command.verdict.kind))
        .member("rule", command.verdict.rule)
        .member("reason", command.verdict.reason)
        .end_object();
  }
  json.member("text", command.text).member("status", step_status_name(command.status)).end_object();
}

void write_step(JsonWriter& json, const StepTrace& step) {
  json.begin_object()
      .member("execution", step.execution)
      .member("step", step.id)
      .member("name", step.label)
      .member("type", step_type_name(step.type))
      .member("depth", step.depth)
      .member("status", step_status_name(step.status))
      .member("note", step.note)
      .key("commands")
      .begin_array();
  for (const CommandTrace& command : step.commands) write_command(json, command);
  json.end_array().end_object();
}

// "4 actions: 2 allowed, 1 needs approval, 1 refused; 1 would fail as things stand".
std::string conclusion(const Rehearsal& rehearsal) {
  if (rehearsal.result != RunState::completed) return "the playbook would fail";
  std::size_t allowed = 0, waits = 0, refused = 0, unasked = 0, stuck = 0;
  for (const StepTrace& step : rehearsal.steps)
    for (const CommandTrace& command : step.commands) {
      if (command.action.empty()) continue;
      stuck += command.forecast.obstacle.empty() ? 0U : 1U;
      switch (command.verdict.kind) {
        case GuardVerdict::Kind::allowed: ++allowed; break;
        case GuardVerdict::Kind::needs_approval: ++waits; break;
        case GuardVerdict::Kind::refused: ++refused; break;
        case GuardVerdict::Kind::unasked: ++unasked; break;
      }
    }
  const std::size_t all = allowed + waits + refused + unasked;
  if (all == 0) return "it ends well; nothing in it touches this host";
  std::string out = fmt::format("{} action{}: ", all, all == 1 ? "" : "s");
  std::string_view comma;
  const auto part = [&](std::size_t count, std::string_view text) {
    if (count != 0) out += fmt::format("{}{} {}", std::exchange(comma, ", "), count, text);
  };
  part(allowed, "allowed by the guard");
  part(waits, "waiting for approval");
  part(refused, "refused by the guard");
  part(unasked, "not judged, for no guard was asked");
  if (stuck != 0) out += fmt::format("; {} would fail as things stand", stuck);
  return out;
}

}  // namespace

std::string render_text(const Rehearsal& rehearsal) {
  std::string out = fmt::format("Rehearsal of \"{}\"{}\n", escape_terminal(rehearsal.playbook_name),
                                rehearsal.marked == Marked::exercise ? " (exercise: can never be applied)" : "");
  if (!rehearsal.incident.empty()) out += fmt::format("  incident {}\n", escape_terminal(rehearsal.incident));
  for (const auto& [name, value] : rehearsal.inputs)
    out += fmt::format("  {} = {}\n", escape_terminal(name), escape_terminal(value));
  std::size_t number = 0;
  for (const StepTrace& step : rehearsal.steps) {
    if (step.type == StepType::start || step.type == StepType::end) continue;
    const std::string margin = indent(step.depth);
    out += fmt::format("{}{}. {} [{}]{}{}\n", margin, ++number, escape_terminal(step.label), step_type_name(step.type),
                       step.note.empty() ? "" : ": " + escape_terminal(step.note),
                       step.status == StepStatus::done ? "" : fmt::format(" -> {}", step_status_name(step.status)));
    for (const CommandTrace& command : step.commands) render_command(out, margin + "   ", command);
  }
  out += fmt::format("  Result: {}. Nothing was changed.\n", conclusion(rehearsal));
  return out;
}

std::string render_json(const Rehearsal& rehearsal) {
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .member("playbook", rehearsal.playbook_id)
      .member("name", rehearsal.playbook_name)
      .member("version", rehearsal.playbook_version)
      .member("incident", rehearsal.incident)
      .member("exercise", rehearsal.marked == Marked::exercise)
      .key("attack")
      .begin_array();
  for (const std::string& technique : rehearsal.attack) json.value(technique);
  json.end_array().key("inputs").begin_object();
  for (const auto& [name, value] : rehearsal.inputs) json.member(name, value);
  json.end_object().member("result", run_state_name(rehearsal.result)).key("steps").begin_array();
  for (const StepTrace& step : rehearsal.steps) write_step(json, step);
  json.end_array().end_object();
  return out;
}

std::string render_json(const StepTrace& step) {
  std::string out;
  JsonWriter json(out);
  write_step(json, step);
  return out;
}

}  // namespace tocsin::responders
