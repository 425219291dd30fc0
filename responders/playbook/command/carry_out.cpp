// What each type of command does, and where it goes.

#include <filesystem>

#include <fmt/format.h>

#include "collectors/base/base64.h"
#include "collectors/base/counted.h"
#include "collectors/base/text.h"
#include "responders/playbook/command/order.h"
#include "responders/playbook/command/payload.h"
#include "responders/playbook/command/process.h"
#include "responders/playbook/json/document.h"

namespace tocsin::responders {
namespace {

using State = CommandAnswer::State;
constexpr GuardVerdict::Kind allowed = GuardVerdict::Kind::allowed;
constexpr std::string_view process_variable = "__pid__";
constexpr std::size_t processes_most = 16;  // of one command
// For an answer of the responder, which may be copying for somebody else: tocsind itself waits no longer than 20 s for
// us.
constexpr Duration judging = std::chrono::seconds(15);
constexpr Duration borrowing_time = std::chrono::minutes(1);

CommandAnswer failed(std::string why) { return {State::failed, std::move(why), {}, {}}; }

std::string one_line(std::string_view text) {
  constexpr std::size_t shown = 200;
  text = trim(text);
  return escape_terminal(text.substr(0, std::min(shown, text.find('\n'))));
}

CommandAnswer answer_of(const ProcessResult& result) {
  CommandAnswer out;
  out.output = result.output;
  out.outputs = {{"status", std::to_string(result.status)}, {"errors", result.errors}};
  out.state = result.status == 0 && result.end == ProcessResult::End::itself ? State::done : State::failed;
  if (result.end == ProcessResult::End::time) out.summary = "it took longer than it may, and was ended";
  else if (result.end == ProcessResult::End::stopped) out.summary = "it was ended, for nobody waits for it any more";
  else out.summary = fmt::format("ended with status {}", result.status);
  if (result.truncated) out.summary += "; its output was cut";
  const std::string said = one_line(result.status == 0 ? result.output : result.errors);
  if (!said.empty()) out.summary += ": " + said;
  return out;
}

bool is_user_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 64 && name.front() != '-' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             std::string_view::npos;
}

// The parties a command is carried out against: the step's targets, or its agent when it names none.
std::vector<std::string> parties_of(const PlannedStep& step) {
  return step.targets.empty() ? std::vector<std::string>{step.agent_id} : step.targets;
}

Result<std::string> filled(const Placed& text, const Lookup& lookup) { return Template(text.text).fill(lookup); }

Result<std::string> host_of(const AgentAst& party, const Lookup& lookup) {
  for (const std::string_view kind : {"dname", "ipv4", "ipv6"})
    for (const AddressAst& address : party.addresses) {
      if (address.kind != kind || address.values.empty()) continue;
      TOCSIN_TRY(std::string host, filled(address.values.front(), lookup));
      const auto parsed = parse_address(host);
      const bool good = kind == "dname" ? is_host_name(host) && !parsed : parsed && parsed->is_v4() == (kind == "ipv4");
      if (!good) return fail(Code::denied, fmt::format("\"{}\" is no address of kind {}", one_line(host), kind));
      return host;
    }
  return fail(Code::denied, fmt::format("\"{}\" has no address that can be reached", party.name));
}

Result<std::uint16_t> port_of(const AgentAst& party, const Lookup& lookup, std::uint16_t otherwise) {
  if (!party.port) return otherwise;
  TOCSIN_TRY(const std::string text, filled(party.port, lookup));
  const auto port = parse_unsigned(text);
  if (!port || *port == 0 || *port > UINT16_MAX) return fail(Code::denied, "the port is no number between 1 and 65535");
  return static_cast<std::uint16_t>(*port);
}

std::string part_of(const AuthenticationAst& authentication, std::string_view name) {
  for (const auto& [known, text] : authentication.secrets)
    if (known == name) return text.text;
  return {};
}

Result<HttpEndpoint> endpoint_of(const AgentAst& party, const Lookup& lookup) {
  for (const AddressAst& address : party.addresses)
    if (address.kind == "url" && !address.values.empty()) {
      TOCSIN_TRY(const std::string url, filled(address.values.front(), lookup));
      return parse_endpoint(url);
    }
  HttpEndpoint out;
  TOCSIN_TRY(out.host, host_of(party, lookup));
  TOCSIN_TRY(out.port, port_of(party, lookup, 443));
  out.secure = out.port != 80;
  return out;
}

}  // namespace

