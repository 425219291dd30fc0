#include "responders/playbook/command/desk.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "responders/playbook/command/order.h"
#include "responders/playbook/json/document.h"
#include "responders/playbook/signature/key_directory.h"

namespace tocsin::responders {
namespace {

namespace fs = std::filesystem;
using State = CommandAnswer::State;

constexpr std::size_t plans_most = 64;
constexpr std::size_t remembered_most = 10'000;

std::string render(const std::string& key, const CommandAnswer& answer) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object()
      .member("key", key)
      .member("state", command_state_name(answer.state))
      .member("summary", answer.summary)
      .key("outputs")
      .begin_object();
  for (const auto& [name, text] : answer.outputs) writer.member(name, text);
  writer.end_object().member("output", answer.output).end_object();
  out += '\n';
  return out;
}

std::optional<std::pair<std::string, CommandAnswer>> parse_line(std::string_view line) {
  const JsonDocument document = read_json(line);
  const JsonNode* key = document.root.find("key");
  const JsonNode* state = document.root.find("state");
  if (!document.problems.empty() || key == nullptr || state == nullptr) return std::nullopt;
  CommandAnswer answer;
  for (const State known : {State::running, State::done, State::failed, State::unknown})
    if (command_state_name(known) == state->text) answer.state = known;
  if (const JsonNode* summary = document.root.find("summary")) answer.summary = summary->text;
  if (const JsonNode* output = document.root.find("output")) answer.output = output->text;
  if (const JsonNode* outputs = document.root.find("outputs"))
    for (const JsonMember& member : outputs->members) answer.outputs.emplace_back(member.name, member.value.text);
  return std::pair{key->text, std::move(answer)};
}

}  // namespace

Result<KeyStore> load_keys(const std::string& directory) {
  KeyStore store;
  std::error_code unreadable;
  if (directory.empty() || (!fs::exists(directory, unreadable) && !unreadable)) return store;
  TOCSIN_CHECK(add_key_directory(store, directory));
  return store;
}

CommandDesk::CommandDesk(CommandPolicy policy, KeyStore keys, const Clock& clock, LenderFactory lender)
    : policy_(std::move(policy)),
      keys_(std::move(keys)),
      credentials_(policy_.credentials),
      clock_(clock),
      lender_(std::move(lender)) {}

CommandDesk::~CommandDesk() {
  for (auto& [key, job] : jobs_) job->stop = true;
  for (auto& [key, job] : jobs_)
    if (job->thread.joinable()) job->thread.join();
}

Result<std::unique_ptr<CommandDesk>> CommandDesk::open(CommandPolicy policy, KeyStore keys, const Clock& clock,
                                                       const std::string& journal, LenderFactory lender) {
  std::unique_ptr<CommandDesk> out(new CommandDesk(std::move(policy), std::move(keys), clock, std::move(lender)));
  if (!journal.empty()) TOCSIN_CHECK(out->read_journal(journal));
  return out;
}

// The last line of a key counts. A line that a crash cut off is of a command that had not begun, or of an end that
// nobody knows: either way nothing is run twice.
Result<void> CommandDesk::read_journal(const std::string& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (auto entry = parse_line(line)) over_[entry->first] = std::move(entry->second);
  file.close();
  for (auto& [key, answer] : over_) {
    if (answer.state != State::running) continue;
    answer.state = State::unknown;
    answer.summary = "it was running when this host's runner ended; whether it took effect is unknown";
  }
  journal_ = OwnedDescriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!journal_) return fail_errno("cannot write " + path, errno);
  // What the cut-off line was is not to become the beginning of the next.
  constexpr std::string_view line_end = "\n";
  if (!write_all(journal_.get(), as_bytes(line_end))) return fail_errno("cannot write " + path, errno);
  return {};
}

Result<void> CommandDesk::write_down(const std::string& key, const CommandAnswer& answer) {
  if (!journal_) return {};
  const std::string line = render(key, answer);
  if (!write_all(journal_.get(), as_bytes(line)) || ::fdatasync(journal_.get()) != 0)
    return fail_errno("cannot write the journal of commands", errno);
  return {};
}

Result<PlanRef> CommandDesk::plan_of(const std::string& text) {
  const std::string digest = render_digest(sha256(as_bytes(text)));
  if (const auto at = plans_.find(digest); at != plans_.end()) return at->second;
  Diagnostics diagnostics;
  TOCSIN_TRY(PlanRef plan, load_playbook(text, "playbook", diagnostics));
  if (plans_.size() >= plans_most) plans_.clear();
  plans_.emplace(digest, plan);
  return plan;
}

GuardVerdict refused_by(std::string rule, std::string reason) {
  return {GuardVerdict::Kind::refused, std::move(rule), std::move(reason)};
}

GuardVerdict CommandDesk::judge_signature(const std::string& text, std::string_view type) const {
  if (!policy_.needs_signature(type)) return {GuardVerdict::Kind::allowed, {}, {}};
  const auto verdicts = verify_signatures(read_json(text), keys_, clock_.now());
  if (is_signed(verdicts)) return {GuardVerdict::Kind::allowed, {}, {}};
  const std::string why = verdicts.empty() ? "it has no signature" : verdicts.front().reason;
  const std::string code = verdicts.empty() ? "P0720" : verdicts.front().code;
  return refused_by("signature",
                    fmt::format("commands of type {} are run only from playbooks signed with a trusted key: {} ({})",
                                type, why, code));
}

