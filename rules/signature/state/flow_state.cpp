#include "rules/signature/state/flow_state.h"

#include <algorithm>

namespace tocsin::rules::signature {

void StreamWindow::append(std::uint64_t offset, Bytes more) {
  if (!seen || offset != end()) {
    if (pending) held.make().pieces.push_back({std::move(bytes), start, inspected});
    bytes.clear();
    start = offset;
    inspected = offset;
    if (auto* const some = held.get()) some->waiting.clear();
  }
  seen = true;
  pending = pending || !more.empty();
  bytes.insert(bytes.end(), more.begin(), more.end());
}

void StreamWindow::trim() {
  if (pending || bytes.size() <= kept) return;
  const std::size_t drop = bytes.size() - kept;
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(drop));
  start += drop;
  if (bytes.capacity() > 16 * kept) bytes.shrink_to_fit();
  if (auto* const some = held.get()) {
    std::erase_if(some->waiting, [&](const auto& entry) { return entry.second + kept < end(); });
    std::erase_if(some->resume, [&](const auto& entry) { return entry.second <= start; });
  }
}

std::uint64_t StreamWindow::resume_at(std::uint32_t rule) const noexcept {
  for (const auto& [number, offset] : held->resume)
    if (number == rule) return offset;
  return 0;
}

void StreamWindow::set_resume(std::uint32_t rule, std::uint64_t offset) {
  auto& resume = held.make().resume;
  for (auto& [number, place] : resume) {
    if (number != rule) continue;
    place = offset;
    return;
  }
  if (resume.size() < resume_most) resume.emplace_back(rule, offset);
}

void FlowMemory::keep(std::vector<std::pair<std::string, std::string>>& list, std::string_view name,
                      std::string_view value) {
  value = value.substr(0, value_most);
  const auto found = std::ranges::find(list, name, &std::pair<std::string, std::string>::first);
  if (found != list.end()) found->second = value;
  else if (list.size() < variables_most) list.emplace_back(name, value);
}

void FlowMemory::set_entropy(const std::string& buffer, double value) {
  auto& entropies = found.make().entropies;
  const auto known = std::ranges::find(entropies, buffer, &std::pair<std::string, double>::first);
  if (known != entropies.end()) known->second = value;
  else if (entropies.size() < variables_most) entropies.emplace_back(buffer, value);
}

bool FlowMemory::bit(std::uint32_t number) const noexcept {
  const std::size_t word = number / 64;
  return word < bits.size() && ((bits[word] >> (number % 64)) & 1U) != 0;
}

void FlowMemory::set_bit(std::uint32_t number, bool on) {
  const std::size_t word = number / 64;
  if (word >= bits.size()) {
    if (!on) return;
    bits.resize(word + 1);
  }
  const std::uint64_t mask = std::uint64_t{1} << (number % 64);
  bits[word] = on ? bits[word] | mask : bits[word] & ~mask;
}

const std::uint32_t* FlowMemory::integer(std::uint32_t variable) const noexcept {
  const auto& integers = found->integers;
  const auto place = std::ranges::lower_bound(integers, variable, {}, &std::pair<std::uint32_t, std::uint32_t>::first);
  return place != integers.end() && place->first == variable ? &place->second : nullptr;
}

void FlowMemory::set_integer(std::uint32_t variable, std::uint32_t value) {
  auto& integers = found.make().integers;
  const auto place = std::ranges::lower_bound(integers, variable, {}, &std::pair<std::uint32_t, std::uint32_t>::first);
  if (place != integers.end() && place->first == variable) place->second = value;
  else integers.insert(place, {variable, value});
}

bool FlowMemory::conditions_hold(const Signature& signature) const noexcept {
  for (const auto& test : signature.flow_bits) {
    using Operation = FlowBit::Operation;
    const auto is_set = [this](std::uint32_t number) { return bit(number); };
    if (test.operation == Operation::isset && std::ranges::none_of(test.bits, is_set)) return false;
    if (test.operation == Operation::isnotset && std::ranges::all_of(test.bits, is_set)) return false;
  }
  for (const auto& test : signature.flow_integers) {
    if (!test.condition()) continue;
    using Operation = FlowInt::Operation;
    const auto* have = integer(test.variable);
    if (test.operation == Operation::isset || test.operation == Operation::isnotset) {
      if ((have != nullptr) != (test.operation == Operation::isset)) return false;
      continue;
    }
    const auto* other = test.other ? integer(*test.other) : nullptr;
    if (have == nullptr || (test.other && other == nullptr)) return false;
    const std::int64_t a = *have;
    const std::int64_t b = test.other ? *other : test.value;
    const bool holds = test.operation == Operation::less            ? a < b
                       : test.operation == Operation::less_equal    ? a <= b
                       : test.operation == Operation::equal         ? a == b
                       : test.operation == Operation::not_equal     ? a != b
                       : test.operation == Operation::greater_equal ? a >= b
                                                                    : a > b;
    if (!holds) return false;
  }
  return true;
}

void FlowMemory::apply(const Signature& signature) {
  for (const auto& action : signature.flow_bits) {
    using Operation = FlowBit::Operation;
    if (action.operation == Operation::set) set_bit(action.bits[0], true);
    if (action.operation == Operation::unset) set_bit(action.bits[0], false);
    if (action.operation == Operation::toggle) set_bit(action.bits[0], !bit(action.bits[0]));
  }
  for (const auto& action : signature.flow_integers) {
    if (action.condition()) continue;
    using Operation = FlowInt::Operation;
    const auto* other = action.other ? integer(*action.other) : nullptr;
    if (action.other && other == nullptr) continue;
    const auto value = static_cast<std::uint32_t>(action.other ? *other : action.value);
    const auto* have = integer(action.variable);
    if (action.operation == Operation::assign) set_integer(action.variable, value);
    // A counter that was never set starts at zero.
    if (action.operation == Operation::add) set_integer(action.variable, (have == nullptr ? 0 : *have) + value);
    if (action.operation == Operation::subtract) set_integer(action.variable, (have == nullptr ? 0 : *have) - value);
  }
}

TransactionMemory::RuleProgress& TransactionMemory::progress(std::uint32_t rule, std::uint8_t side) {
  const auto key = [](const RuleProgress& entry) { return std::pair(entry.rule, entry.side); };
  const auto found = std::ranges::lower_bound(rules, std::pair(rule, side), {}, key);
  if (found != rules.end() && found->rule == rule && found->side == side) return *found;
  RuleProgress fresh;
  fresh.rule = rule;
  fresh.side = side;
  return *rules.insert(found, std::move(fresh));
}

}  // namespace tocsin::rules::signature