Result<GuardVerdict> CommandDesk::resolve_ssh(Order& order) const {
  const Lookup lookup = order.lookup();
  for (const std::string& id : parties_of(*order.step)) {
    const AgentAst* party = order.plan->find_party(id);
    if (party == nullptr) return refused_by("unsafe", "a target is not defined");
    CommandPlace place;
    auto host = host_of(*party, lookup);
    if (!host) return refused_by("host", host.error().message);
    place.host = std::move(*host);
    if (!CommandPolicy::covers(policy_.hosts, place.host))
      return refused_by("host", fmt::format("{} is not among the `hosts` of the policy", place.host));
    TOCSIN_TRY(place.port, port_of(*party, lookup, 22));
    const AuthenticationAst* authentication = order.plan->find_authentication(party->authentication.text);
    if (authentication == nullptr || !authentication->kms)
      return refused_by("credentials",
                        fmt::format("\"{}\" names no key of the key store (kms, kms_key_identifier)", party->name));
    const std::string& key = authentication->kms_key_identifier.text;
    TOCSIN_TRY(place.key_file, credentials_.path(key, "private_key"));
    place.user = part_of(*authentication, "username");
    if (place.user.empty()) {
      TOCSIN_TRY(place.user, credentials_.read(key, "username"));
    } else {
      TOCSIN_TRY(place.user, Template(place.user).fill(lookup));
    }
    if (!is_user_name(place.user)) return refused_by("unsafe", "the user name is none");
    order.places.push_back(std::move(place));
  }
  return GuardVerdict{allowed, {}, {}};
}

Result<GuardVerdict> CommandDesk::resolve_http(Order& order) const {
  const Lookup lookup = order.lookup();
  auto message = fill_http(*order.command->http, lookup);
  if (!message) return refused_by("unsafe", message.error().message);
  order.message = std::move(*message);
  for (const std::string& id : parties_of(*order.step)) {
    const AgentAst* party = order.plan->find_party(id);
    if (party == nullptr) return refused_by("unsafe", "a target is not defined");
    CommandPlace place;
    auto endpoint = endpoint_of(*party, lookup);
    if (!endpoint) return refused_by("host", endpoint.error().message);
    place.endpoint = std::move(*endpoint);
    if (!CommandPolicy::covers(policy_.hosts, place.endpoint.host))
      return refused_by("host", fmt::format("{} is not among the `hosts` of the policy", place.endpoint.host));
    if (!place.endpoint.secure && !CommandPolicy::covers(policy_.plain_http, place.endpoint.host))
      return refused_by(
          "host", fmt::format("{} would be reached without TLS and is not among `plain_http`", place.endpoint.host));
    const AuthenticationAst* authentication = order.plan->find_authentication(party->authentication.text);
    if (authentication != nullptr && !authentication->kms)
      return refused_by("credentials", "a secret is in the playbook itself; keep it in the key store (kms)");
    if (authentication != nullptr) {
      const std::string& key = authentication->kms_key_identifier.text;
      if (authentication->type.text == "oauth2") {
        TOCSIN_TRY(const std::string token, credentials_.read(key, "token"));
        place.authorization = "Bearer " + token;
      } else {
        TOCSIN_TRY(const std::string user, credentials_.read(key, "username"));
        TOCSIN_TRY(const std::string password, credentials_.read(key, "password"));
        place.authorization = "Basic " + to_base64(fmt::format("{}:{}", user, password));
      }
      if (place.authorization.find_first_of("\r\n") != std::string::npos)
        return refused_by("credentials", "the credential has a line break in it");
    }
    order.places.push_back(std::move(place));
  }
  return GuardVerdict{allowed, {}, {}};
}

