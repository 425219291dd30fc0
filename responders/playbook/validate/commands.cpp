#include "responders/playbook/validate/commands.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/base64.h"
#include "responders/action/table.h"
#include "responders/playbook/command/payload.h"
#include "responders/playbook/command/process_target.h"
#include "responders/playbook/validate/vocabulary.h"

namespace tocsin::responders {
namespace {

bool needs_base64(std::string_view type) noexcept {
  return type == "sigma" || type == "yara" || type == "kestrel" || type == "jupyter" || type == "elastic" ||
         type == "tocsin";
}

// "METHOD target HTTP/x.y" (RFC 9112 section 3).
bool is_start_line(std::string_view line, std::string_view& method) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == 0 || last <= first + 1) return false;
  method = line.substr(0, first);
  return std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; }) &&
         line.substr(last + 1).starts_with("HTTP/");
}

class CommandPlanner {
 public:
  CommandPlanner(Draft& draft, StepIndex index, const CommandAst& ast)
      : draft_(draft), index_(index), step_(draft.step(index)), ast_(ast) {}

  std::optional<PlannedCommand> run() {
    const std::string& type = ast_.type.text;
    PlannedCommand out;
    out.type = type;
    check_activity();
    if (!ast_.command && !ast_.command_b64) {
      error("P0501", ast_.offset, "the command has neither \"command\" nor \"command_b64\"",
            "say what is to be done; an empty command would seem to succeed");
      return std::nullopt;
    }
    if (needs_base64(type) && !ast_.command_b64)
      error("P0506", ast_.offset, fmt::format("a command of type {} needs \"command_b64\"", type));
    const auto decoded = decode(ast_.command_b64);
    decode(ast_.content_b64);
    check_http(type);
    for (const Placed* text : {&ast_.command, &ast_.content}) check_uses(draft_, index_, *text, step_.label());
    for (const auto& [name, values] : ast_.headers)
      for (const std::string& value : values) check_uses(draft_, index_, {value, ast_.offset, true}, step_.label());
    if (type == "tocsin") {
      out.kind = PlannedCommand::Kind::local;
      if (!decoded || !plan_action(*decoded, out)) return std::nullopt;
      return out;
    }
    out.kind = type == "manual" ? PlannedCommand::Kind::manual : PlannedCommand::Kind::foreign;
    const std::string text = ast_.command ? ast_.command.text : decoded.value_or("");
    out.text = Template(text);
    if (!ast_.command && decoded && type != "yara" && type != "sigma")
      check_uses(draft_, index_, {text, ast_.command_b64.offset, true}, step_.label());
    plan_host_command(type, text, decoded.value_or(""), out);
    if (!contains(command_types, type))
      draft_.reporter.note("P0502", ast_.type.offset, step_.label(),
                           fmt::format("\"{}\" is not in the vocabulary of command types", type.substr(0, 60)),
                           "this host refuses to run the step");
    return out;
  }

 private:
  void error(std::string_view code, std::uint32_t offset, std::string cause, std::string next = {}) {
    draft_.reporter.error(code, offset, step_.label(), std::move(cause), std::move(next));
  }

  void check_activity() {
    if (!ast_.playbook_activity) return;
    const auto& listed = draft_.ast.activities;
    if (std::none_of(listed.begin(), listed.end(),
                     [&](const Placed& a) { return a.text == ast_.playbook_activity.text; }))
      draft_.reporter.warning("P0508", ast_.playbook_activity.offset, step_.label(),
                              fmt::format("the activity \"{}\" is not in the playbook's \"playbook_activities\"",
                                          ast_.playbook_activity.text.substr(0, 60)));
  }

  std::optional<std::string> decode(const Placed& text) {
    if (!text) return std::nullopt;
    auto decoded = parse_base64(text.text);
    if (!decoded) error("P0503", text.offset, "not Base64", "encode it again (RFC 4648 section 4, with padding)");
    return decoded;
  }

  void check_http(std::string_view type) {
    if ((type != "http-api" && type != "openc2-http") || !ast_.command) return;
    std::string_view method;
    if (!is_start_line(ast_.command.text, method))
      draft_.reporter.warning("P0504", ast_.command.offset, step_.label(), "the command is not an HTTP start line",
                              "write METHOD TARGET HTTP/VERSION, such as \"POST /path HTTP/1.1\"");
    else if (type == "openc2-http" && method != "POST")
      draft_.reporter.warning("P0504", ast_.command.offset, step_.label(), "OpenC2 over HTTP uses POST");
  }

  // What a CommandGateway can carry out is compiled here, so that `check` says what is wrong with it.
  void plan_host_command(const std::string& type, const std::string& text, const std::string& payload,
                         PlannedCommand& out) {
    const Placed& place = ast_.command ? ast_.command : ast_.command_b64;
    if (type == "bash" || type == "ssh" || type == "powershell") {
      out.shell = compile_shell(type == "powershell" ? ShellKind::powershell : ShellKind::posix, text);
      out.unsafe = out.shell->unsafe;
    } else if (type == "http-api" || type == "openc2-http") {
      std::vector<std::pair<std::string, std::string>> headers;
      for (const auto& [name, values] : ast_.headers)
        for (const std::string& value : values) headers.emplace_back(name, value);
      const std::string body = ast_.content ? ast_.content.text : parse_base64(ast_.content_b64.text).value_or("");
      if (!ast_.content) check_uses(draft_, index_, {body, ast_.content_b64.offset, true}, step_.label());
      out.http = compile_http(ast_.command.text, std::move(headers), body);
      out.unsafe = out.http->unsafe;
    } else if (type == "yara" || type == "sigma") {
      out.payload = payload;
      if (ast_.command_b64) out.unsafe = payload_mistake(type, payload);
      if (!out.unsafe.empty()) out.unsafe = fmt::format("its {} rules do not compile: {}", type, out.unsafe);
      if (type == "yara") check_processes();
    } else {
      return;
    }
    out.kind = PlannedCommand::Kind::host;
    if (out.unsafe.empty()) return;
    const bool rules = type == "yara" || type == "sigma";
    draft_.reporter.note(rules ? "P0510" : "P0509", place.offset, step_.label(), out.unsafe,
                         "the playbook can be rehearsed, not applied");
  }

