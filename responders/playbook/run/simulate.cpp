#include "responders/playbook/run/simulate.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/action/table.h"
#include "responders/playbook/json/document.h"

namespace tocsin::responders {
namespace {

using Kind = JsonNode::Kind;
using Answer = Fixture::Answer;

constexpr std::size_t turns_most = 100'000;

Result<std::vector<std::pair<std::string, std::string>>> texts_of(const JsonNode& node, std::string_view what) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!node.is(Kind::object)) return fail(Code::invalid, fmt::format("\"{}\" is not an object of texts", what));
  for (const JsonMember& member : node.members) {
    if (!member.value.is(Kind::string))
      return fail(Code::invalid, fmt::format("\"{}\" in \"{}\" is not a text", member.name, what));
    out.emplace_back(member.name, member.value.text);
  }
  return out;
}

Result<Answer> answer_of(const JsonNode& node) {
  Answer out;
  const JsonNode* is = node.is(Kind::object) ? node.find("is") : &node;
  const std::string word = is == nullptr ? "done" : is->text;
  if (word == "failed") out.kind = Answer::Kind::failed;
  else if (word == "never") out.kind = Answer::Kind::never;
  else if (word != "done") return fail(Code::invalid, "an answer is \"done\", \"failed\" or \"never\"");
  if (const JsonNode* set = node.find("set"); set != nullptr) {
    TOCSIN_TRY(out.outputs, texts_of(*set, "set"));
  }
  return out;
}

// What the fixture says next of a step, by its name or its id.
class Script {
 public:
  explicit Script(const Fixture& fixture) : fixture_(fixture) {}

  Answer next(const std::string& id, const std::string& label) {
    auto at = fixture_.answers.find(label);
    if (at == fixture_.answers.end()) at = fixture_.answers.find(id);
    if (at == fixture_.answers.end() || at->second.empty()) return {};
    return at->second[std::min(used_[at->first]++, at->second.size() - 1)];
  }

 private:
  const Fixture& fixture_;
  std::map<std::string, std::size_t> used_;
};

class ScriptedGateway final : public ActionGateway {
 public:
  explicit ScriptedGateway(Script& script) : script_(script) {}

  Result<Rehearsed> rehearse(const ActionRequest& request) override { return OfflineGateway().rehearse(request); }
  Result<Applied> apply(const ActionRequest& request) override {
    // One request is one answer, however often it is asked.
    const auto [at, fresh] = given_.try_emplace(request.key);
    if (fresh) at->second = script_.next(request.step, request.step);
    if (at->second.kind == Answer::Kind::failed) return fail(Code::denied, "the fixture says it fails");
    if (at->second.kind == Answer::Kind::never) return fail(Code::timed_out, "the fixture says nobody answers");
    Applied out;
    out.outcome.summary = request.action;
    out.outcome.outputs = at->second.outputs;
    return out;
  }
  Result<Verification> verify(const std::string&) override { return Verification{}; }
  Result<Outcome> undo(const std::string&, const std::string&) override { return Outcome{}; }

 private:
  Script& script_;
  std::map<std::string, Answer> given_;
};

class Times final : public RunJournal {
 public:
  Result<void> append(std::span<const RunRecord> records) override {
    for (const RunRecord& record : records)
      if (record.kind == RunRecord::Kind::step) began.try_emplace(record.execution, record.time - Time{});
    return {};
  }
  std::map<std::string, Duration> began;
};

// As many people as the step needs, each with every role that is still missing; one is enough for a no.
bool agree_all(Run& run, const std::string& execution, Answer::Kind kind) {
  constexpr std::size_t people_most = 64;
  RunAgreement word;
  word.kind = kind == Answer::Kind::done ? RunAgreement::Kind::granted : RunAgreement::Kind::denied;
  word.note = kind == Answer::Kind::done ? "done" : "failed";
  for (std::size_t person = 1; person <= people_most; ++person) {
    const auto asked = run.approvals();
    const auto at = std::ranges::find(asked, execution, &RunApproval::execution);
    if (at == asked.end() || at->missing.empty()) return person > 1;
    word.person = word.name = fmt::format("fixture {}", person);
    for (const auto& [role, count] : at->missing) word.roles.insert(role);
    if (!run.agree(execution, word)) return false;
  }
  return true;
}

