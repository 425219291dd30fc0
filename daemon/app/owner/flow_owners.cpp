#include "daemon/app/owner/flow_owners.h"

#include <algorithm>

#include "collectors/base/text.h"

namespace tocsin::daemon {

using collectors::FlowOwner;
using collectors::FlowOwnerRef;

namespace {

constexpr std::size_t names_most = 4096;
constexpr std::size_t fields_most = 64;

}  // namespace

std::string unit_of(std::string_view cgroup) {
  std::string_view scope;
  std::string_view service;
  for (const auto part : split(cgroup, '/')) {
    if (part.ends_with(".service")) service = part;
    if (part.ends_with(".scope")) scope = part;
  }
  return std::string(service.empty() ? scope : service);
}

void add_owner(rules::Alert& alert, const FlowOwner& owner) {
  const auto add = [&](std::string_view name, const std::string& value) {
    const bool known = std::ranges::any_of(alert.fields, [&](const auto& field) { return field.first == name; });
    if (!value.empty() && !known && alert.fields.size() < fields_most) alert.fields.emplace_back(name, value);
  };
  if (owner.user) add("user.id", std::to_string(*owner.user));
  add("user.name", owner.user_name);
  if (owner.process) add("process.pid", std::to_string(*owner.process));
  add("process.name", owner.process_name);
  add("process.executable", owner.executable);
  add("process.cgroup", owner.cgroup);
  add("service.name", owner.unit);
  std::ranges::sort(alert.fields);
}

FlowOwners::FlowOwners(Ask ask, UserName user_name, Metrics& metrics)
    : ask_(std::move(ask)),
      user_name_(std::move(user_name)),
      flows_(metrics.counter("tocsin_flows_local", "Flows of this host, whose owner was looked for")),
      users_(
          metrics.counter("tocsin_flows_attributed", "Flows whose owner was found, by what is known", "what=\"user\"")),
      units_(
          metrics.counter("tocsin_flows_attributed", "Flows whose owner was found, by what is known", "what=\"unit\"")),
      processes_(metrics.counter("tocsin_flows_attributed", "Flows whose owner was found, by what is known",
                                 "what=\"process\"")),
      not_asked_(metrics.counter("tocsin_flows_not_asked", "Flows of this host nobody had time to ask about")) {}

FlowOwners::~FlowOwners() { stop(); }

void FlowOwners::start() {
  thread_ = std::thread([this] { run(); });
}

void FlowOwners::stop() {
  questions_.close();
  if (thread_.joinable()) thread_.join();
}

void FlowOwners::ask(std::vector<FlowQuestion> questions) {
  if (questions.empty()) return;
  const auto count = questions.size();
  flows_.add(count);
  {
    const std::lock_guard lock(mutex_);
    for (const auto& question : questions) waiting_.insert(question.flow);
  }
  if (questions_.try_send(questions)) return;
  not_asked_.add(count);
  const std::lock_guard lock(mutex_);
  for (const auto& question : questions) waiting_.erase(question.flow);
}

void FlowOwners::run() {
  while (auto questions = questions_.receive())
    for (const auto& question : *questions) answer(question);
}

void FlowOwners::answer(const FlowQuestion& question) {
  auto found = ask_(question.socket);
  FlowOwnerRef made;
  if (found) {
    auto owner = std::make_shared<FlowOwner>();
    owner->user = found->user;
    owner->process = found->process;
    owner->process_name = std::move(found->process_name);
    owner->executable = std::move(found->executable);
    owner->cgroup = std::move(found->cgroup);
    owner->unit = unit_of(owner->cgroup);
    if (owner->user) {
      if (names_.size() > names_most) names_.clear();
      const auto [name, fresh] = names_.try_emplace(*owner->user);
      if (fresh) name->second = user_name_(*owner->user);
      owner->user_name = name->second;
      users_.add();
    }
    if (owner->process) processes_.add();
    if (!owner->unit.empty()) units_.add();
    made = std::move(owner);
  }
  keep(question.flow, std::move(made));
}

void FlowOwners::keep(std::uint64_t flow, FlowOwnerRef owner) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.erase(flow);
    if (owner != nullptr && kept_.insert_or_assign(flow, std::move(owner)).second) order_.push_back(flow);
    while (order_.size() > kept_most) {
      kept_.erase(order_.front());
      order_.pop_front();
    }
  }
  answered_.notify_all();
}

FlowOwnerRef FlowOwners::owner(std::uint64_t flow) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(flow);
  return found == kept_.end() ? nullptr : found->second;
}

FlowOwnerRef FlowOwners::owner_soon(std::uint64_t flow, Duration patience) {
  std::unique_lock lock(mutex_);
  answered_.wait_for(lock, patience, [&] { return !waiting_.contains(flow); });
  const auto found = kept_.find(flow);
  return found == kept_.end() ? nullptr : found->second;
}

FlowOwners::Share FlowOwners::share() const noexcept {
  return {flows_.value(), users_.value(), units_.value(), processes_.value()};
}

void OwnerAsker::on_flow_start(collectors::Flow& flow, const collectors::Packet& packet) {
  const bool has_socket =
      flow.transport == collectors::ip_protocol::tcp || flow.transport == collectors::ip_protocol::udp;
  if (!has_socket || packet.tunnel_depth != 0 || collected_.size() >= collected_most) return;
  const bool client = own_.contains(flow.client.address);
  if (!client && !own_.contains(flow.server.address)) return;
  const auto& here = client ? flow.client : flow.server;
  const auto& there = client ? flow.server : flow.client;
  collected_.push_back({flow.id, {flow.transport, here.address, there.address, here.port, there.port}});
}

void OwnerAsker::hand_over() {
  if (!collected_.empty()) owners_.ask(std::exchange(collected_, {}));
}

}  // namespace tocsin::daemon