  // "process:PID" among what a yara command looks at; a value that is known only when it runs is judged then.
  void check_processes() {
    for (const Placed& name : step_.in_args) {
      const std::string_view bare = std::string_view(name.text).substr(0, name.text.find(':'));
      const Variable* variable = visible_variable(draft_, index_, bare);
      if (variable == nullptr || !variable->value || !is_process_target(variable->value->text)) continue;
      if (const auto process = parse_process_target(variable->value->text); !process)
        error("P0511", name.offset, fmt::format("{} names no process: {}", bare, process.error().message),
              "write process:PID, process:PID@STARTED or process:PID:/PATH of its executable");
    }
  }

  bool plan_action(const std::string& text, PlannedCommand& out) {
    const std::uint32_t place = ast_.command_b64.offset;
    const JsonDocument document = read_json(text);
    if (!document.problems.empty() || !document.root.is(JsonNode::Kind::object)) {
      const std::string why = document.problems.empty() ? "an object is expected" : document.problems.front().cause;
      error("P0505", place, fmt::format("the action inside \"command_b64\" is no JSON object: {}", why));
      return false;
    }
    for (const JsonMember& member : document.root.members)
      if (member.name != "action" && member.name != "parameters" && member.name != "outputs") {
        error("P0505", place, fmt::format("the action has an unknown property \"{}\"", member.name.substr(0, 60)),
              "use action, parameters and outputs");
        return false;
      }
    const JsonNode* name = document.root.find("action");
    const ActionRow* row = name == nullptr || !name->is(JsonNode::Kind::string) ? nullptr : find_action(name->text);
    if (row == nullptr) {
      error("P0505", place, fmt::format("there is no action \"{}\"", name == nullptr ? "" : name->text.substr(0, 60)),
            "`tocsin list actions` shows them");
      return false;
    }
    if (row->spec.gives == Gives::descriptors) {
      error("P0505", place, fmt::format("{} gives to a program what a playbook has no use of", row->spec.name),
            "a yara command with process:PID among its in_args asks for it by itself");
      return false;
    }
    out.action = &row->spec;
    return plan_parameters(document.root.find("parameters"), out) && plan_outputs(document.root.find("outputs"), out);
  }

  bool plan_parameters(const JsonNode* parameters, PlannedCommand& out) {
    const std::uint32_t place = ast_.command_b64.offset;
    if (parameters != nullptr)
      for (const JsonMember& member : parameters->members) {
        const ParameterSpec* spec = out.action->find(member.name);
        using Kind = JsonNode::Kind;
        if (spec == nullptr || member.value.is(Kind::object) || member.value.is(Kind::array) ||
            member.value.is(Kind::null)) {
          error("P0505", place,
                fmt::format("{} takes no parameter \"{}\" of this kind", out.action->name, member.name.substr(0, 60)));
          return false;
        }
        const std::string text =
            member.value.is(Kind::boolean) ? (member.value.boolean ? "true" : "false") : member.value.text;
        check_uses(draft_, index_, {text, place, true}, step_.label());
        Template filled(text);
        if (filled.is_plain() && !text.empty())
          if (auto value = parse_parameter(*spec, text); !value) {
            error("P0505", place, value.error().message);
            return false;
          }
        out.parameters.emplace_back(member.name, std::move(filled));
      }
    for (const ParameterSpec& spec : out.action->parameters)
      if (spec.presence == ParameterSpec::Presence::required &&
          std::none_of(out.parameters.begin(), out.parameters.end(),
                       [&](const auto& p) { return p.first == spec.name; })) {
        error("P0505", place, fmt::format("{} needs the parameter \"{}\"", out.action->name, spec.name));
        return false;
      }
    return true;
  }

  bool plan_outputs(const JsonNode* outputs, PlannedCommand& out) {
    if (outputs == nullptr) return true;
    for (const JsonMember& member : outputs->members) {
      const bool listed = std::any_of(step_.out_args.begin(), step_.out_args.end(), [&](const Placed& a) {
        return a.text == member.name || a.text == member.name + ":value";
      });
      if (!listed || !member.value.is(JsonNode::Kind::string)) {
        error("P0505", ast_.command_b64.offset,
              fmt::format("the output into {} must be a name, and the variable must be in \"out_args\"",
                          member.name.substr(0, 60)));
        return false;
      }
      out.outputs.emplace_back(member.name, member.value.text);
    }
    return true;
  }

  Draft& draft_;
  const StepIndex index_;
  const StepAst& step_;
  const CommandAst& ast_;
};

}  // namespace

std::vector<PlannedCommand> plan_commands(Draft& draft, StepIndex step) {
  std::vector<PlannedCommand> out;
  for (const CommandAst& command : draft.step(step).commands)
    if (auto planned = CommandPlanner(draft, step, command).run()) out.push_back(std::move(*planned));
  return out;
}

}  // namespace tocsin::responders
