#include "responders/playbook/command/protocol.h"

#include <array>

#include <fmt/format.h>

#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "responders/playbook/json/document.h"

namespace tocsin::responders {
namespace {

using Kind = RunnerRequest::Kind;
using State = CommandAnswer::State;
constexpr std::array<std::string_view, 4> kinds{"judge", "run", "cancel", "status"};
constexpr std::size_t values_most = 4096;

std::string text_of(const JsonNode& root, std::string_view name) {
  const JsonNode* node = root.find(name);
  return node != nullptr && node->is(JsonNode::Kind::string) ? node->text : std::string();
}

std::uint64_t number_of(const JsonNode& root, std::string_view name, std::uint64_t otherwise) {
  const JsonNode* node = root.find(name);
  if (node == nullptr || !node->is(JsonNode::Kind::integer)) return otherwise;
  return parse_unsigned(node->text).value_or(otherwise);
}

Result<JsonDocument> read_object(std::string_view json) {
  JsonDocument document = read_json(json);
  if (!document.problems.empty() || !document.root.is(JsonNode::Kind::object))
    return fail(Code::invalid, "not a JSON object");
  return document;
}

Result<JsonDocument> read_answer(std::string_view json) {
  TOCSIN_TRY(JsonDocument document, read_object(json));
  const JsonNode* ok = document.root.find("ok");
  if (ok == nullptr || !ok->is(JsonNode::Kind::boolean)) return fail(Code::invalid, "the runner's answer is none");
  if (!ok->boolean) return fail(parse_code(text_of(document.root, "code")), text_of(document.root, "message"));
  return document;
}

}  // namespace

std::string render_request(const RunnerRequest& request) {
  const CommandRequest& asked = request.request;
  std::string out;
  JsonWriter writer(out);
  writer.begin_object()
      .member("version", 1)
      .member("kind", kinds[static_cast<std::size_t>(request.kind)])
      .member("key", asked.key);
  if (asked.playbook) writer.member("playbook", *asked.playbook);
  writer.member("step", asked.step).member("command", asked.command).key("values").begin_array();
  for (const CommandValue& value : asked.values)
    writer.begin_object()
        .member("name", value.name)
        .member("type", variable_type_name(value.type))
        .member("text", value.text)
        .end_object();
  writer.end_array()
      .member("incident", asked.incident)
      .member("tlp", rules::tlp_name(asked.tlp))
      .member("reason", asked.reason)
      .member("uid", asked.behalf.uid)
      .member("login_uid", asked.behalf.login_uid)
      .member("exercise", asked.marked == Marked::exercise)
      .member("milliseconds", std::chrono::duration_cast<std::chrono::milliseconds>(asked.time).count())
      .key("cause")
      .begin_object();
  for (const auto& [name, value] : render_cause(asked.cause)) writer.member(name, value);
  writer.end_object().end_object();
  return out;
}

Result<RunnerRequest> parse_runner_request(std::string_view json) {
  TOCSIN_TRY(const JsonDocument document, read_object(json));
  const JsonNode& root = document.root;
  if (number_of(root, "version", 0) != 1) return fail(Code::invalid, "version 1 is expected");
  RunnerRequest out;
  const std::string kind = text_of(root, "kind");
  bool known = false;
  for (std::size_t i = 0; i < kinds.size(); ++i)
    if (kinds[i] == kind) {
      out.kind = static_cast<Kind>(i);
      known = true;
    }
  if (!known) return fail(Code::invalid, "unknown kind of request");
  CommandRequest& asked = out.request;
  asked.key = text_of(root, "key");
  asked.playbook = std::make_shared<const std::string>(text_of(root, "playbook"));
  asked.step = text_of(root, "step");
  asked.command = number_of(root, "command", 0);
  asked.incident = text_of(root, "incident");
  // A marking that is not known is kept to as the strictest.
  if (const auto marking = text_of(root, "tlp"); !marking.empty())
    asked.tlp = rules::parse_tlp(marking).value_or(rules::Tlp::red);
  asked.reason = text_of(root, "reason");
  asked.behalf.uid = static_cast<std::uint32_t>(number_of(root, "uid", UINT32_MAX));
  asked.behalf.login_uid = static_cast<std::uint32_t>(number_of(root, "login_uid", UINT32_MAX));
  constexpr std::uint64_t day = 24ULL * 3600 * 1000;
  asked.time = std::chrono::milliseconds(std::min(number_of(root, "milliseconds", day), day));
  if (const JsonNode* exercise = root.find("exercise"); exercise != nullptr && exercise->boolean)
    asked.marked = Marked::exercise;
  if (const JsonNode* cause = root.find("cause"))
    for (const JsonMember& member : cause->members) read_cause(member.name, member.value.text, asked.cause);
  if (const JsonNode* values = root.find("values")) {
    if (values->items.size() > values_most) return fail(Code::exhausted, "too many values");
    for (const JsonNode& value : values->items) {
      const auto type = parse_variable_type(text_of(value, "type"));
      const std::string name = text_of(value, "name");
      if (!type || !is_variable_name(name)) return fail(Code::invalid, "a value has a name and a type");
      asked.values.push_back({name, *type, text_of(value, "text")});
    }
  }
  return out;
}

std::string render_command_error(const Error& error) {
  std::string out;
  JsonWriter(out)
      .begin_object()
      .member("ok", false)
      .member("code", code_name(error.code))
      .member("message", error.text())
      .end_object();
  return out;
}

std::string render_answer(const CommandAnswer& answer) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object()
      .member("ok", true)
      .member("state", command_state_name(answer.state))
      .member("summary", answer.summary)
      .member("output", answer.output)
      .key("outputs")
      .begin_object();
  for (const auto& [name, text] : answer.outputs) writer.member(name, text);
  writer.end_object().end_object();
  return out;
}

std::string render_answer(const GuardVerdict& verdict) {
  std::string out;
  JsonWriter(out)
      .begin_object()
      .member("ok", true)
      .member("verdict", guard_verdict_name(verdict.kind))
      .member("rule", verdict.rule)
      .member("reason", verdict.reason)
      .end_object();
  return out;
}

Result<CommandAnswer> parse_command_answer(std::string_view json) {
  TOCSIN_TRY(const JsonDocument document, read_answer(json));
  CommandAnswer out;
  const std::string state = text_of(document.root, "state");
  bool known = false;
  for (const State value : {State::running, State::done, State::failed, State::unknown})
    if (command_state_name(value) == state) {
      out.state = value;
      known = true;
    }
  if (!known) return fail(Code::invalid, "the runner's answer has no state");
  out.summary = text_of(document.root, "summary");
  out.output = text_of(document.root, "output");
  if (const JsonNode* outputs = document.root.find("outputs"))
    for (const JsonMember& member : outputs->members) out.outputs.emplace_back(member.name, member.value.text);
  return out;
}

Result<GuardVerdict> parse_command_verdict(std::string_view json) {
  TOCSIN_TRY(const JsonDocument document, read_answer(json));
  const std::string name = text_of(document.root, "verdict");
  for (const auto kind : {GuardVerdict::Kind::allowed, GuardVerdict::Kind::needs_approval, GuardVerdict::Kind::refused})
    if (guard_verdict_name(kind) == name)
      return GuardVerdict{kind, text_of(document.root, "rule"), text_of(document.root, "reason")};
  return fail(Code::invalid, "the runner's answer has no verdict");
}

}  // namespace tocsin::responders