// What it looks at: the step's in_args that are absolute paths or "process:PID", and `__pid__`, which is a process.
Result<GuardVerdict> CommandDesk::resolve_yara(const CommandRequest& request, Order& order) const {
  for (const std::string& name : order.step->in_args) {
    const Variable* variable = order.values.find(name);
    if (variable == nullptr || !variable->value) continue;
    const std::string& text = variable->value->text;
    if (text.starts_with('/')) {
      TOCSIN_TRY(GuardVerdict verdict, resolve_path(text, order));
      if (verdict.kind != allowed) return verdict;
    } else if (is_process_target(text) || (name == process_variable && !text.empty())) {
      auto process = parse_process_target(is_process_target(text) ? text : fmt::format("process:{}", text));
      if (!process) return refused_by("process", process.error().message);
      order.processes.push_back(std::move(*process));
    }
  }
  if (order.paths.empty() && order.processes.empty())
    return refused_by("path", "none of the step's in_args is an absolute path or process:PID to look at");
  if (order.processes.empty()) return GuardVerdict{allowed, {}, {}};
  if (!lender_)
    return refused_by("process", "the policy of this host's runner names no `responder` that would lend it memory");
  if (order.processes.size() > processes_most)
    return refused_by("process", fmt::format("it names more than {} processes", processes_most));
  for (const ProcessTarget& process : order.processes) {
    TOCSIN_TRY(auto lending, lending_request(request, order.plan->id(), process, order.lending.size()));
    order.lending.push_back(std::move(lending));
  }
  return GuardVerdict{allowed, {}, {}};
}

Result<GuardVerdict> CommandDesk::resolve_path(const std::string& given, Order& order) const {
  std::error_code missing;
  std::string path = std::filesystem::canonical(given, missing).string();
  if (missing) return fail(Code::not_found, fmt::format("there is no {}", one_line(given)));
  const bool below = std::any_of(policy_.paths.begin(), policy_.paths.end(), [&](std::string_view root) {
    while (root.size() > 1 && root.ends_with('/')) root.remove_suffix(1);
    return root == "/" || path == root || (path.starts_with(root) && path[root.size()] == '/');
  });
  if (!below) return refused_by("path", fmt::format("{} is not below the `paths` of the policy", one_line(path)));
  order.paths.push_back(std::move(path));
  return GuardVerdict{allowed, {}, {}};
}

// Of several the strictest word counts; all are told.
Result<GuardVerdict> CommandDesk::judge_memory(const Order& order) const {
  const auto lender = lender_(judging);
  GuardVerdict out{allowed, {}, {}};
  for (const ActionRequest& request : order.lending) {
    TOCSIN_TRY(const GuardVerdict verdict, judge_lending(*lender, request));
    if (out.rule.empty() || verdict.kind > out.kind) {
      out.kind = verdict.kind;
      out.rule = verdict.rule;
    }
    out.reason += (out.reason.empty() ? "" : "; ") + verdict.reason;
  }
  return out;
}

CommandAnswer CommandDesk::run_shell(const Order& order, const Job& job) const {
  ProcessSpec spec;
  spec.words = {"/bin/bash", "--noprofile", "--norc", "-c", order.command->shell->text};
  spec.environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C.UTF-8"}, {"HOME", "/"}};
  spec.environment.insert(spec.environment.end(), order.environment.begin(), order.environment.end());
  spec.output_most = policy_.output_most;
  spec.time = order.time;
  spec.stop = &job.stop;
  const auto result = run_process(spec);
  return result ? answer_of(*result) : failed(result.error().text());
}

CommandAnswer CommandDesk::run_ssh(const Order& order, const Job& job) const {
  const auto kind = order.command->type == "powershell" ? ShellKind::powershell : ShellKind::posix;
  CommandAnswer answer = failed("no target was reached");
  for (const CommandPlace& place : order.places) {
    ProcessSpec spec;
    spec.words = {"/usr/bin/ssh", "-F", "none", "-T", "-x", "-a"};
    for (const std::string_view option :
         {"BatchMode=yes", "StrictHostKeyChecking=yes", "GlobalKnownHostsFile=none", "IdentitiesOnly=yes",
          "IdentityAgent=none", "PasswordAuthentication=no", "KbdInteractiveAuthentication=no",
          "ClearAllForwardings=yes", "PermitLocalCommand=no", "ConnectTimeout=15", "ServerAliveInterval=15",
          "ServerAliveCountMax=3", "UpdateHostKeys=no", "LogLevel=ERROR"})
      spec.words.insert(spec.words.end(), {"-o", std::string(option)});
    spec.words.insert(spec.words.end(), {"-o", "UserKnownHostsFile=" + credentials_.known_hosts(), "-i", place.key_file,
                                         "-p", std::to_string(place.port), "-l", place.user, "--", place.host});
    // The other side's shell reads this line, and nothing of ours is in it.
    spec.words.emplace_back(kind == ShellKind::powershell ? "powershell -NoProfile -NonInteractive -Command -"
                                                          : "exec /bin/sh -c 'eval \"$(cat)\"'");
    spec.environment = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}};
    spec.input = remote_script(kind, *order.command->shell, order.environment);
    spec.output_most = policy_.output_most;
    spec.time = order.time;
    spec.stop = &job.stop;
    const auto result = run_process(spec);
    answer = result ? answer_of(*result) : failed(result.error().text());
    if (answer.state != State::done) {
      answer.summary = fmt::format("{}: {}", place.host, answer.summary);
      return answer;
    }
  }
  return answer;
}

