// Steps that people in roles must agree to: every word is a record, and the step is decided by folding them.

#include <algorithm>

#include <fmt/format.h>

#include "responders/playbook/coordinate/approval.h"
#include "responders/playbook/run/machine.h"

namespace tocsin::responders {
namespace {

std::string joined(const std::set<std::string>& names) { return fmt::format("{}", fmt::join(names, ",")); }

std::set<std::string> split(std::string_view text) {
  std::set<std::string> out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma != 0) out.emplace(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

// As it stands after these words; those it did not take were refused before they were written down.
Approval approval_of(const PlannedStep& step, const Requester& behalf, const std::vector<RunAgreement>& words) {
  Approval out({step.approvals, person_of(behalf), Time::max()});
  for (const RunAgreement& word : words) {
    const bool yes = word.kind == RunAgreement::Kind::granted;
    [[maybe_unused]] const auto state =
        yes ? out.grant(word.person, word.roles, word.time) : out.deny(word.person, word.roles, word.time);
  }
  return out;
}

}  // namespace

std::string person_of(const Requester& requester) {
  const std::uint32_t who = requester.login_uid != UINT32_MAX ? requester.login_uid : requester.uid;
  return who == UINT32_MAX ? std::string() : std::to_string(who);
}

std::string missing_text(const std::map<std::string, std::size_t>& missing) {
  std::string out;
  for (const auto& [role, count] : missing) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, role);
  return out;
}

RunRecord Run::Machine::record_of(const std::string& execution, const std::string& step, const RunAgreement& word) {
  return {
      .kind = RunRecord::Kind::agreed,
      .time = word.time,
      .execution = execution,
      .step = step,
      .status = word.kind == RunAgreement::Kind::granted ? "granted" : "denied",
      .detail = fmt::format("{}: {}", word.name, word.note),
      .outputs = {{"person", word.person}, {"name", word.name}, {"roles", joined(word.roles)}, {"note", word.note}}};
}

void Run::Machine::recall_agreement(const RunRecord& record) {
  RunAgreement word;
  word.kind = record.status == "granted" ? RunAgreement::Kind::granted : RunAgreement::Kind::denied;
  word.time = record.time;
  for (const auto& [name, text] : record.outputs) {
    if (name == "person") word.person = text;
    else if (name == "name") word.name = text;
    else if (name == "roles") word.roles = split(text);
    else if (name == "note") word.note = text;
  }
  agreements_[record.execution].push_back(std::move(word));
}

const RunToken* Run::Machine::token_of(std::string_view execution) const {
  for (const RunToken& token : tokens_)
    if (token.state == RunToken::State::person && execution == numbered(trace[token.trace].execution, token.command))
      return &token;
  return nullptr;
}

std::vector<RunApproval> Run::Machine::approvals() const {
  std::vector<RunApproval> out;
  for (const std::string& execution : asked_) {
    const RunToken* token = token_of(execution);
    if (token == nullptr || step(*token).approvals.empty()) continue;
    const auto words = agreements_.find(execution);
    const auto approval = approval_of(step(*token), spec.behalf,
                                      words == agreements_.end() ? std::vector<RunAgreement>{} : words->second);
    out.push_back({execution, step(*token).label, approval.missing()});
  }
  return out;
}

Result<void> Run::Machine::agree(std::string_view execution, RunAgreement word) {
  const RunToken* token = token_of(execution);
  if (token == nullptr || state != RunState::running || step(*token).approvals.empty())
    return fail(Code::not_found, fmt::format("nothing called {} waits for people in roles", execution));
  const std::string name(execution);
  word.time = clock_.now();
  Approval approval = approval_of(step(*token), spec.behalf, agreements_[name]);
  TOCSIN_TRY(const Approval::State after, word.kind == RunAgreement::Kind::granted
                                              ? approval.grant(word.person, word.roles, word.time)
                                              : approval.deny(word.person, word.roles, word.time));
  note_down(record_of(name, trace[token->trace].id, word));
  if (!write_down()) return std::unexpected(*broken_);
  agreements_[name].push_back(std::move(word));
  if (after == Approval::State::pending) return {};
  for (RunToken& waiting : tokens_)
    if (&waiting == token) waiting.state = RunToken::State::ready;
  return {};
}

// What a step that was decided comes to: the boolean variables of its out_args say yes or no. A no that the playbook
// has no variable for is a failure.
void Run::Machine::settle_agreement(const RunToken& token, const std::string& execution) {
  const PlannedStep& here = step(token);
  const auto words = agreements_.find(execution);
  if (here.approvals.empty() || words == agreements_.end() || remembered_.contains(execution)) return;
  const auto decided = approval_of(here, spec.behalf, words->second).state(clock_.now());
  if (decided == Approval::State::pending) return;
  const bool yes = decided == Approval::State::granted;
  Outcomes outcome;
  outcome.time = words->second.back().time;
  for (const RunAgreement& word : words->second)
    outcome.detail += fmt::format("{}{}: {}", outcome.detail.empty() ? "" : "; ", word.name, word.note);
  for (const std::string& name : here.out_args)
    if (const Variable* variable = lookup(token)(name); variable != nullptr && variable->type == VariableType::boolean)
      outcome.outputs.emplace_back(name, yes ? "true" : "false");
  outcome.status = yes || !outcome.outputs.empty() ? "done" : "failed";
  remembered_.emplace(execution, std::move(outcome));
}

}  // namespace tocsin::responders
