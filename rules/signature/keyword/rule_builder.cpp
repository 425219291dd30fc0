#include "rules/signature/keyword/rule_builder.h"

#include <algorithm>

namespace tocsin::rules::signature {

using collectors::Buffer;
using collectors::BufferSide;
using collectors::Protocol;

std::vector<std::string> NameTable::names() const {
  std::vector<std::string> out(ids_.size());
  for (const auto& [name, id] : ids_) out[id] = name;
  return out;
}

std::uint32_t NameTable::intern(std::string_view name) {
  const auto found = ids_.find(name);
  if (found != ids_.end()) return found->second;
  const auto id = static_cast<std::uint32_t>(ids_.size());
  ids_.emplace(std::string(name), id);
  return id;
}

bool RuleBuilder::in_transaction() const noexcept {
  if (!selected_) return false;
  return pending_ ? pending_chain_.source == Source::transaction
                  : signature.chains[current_].source == Source::transaction;
}

void RuleBuilder::select(Source source, Buffer buffer, BufferSide side, bool multiple) {
  selected_ = true;
  pending_ = true;
  in_base64_ = false;
  multiple_ = multiple;
  pending_chain_ = Chain{};
  pending_chain_.source = source;
  pending_chain_.buffer = buffer;
  pending_chain_.side = side;
  last_content_.reset();
}

void RuleBuilder::select_frame(collectors::FrameKind frame) {
  select(Source::protocol_frame, Buffer::none, BufferSide::both, true);
  pending_chain_.frame = frame;
}

void RuleBuilder::select_payload() {
  selected_ = false;
  pending_ = false;
  in_base64_ = false;
  last_content_.reset();
}

void RuleBuilder::select_base64() {
  in_base64_ = true;
  last_content_.reset();
  last_base64_content_.reset();
  if (base64_) base64_->has_data = true;
}

Outcome RuleBuilder::add_transform(Transform transform) {
  if (!selected_)
    return refuse("S0310", "the transform follows no sticky buffer", "Select a buffer before the transform");
  if (!pending_) {
    // After contents: what follows is about the same buffer, changed once more.
    const Chain& from = signature.chains[current_];
    pending_chain_ = Chain{};
    pending_chain_.source = from.source;
    pending_chain_.buffer = from.buffer;
    pending_chain_.side = from.side;
    pending_chain_.frame = from.frame;
    pending_chain_.transforms = from.transforms;
    pending_ = true;
    last_content_.reset();
  }
  pending_chain_.transforms.push_back(std::move(transform));
  return {};
}

std::size_t RuleBuilder::chain_for(Source source, Buffer buffer, BufferSide side, bool fresh) {
  if (!fresh)
    for (std::size_t i = 0; i < signature.chains.size(); ++i) {
      const auto& chain = signature.chains[i];
      if (chain.source == source && chain.buffer == buffer && chain.side == side && chain.transforms.empty()) return i;
    }
  Chain chain;
  chain.source = source;
  chain.buffer = buffer;
  chain.side = side;
  signature.chains.push_back(std::move(chain));
  return signature.chains.size() - 1;
}

std::vector<Test>& RuleBuilder::target() {
  if (in_base64_ && base64_) return base64_->data;
  if (!selected_) {
    current_ = chain_for(Source::payload, Buffer::none, BufferSide::both, false);
  } else if (pending_) {
    pending_ = false;
    if (pending_chain_.transforms.empty() && pending_chain_.source != Source::protocol_frame) {
      current_ = chain_for(pending_chain_.source, pending_chain_.buffer, pending_chain_.side, multiple_);
    } else {
      signature.chains.push_back(std::move(pending_chain_));
      current_ = signature.chains.size() - 1;
    }
  }
  return signature.chains[current_].tests;
}

void RuleBuilder::add(Test test) {
  const bool content = std::holds_alternative<ContentTest>(test);
  if (const auto* base64 = std::get_if<std::shared_ptr<Base64Test>>(&test)) {
    auto& tests = target();
    base64_ = *base64;
    tests.push_back(std::move(test));
    return;
  }
  auto& tests = target();
  tests.push_back(std::move(test));
  if (!content) return;
  if (in_base64_ && base64_) {
    last_base64_content_ = tests.size() - 1;
    last_content_.reset();
  } else {
    last_content_ = {current_, tests.size() - 1};
    last_base64_content_.reset();
  }
}

ContentTest* RuleBuilder::last_content() {
  if (last_base64_content_ && base64_) return std::get_if<ContentTest>(&base64_->data[*last_base64_content_]);
  if (!last_content_) return nullptr;
  return std::get_if<ContentTest>(&signature.chains[last_content_->first].tests[last_content_->second]);
}

Outcome RuleBuilder::move_last_content(Buffer buffer, BufferSide side) {
  if (!last_content_)
    return refuse("S0311", "the modifier follows no content", "Put it after the content it belongs to");
  const auto [chain, test] = *last_content_;
  if (signature.chains[chain].source != Source::payload)
    return refuse("S0312", "the modifier cannot be used on a content of a sticky buffer", "Use one way or the other");
  Test moved = std::move(signature.chains[chain].tests[test]);
  signature.chains[chain].tests.erase(signature.chains[chain].tests.begin() + static_cast<std::ptrdiff_t>(test));
  // An emptied payload chain stays until the end of the rule, where empty chains are dropped.
  const std::size_t to = chain_for(Source::transaction, buffer, side, false);
  signature.chains[to].tests.push_back(std::move(moved));
  last_content_ = {to, signature.chains[to].tests.size() - 1};
  return {};
}

void RuleBuilder::add_to(Buffer buffer, BufferSide side, Test test) {
  const std::size_t to = chain_for(Source::transaction, buffer, side, false);
  signature.chains[to].tests.push_back(std::move(test));
}

Base64Test* RuleBuilder::last_base64() { return base64_.get(); }

int RuleBuilder::define_variable(std::string_view name) {
  const auto found = variables_.find(name);
  if (found != variables_.end()) return found->second;
  const int index = signature.variables++;
  variables_.emplace(std::string(name), index);
  return index;
}

std::optional<int> RuleBuilder::find_variable(std::string_view name) const {
  const auto found = variables_.find(name);
  if (found == variables_.end()) return std::nullopt;
  return found->second;
}

std::optional<Operand> RuleBuilder::operand(std::string_view text) const {
  if (const auto number = parse_number(text)) return Operand{*number, -1};
  if (const auto variable = find_variable(text)) return Operand{0, *variable};
  return std::nullopt;
}

Outcome RuleBuilder::require_protocol(Protocol protocol, std::string_view keyword) {
  if (protocol == Protocol::unknown) return {};
  auto& application = signature.protocol.application;
  const bool same = application == protocol || (application == Protocol::http2 && protocol == Protocol::http) ||
                    (application == Protocol::doh2 &&
                     (protocol == Protocol::dns || protocol == Protocol::http || protocol == Protocol::http2)) ||
                    (application == Protocol::quic && protocol == Protocol::tls) ||
                    (application == Protocol::mdns && protocol == Protocol::dns) ||
                    (application == Protocol::smb && protocol == Protocol::dcerpc);
  if (application != Protocol::unknown && !same)
    return refuse("S0313",
                  "the keyword '" + std::string(keyword) + "' is of protocol " +
                      std::string(collectors::protocol_name(protocol)) + ", the rule's header says " +
                      std::string(collectors::protocol_name(application)),
                  "Change the protocol in the header");
  if (application == Protocol::unknown) application = protocol;
  return {};
}

}  // namespace tocsin::rules::signature