Result<GuardVerdict> CommandDesk::resolve(const CommandRequest& request, Order& order) {
  if (!request.playbook || !is_action_key(request.key)) return fail(Code::usage, "a request has a playbook and a key");
  TOCSIN_TRY(order.plan, plan_of(*request.playbook));
  TOCSIN_CHECK(order.plan->check_valid(clock_.now()));
  for (const PlannedStep& step : order.plan->steps())
    if (step.id == request.step) order.step = &step;
  if (order.step == nullptr || request.command >= order.step->commands.size())
    return fail(Code::not_found, "the playbook has no such command");
  order.command = &order.step->commands[request.command];
  const std::string& type = order.command->type;
  if (order.command->kind != PlannedCommand::Kind::host || !policy_.types.contains(type))
    return refused_by("type", fmt::format("the policy of this host's runner does not allow commands of type {}", type));
  if (!order.command->unsafe.empty()) return refused_by("unsafe", order.command->unsafe);
  if (auto verdict = judge_signature(*request.playbook, type); verdict.kind != GuardVerdict::Kind::allowed)
    return verdict;
  if (!order.plan->dangling_references().empty())
    return refused_by("unsafe", "the playbook refers to what it does not define");
  for (const CommandValue& given : request.values) {
    // The playbook's own word on a type is better than the caller's.
    const Variable* declared = order.step->variables.find(given.name);
    if (declared == nullptr) declared = order.plan->variables().find(given.name);
    const VariableType wanted = declared != nullptr ? declared->type : given.type;
    if (declared != nullptr && declared->constant && declared->value && declared->value->text != given.text)
      return refused_by("unsafe", fmt::format("{} is a constant of the playbook with another value", given.name));
    auto value = parse_value(wanted, given.text);
    if (!value) return std::unexpected(std::move(value).error().within("while reading " + given.name));
    TOCSIN_CHECK(order.values.declare(given.name, Variable{wanted, std::move(*value), true, false}));
  }
  order.time = std::min(request.time, policy_.time_most);
  if (type != "yara" && type != "bash" && request.tlp > policy_.max_tlp)
    return refused_by(
        "marking",
        fmt::format("the incident is {}; other hosts are told {} at most (max_tlp)", rules::tlp_label(request.tlp),
                    policy_.max_tlp == rules::Tlp::none ? "of what is not marked" : rules::tlp_label(policy_.max_tlp)));
  if (type == "yara") return resolve_yara(request, order);
  if (type == "http-api" || type == "openc2-http") return resolve_http(order);
  if (!order.command->shell) return refused_by("type", "this host's runner does not run it");
  const auto kind = type == "powershell" ? ShellKind::powershell : ShellKind::posix;
  auto values = shell_values(kind, *order.command->shell, order.lookup());
  if (!values && values.error().code == Code::denied) return refused_by("unsafe", values.error().message);
  if (!values) return std::unexpected(std::move(values).error());
  order.environment = std::move(*values);
  if (type == "bash") return GuardVerdict{GuardVerdict::Kind::allowed, {}, {}};
  return resolve_ssh(order);
}

Result<GuardVerdict> CommandDesk::judge(const CommandRequest& request) {
  Order order;
  TOCSIN_TRY(GuardVerdict verdict, resolve(request, order));
  if (verdict.kind != GuardVerdict::Kind::allowed || order.lending.empty()) return verdict;
  return judge_memory(order);
}

Result<CommandAnswer> CommandDesk::run(const CommandRequest& request) {
  if (const auto over = over_.find(request.key); over != over_.end()) return over->second;
  if (const auto at = jobs_.find(request.key); at != jobs_.end()) {
    Job& job = *at->second;
    if (!job.over.load()) {
      const std::scoped_lock lock(job.saying);
      return CommandAnswer{State::running, job.says, {}, {}};
    }
    if (job.thread.joinable()) job.thread.join();
    TOCSIN_CHECK(write_down(request.key, job.answer));
    CommandAnswer answer = std::move(job.answer);
    jobs_.erase(at);
    if (over_.size() >= remembered_most && !journal_) over_.erase(over_.begin());
    over_[request.key] = answer;
    return answer;
  }
  auto order = std::make_shared<Order>();
  TOCSIN_TRY(const GuardVerdict verdict, resolve(request, *order));
  if (verdict.kind != GuardVerdict::Kind::allowed)
    return fail(Code::denied, fmt::format("refused ({}): {}", verdict.rule, verdict.reason));
  if (jobs_.size() >= policy_.running_most)
    return fail(Code::unreachable, fmt::format("{} commands are running already", jobs_.size()));
  CommandAnswer begun{State::running, "it was started", {}, {}};
  TOCSIN_CHECK(write_down(request.key, begun));
  auto job = std::make_unique<Job>();
  Job* const running = job.get();
  jobs_.emplace(request.key, std::move(job));
  running->thread = std::thread([this, order, running] {
    running->answer = carry_out(*order, *running);
    running->over = true;
  });
  return begun;
}

void CommandDesk::cancel(const std::string& key) {
  if (const auto at = jobs_.find(key); at != jobs_.end()) at->second->stop = true;
}

void CommandDesk::wait_all() {
  for (auto& [key, job] : jobs_)
    if (job->thread.joinable()) job->thread.join();
}

CommandAnswer CommandDesk::carry_out(const Order& order, Job& job) const {
  const std::string& type = order.command->type;
  if (type == "bash") return run_shell(order, job);
  if (type == "ssh" || type == "powershell") return run_ssh(order, job);
  if (type == "yara") return run_yara(order, job);
  return run_http(order);
}

}  // namespace tocsin::responders