CommandAnswer CommandDesk::run_http(const Order& order) const {
  CommandAnswer answer = failed("no target was reached");
  HttpLimits limits;
  limits.body_most = policy_.output_most;
  limits.redirects_most = policy_.redirects_most;
  limits.time = order.time;
  limits.authorities = policy_.authorities;
  for (const CommandPlace& place : order.places) {
    HttpMessage message = order.message;
    if (!place.authorization.empty()) message.headers.emplace_back("Authorization", place.authorization);
    const auto got = send_http(place.endpoint, message, limits);
    if (!got) return failed(fmt::format("{}: {}", place.endpoint.host, got.error().text()));
    answer.output = got->body;
    answer.outputs = {{"status", std::to_string(got->status)}};
    long status = got->status;
    // OpenC2 1.0 section 3.3.2: the response carries a status of its own.
    if (order.command->type == "openc2-http") {
      const JsonDocument document = read_json(got->body);
      const JsonNode* own = document.problems.empty() ? document.root.find("status") : nullptr;
      if (own != nullptr) status = static_cast<long>(parse_signed(own->text).value_or(status));
    }
    answer.state = status >= 200 && status < 300 ? State::done : State::failed;
    answer.summary = fmt::format("{} answered {}{}", place.endpoint.host, status, got->truncated ? "; cut" : "");
    if (answer.state != State::done) return answer;
  }
  return answer;
}

CommandAnswer CommandDesk::run_yara(const Order& order, Job& job) const {
  ScanLimits limits;
  limits.time = order.time;
  limits.stop = &job.stop;
  ScanResult all;
  if (!order.paths.empty()) {
    auto result = scan_files(order.command->payload, order.paths, limits);
    if (!result) return failed(result.error().text());
    all = std::move(*result);
  }
  std::string error;
  for (const ActionRequest& request : order.lending)
    if (auto looked = look_into(request, order.command->payload, limits, job, all); !looked && error.empty())
      error = looked.error().text();
  CommandAnswer out;
  out.state = error.empty() ? State::done : State::failed;
  out.output = render_json(all, policy_.output_most);
  out.outputs = {{"matches", std::to_string(all.found)}, {"files", std::to_string(all.files)}};
  out.summary = fmt::format("{} matches in {} files", all.found, all.files);
  if (order.lending.empty()) return out;
  bool complete = error.empty();
  out.summary += fmt::format(" and {}", counted(order.lending.size(), "process"));
  for (const ScannedProcess& process : all.processes) {
    if (process.cut.empty()) continue;
    complete = false;
    out.summary += fmt::format("; not all of process {}: {}", process.process.pid, process.cut);
  }
  out.outputs.emplace_back("processes", std::to_string(all.processes.size()));
  out.outputs.emplace_back("complete", complete ? "true" : "false");
  if (!error.empty()) out.summary = fmt::format("{}; {}", error, out.summary);
  return out;
}

// Borrowed for as long as it is looked at, and given back whatever happens.
Result<void> CommandDesk::look_into(const ActionRequest& request, const std::string& payload, const ScanLimits& limits,
                                    Job& job, ScanResult& into) const {
  const auto lender = lender_(borrowing_time);
  BorrowLimits borrowing;
  borrowing.time = limits.time;
  borrowing.stop = &job.stop;
  borrowing.says = [&job](std::string text) {
    const std::scoped_lock lock(job.saying);
    job.says = std::move(text);
  };
  const std::size_t before = into.processes.size();
  auto borrowed = borrow_memory(*lender, request, memory_turn_, borrowing);
  auto looked = borrowed ? scan_memory(payload, borrowed->memory, limits, into)
                         : Result<void>(std::unexpected(std::move(borrowed).error()));
  if (looked) return looked;
  ScannedProcess& process = into.processes.size() > before ? into.processes.back() : into.processes.emplace_back();
  process.process.pid = static_cast<int>(parse_unsigned(request.parameters.front().second).value_or(0));
  process.error = looked.error().text();
  return std::unexpected(
      std::move(looked.error()).within(fmt::format("while looking into process {}", process.process.pid)));
}

}  // namespace tocsin::responders