// Answers everybody who can be answered now. False: nobody was.
bool answer_all(Run& run, Script& script, std::map<std::string, Answer>& given) {
  bool any = false;
  for (const std::string& waiting : run.waiting()) {
    const auto [at, fresh] = given.try_emplace(waiting);
    if (fresh) {
      const std::string execution = waiting.substr(0, waiting.rfind('/'));
      for (const StepTrace& step : run.trace())
        if (step.execution == execution) at->second = script.next(step.id, step.label);
    }
    if (at->second.kind == Answer::Kind::never) continue;
    if (const auto asked = run.approvals(); std::ranges::find(asked, waiting, &RunApproval::execution) != asked.end()) {
      any = agree_all(run, waiting, at->second.kind) || any;
      continue;
    }
    RunAnswer answer;
    answer.kind = at->second.kind == Answer::Kind::done ? RunAnswer::Kind::done : RunAnswer::Kind::failed;
    answer.who = "fixture";
    answer.note = answer.kind == RunAnswer::Kind::done ? "done" : "failed";
    answer.outputs = at->second.outputs;
    any = run.answer(waiting, std::move(answer)).has_value() || any;
  }
  return any;
}

}  // namespace

Result<Fixture> parse_fixture(std::string_view json) {
  const JsonDocument document = read_json(json);
  if (!document.problems.empty() || !document.root.is(Kind::object))
    return fail(Code::invalid, document.problems.empty() ? "an object is expected" : document.problems.front().cause);
  Fixture out;
  for (const JsonMember& member : document.root.members) {
    if (member.name == "inputs") {
      TOCSIN_TRY(out.inputs, texts_of(member.value, "inputs"));
    } else if (member.name == "playbooks") {
      for (const JsonNode& item : member.value.items) out.playbooks.push_back(item.text);
    } else if (member.name == "rounds") {
      out.rounds = static_cast<std::size_t>(std::max<std::int64_t>(parse_signed(member.value.text).value_or(0), 0));
    } else if (member.name == "answers") {
      for (const JsonMember& step : member.value.members)
        for (const JsonNode& item : step.value.items) {
          TOCSIN_TRY(Answer answer, answer_of(item));
          out.answers[step.name].push_back(std::move(answer));
        }
    } else {
      return fail(Code::invalid, fmt::format("a fixture has inputs, answers, playbooks and rounds, not \"{}\"",
                                             member.name.substr(0, 60)));
    }
  }
  return out;
}

Result<Simulation> simulate(PlanRef plan, const Fixture& fixture, const PlaybookLibrary* library) {
  Script script(fixture);
  ScriptedGateway gateway(script);
  Times times;
  ManualClock clock;
  RunSpec spec;
  spec.id = "simulation";
  spec.plan = std::move(plan);
  spec.mode = RunMode::apply;
  spec.inputs = fixture.inputs;
  spec.reason = "simulation";
  spec.marked = Marked::exercise;
  RunLimits limits;
  if (fixture.rounds != 0) limits.rounds_most = fixture.rounds;
  TOCSIN_TRY(const auto run, Run::start(std::move(spec), gateway, times, clock, library, limits));
  std::map<std::string, Answer> given;
  for (std::size_t turn = 0; turn < turns_most; ++turn) {
    TOCSIN_TRY(const RunState state, run->poll());
    if (state != RunState::running) break;
    if (answer_all(*run, script, given)) continue;
    const auto wake = run->wake_at();
    if (!wake) break;
    clock.advance_to(std::max(*wake, clock.now()));
  }
  Simulation out;
  out.steps = run->trace();
  out.began = std::move(times.began);
  out.result = run->state();
  out.length = clock.now() - Time{};
  return out;
}

std::string render_text(const Simulation& simulation) {
  std::string out;
  for (const StepTrace& step : simulation.steps) {
    const auto began = simulation.began.find(step.execution);
    out += fmt::format("{:>8}  {}{}{}: {}{}\n", began == simulation.began.end() ? "" : render_duration(began->second),
                       std::string(2 * static_cast<std::size_t>(step.depth), ' '), step_type_name(step.type),
                       step.label == step.id ? "" : " \"" + escape_terminal(step.label) + "\"",
                       step_status_name(step.status), step.note.empty() ? "" : "; " + escape_terminal(step.note));
    for (const CommandTrace& command : step.commands)
      out +=
          fmt::format("{:>8}  {}- {} {}: {}\n", "", std::string(2 * (static_cast<std::size_t>(step.depth) + 1), ' '),
                      escape_terminal(command.type), escape_terminal(command.text), step_status_name(command.status));
  }
  out += fmt::format("{} after {}\n", run_state_name(simulation.result), render_duration(simulation.length));
  return out;
}

}  // namespace tocsin::responders
