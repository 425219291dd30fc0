#include "rules/signature/prefilter/rule_index.h"

#include <algorithm>

#include "rules/signature/compile/program.h"

namespace tocsin::rules::signature {

namespace {

constexpr std::uint32_t ports_most = 64;  // of a rule that is found by port

bool is_list(const PortSet& set) noexcept {
  if (set.any() || set.ranges().empty()) return false;
  std::uint32_t count = 0;
  for (const auto& range : set.ranges()) {
    if (range.high - range.low >= ports_most) return false;
    count += range.high - range.low + 1;
  }
  return count <= ports_most;
}

bool wants_payload(const Signature& signature) noexcept {
  return std::ranges::any_of(signature.chains, [](const Chain& chain) {
    return chain.source == Source::payload || chain.source == Source::frame;
  });
}

}  // namespace

void RuleIndex::List::append_to(std::vector<std::uint32_t>& rules, bool payload) const {
  rules.insert(rules.end(), any.begin(), any.end());
  if (payload) rules.insert(rules.end(), with_payload.begin(), with_payload.end());
}

RuleIndex::List& RuleIndex::Ports::at(std::uint16_t port) {
  if (slots.empty()) slots.resize(1U << 16);
  auto& slot = slots[port];
  if (slot == 0) {
    lists.emplace_back();
    slot = static_cast<std::uint32_t>(lists.size());
  }
  return lists[slot - 1U];
}

const RuleIndex::List* RuleIndex::Ports::find(std::uint16_t port) const noexcept {
  if (slots.empty() || slots[port] == 0) return nullptr;
  return &lists[slots[port] - 1U];
}

void RuleIndex::insert(const Signature& signature, std::uint32_t rule) {
  const bool payload = wants_payload(signature);
  const auto put = [&](List& list) { (payload ? list.with_payload : list.any).push_back(rule); };
  const auto put_ports = [&](Ports& table, const PortSet& set) {
    for (const auto& range : set.ranges())
      for (std::uint32_t port = range.low; port <= range.high; ++port) put(table.at(static_cast<std::uint16_t>(port)));
  };
  if (const auto wanted = signature.protocol.application; wanted != collectors::Protocol::unknown) {
    for (std::size_t p = 0; p < protocols; ++p)
      if (speaks(wanted, static_cast<collectors::Protocol>(p))) put(by_application_[p]);
    return;
  }
  const bool by_destination = is_list(*signature.destination_ports);
  if (!by_destination && !is_list(*signature.source_ports)) return put(others_);
  const auto& set = by_destination ? *signature.destination_ports : *signature.source_ports;
  put_ports(by_destination ? by_destination_ : by_source_, set);
  if (signature.both_ways) put_ports(by_destination ? by_source_ : by_destination_, set);
}

void RuleIndex::find(const Traffic& traffic, std::vector<std::uint32_t>& rules) const {
  others_.append_to(rules, traffic.payload);
  by_application_[static_cast<std::size_t>(traffic.application)].append_to(rules, traffic.payload);
  if (const auto* list = by_source_.find(traffic.source_port)) list->append_to(rules, traffic.payload);
  if (const auto* list = by_destination_.find(traffic.destination_port)) list->append_to(rules, traffic.payload);
}

}  // namespace tocsin::rules::signature
