// Rules on the buffers of application transactions: each buffer is scanned once, each rule alerts once per transaction.
#include <algorithm>

#include "collectors/base/release.h"
#include "rules/signature/alert_maker.h"
#include "rules/signature/detector.h"
#include "rules/signature/match/transform.h"
#include "rules/signature/timed.h"

namespace tocsin::rules::signature {

using collectors::Buffer;
using collectors::BufferSide;
using collectors::Direction;
using collectors::Transaction;

namespace {

// Bodies are looked at when whole, or each time this much is there: every byte is inspected a bounded number of times.
constexpr std::size_t growing_least = 32U << 10;
constexpr std::uint32_t instances_most = 4'096;

bool has_absent(const Chain& chain) noexcept {
  return std::ranges::any_of(chain.tests, [](const Test& test) { return std::holds_alternative<AbsentTest>(test); });
}

}  // namespace

void TransactionViews::start(const Transaction& transaction, Direction direction) {
  transaction_ = &transaction;
  direction_ = direction;
  used_ = 0;
  storage_used_ = 0;
}

const collectors::BufferRow* TransactionViews::row(std::uint32_t group, Direction direction) const {
  const auto protocol = static_cast<std::size_t>(transaction_->protocol);
  if (protocol >= Program::protocols) return nullptr;
  const auto& rows = program_.by_protocol[protocol].rows;
  return rows[static_cast<std::size_t>(program_.groups[group].buffer)][index(direction)];
}

bool TransactionViews::settled(std::uint32_t group, Direction direction) const {
  const auto* place = row(group, direction);
  if (place == nullptr || transaction_->complete(direction)) return true;
  const auto progress = transaction_->progress(direction);
  return progress > place->progress || (!place->growing && progress == place->progress);
}

// Another instance, such as a second file, may come as long as the side is not complete.
bool TransactionViews::last_known(std::uint32_t group, Direction direction) const {
  const auto* place = row(group, direction);
  return place == nullptr || !place->multiple || transaction_->complete(direction);
}

bool TransactionViews::growing(std::uint32_t group, Direction direction) const {
  const auto* place = row(group, direction);
  return place != nullptr && place->growing && program_.groups[group].buffer != Buffer::file_magic;
}

// What kind a file is, once enough of it is there.
std::optional<Bytes> TransactionViews::magic(std::uint32_t group, Direction direction, std::uint32_t index) {
  static constexpr std::size_t enough = 512;
  const auto content = transaction_->buffer(Buffer::file_data, direction, index);
  if (!content || content->empty() || (content->size() < enough && !settled(group, direction))) return std::nullopt;
  if (storage_used_ == storage_.size()) storage_.push_back(std::make_unique<std::vector<std::uint8_t>>());
  auto& out = *storage_[storage_used_++];
  const auto text = magic_.describe(*content);
  out.assign(text.begin(), text.end());
  return Bytes(out);
}

std::optional<Bytes> TransactionViews::transformed(const BufferGroup& group, Bytes bytes) {
  for (const auto& transform : group.transforms) {
    if (storage_used_ == storage_.size()) storage_.push_back(std::make_unique<std::vector<std::uint8_t>>());
    auto& out = *storage_[storage_used_++];
    if (!apply_transform(transform, bytes, out, scratch_)) return std::nullopt;
    bytes = out;
  }
  return bytes;
}

const BufferView* TransactionViews::view(std::uint32_t group, Direction direction, std::uint32_t index) {
  for (std::size_t i = 0; i < used_; ++i) {
    const auto& entry = *entries_[i];
    if (entry.group == group && entry.index == index && entry.direction == direction)
      return entry.present ? &entry.view : nullptr;
  }
  if (row(group, direction) == nullptr || index >= instances_most) return nullptr;
  if (used_ == entries_.size()) entries_.push_back(std::make_unique<Entry>());
  auto& entry = *entries_[used_++];
  entry = Entry{group, index, direction, false, {}};
  const auto& shape = program_.groups[group];
  const auto bytes = shape.buffer == Buffer::file_magic ? magic(group, direction, index)
                                                        : transaction_->buffer(shape.buffer, direction, index);
  if (!bytes) return nullptr;
  const bool whole = !growing(group, direction) || settled(group, direction);
  if (!whole && bytes->size() < growing_least) return nullptr;
  const auto part = transformed(shape, *bytes);
  if (!part) return nullptr;
  entry.present = true;
  entry.view = BufferView{*part, 0, whole};
  return &entry.view;
}

void SignatureDetector::inspect_transaction(Transaction& transaction, const Scope& scope) {
  const auto protocol = static_cast<std::size_t>(transaction.protocol);
  if (protocol >= Program::protocols || packet_passed_) return;
  const auto& rules = program_->by_protocol[protocol];
  const auto side = index(scope.direction);
  auto& memory = memory_of(transaction);
  views_.start(transaction, scope.direction);
  candidates_.clear();
  if (!settings_.prefilter) {
    for (const auto& signature : program_->signatures)
      if (signature.kind == RuleKind::transaction && (side == 0 ? signature.to_server : signature.to_client))
        candidates_.push_back(signature.rank);
  } else {
    scan_groups(rules, memory, scope);
    // Nothing more can come: what was found is in the rules' own progress.
    if (transaction.complete(scope.direction)) release_memory(memory.groups[side]);
    if (!memory.started[side])
      candidates_.insert(candidates_.end(), rules.always[side].begin(), rules.always[side].end());
  }
  memory.started[side] = true;
  for (const auto number : candidates_)
    memory.progress(number,
                    program_->signatures[number].transactional ? std::uint8_t{2} : static_cast<std::uint8_t>(side));
  for (auto& progress : memory.rules) {
    if (progress.done || (progress.side != 2 && progress.side != side)) continue;
    const Timed timed(counters_->rules[progress.rule], sampler_);
    inspect_rule(program_->signatures[progress.rule], progress, transaction, scope);
    if (packet_passed_) return;
  }
}

void SignatureDetector::scan_groups(const ProtocolRules& rules, TransactionMemory& memory, const Scope& scope) {
  const auto side = index(scope.direction);
  const auto& groups = rules.groups[side];
  auto& progress = memory.groups[side];
  if (progress.size() < groups.size()) progress.resize(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) scan_group(groups[i], progress[i], scope);
}

void SignatureDetector::scan_group(std::uint32_t group, TransactionMemory::GroupProgress& progress,
                                   const Scope& scope) {
  const auto& patterns = program_->groups[group].patterns[index(scope.direction)];
  const bool growing = views_.growing(group, scope.direction);
  while (const auto* view = views_.view(group, scope.direction, progress.instances)) {
    Bytes bytes = view->bytes;
    if (growing && progress.size != 0 && bytes.size() >= progress.size && program_->groups[group].transforms.empty()) {
      const std::size_t overlap = std::min<std::size_t>(progress.size, patterns.database.longest());
      bytes = bytes.subspan(progress.size - overlap);
    }
    add_rules(patterns, bytes);
    if (!view->complete) {
      progress.size = view->bytes.size();
      return;
    }
    progress.size = 0;
    ++progress.instances;
  }
}

void SignatureDetector::inspect_rule(const Signature& signature, TransactionMemory::RuleProgress& progress,
                                     Transaction& transaction, const Scope& scope) {
  const auto wanted = signature.protocol.application;
  const auto services = signature.protocol.services;
  const bool served = services == 0 || (services >> static_cast<unsigned>(transaction.protocol) & 1U) != 0;
  if (!served || (wanted != collectors::Protocol::unknown && !speaks(wanted, transaction.protocol))) {
    progress.done = true;
    return;
  }
  if (!header_fits(signature, scope) || !packet_tests_hold(signature, scope)) return;
  if (!scope.memory->conditions_hold(signature)) return;
  matcher_.start_rule(signature.variables);
  reasons_.clear();
  for (std::size_t i = 0; i < signature.chains.size(); ++i) {
    const auto bit = std::uint64_t{1} << (i % 64);
    if ((progress.matched & bit) != 0) continue;
    const auto result = match_chain(signature, signature.chains[i], transaction, scope);
    if (result == ChainResult::never && progress.side != 2) progress.done = true;
    if (result != ChainResult::yes) {
      // What matched so far is kept: its bytes may be gone when the rest arrives.
      if (!reasons_.empty()) {
        if (!progress.why) progress.why = std::make_unique<std::vector<Reason>>();
        for (auto& reason : reasons_) progress.why->push_back(std::move(reason));
      }
      return;
    }
    // Values read from one buffer serve the next: such rules start over each time.
    if (signature.variables == 0) progress.matched |= bit;
  }
  const bool again = signature.repeats && !transaction.complete(scope.direction);
  progress.done = !again;
  if (again) progress.matched = 0;
  if (progress.why) reasons_.insert(reasons_.begin(), progress.why->begin(), progress.why->end());
  matched(signature, scope, &transaction);
}

SignatureDetector::ChainResult SignatureDetector::match_chain(const Signature& signature, const Chain& chain,
                                                              const Transaction& transaction, const Scope& scope) {
  if (chain.source != Source::transaction) return match_payload_chain(chain, scope);
  const Direction direction = chain.side == BufferSide::both        ? scope.direction
                              : chain.side == BufferSide::to_server ? Direction::to_server
                                                                    : Direction::to_client;
  if (direction != scope.direction && !signature.transactional) return ChainResult::never;
  NumberSource number{&transaction, chain.buffer, direction, 0};
  if (const auto* count = std::get_if<CountTest>(&chain.tests.front())) {
    if (!views_.settled(chain.group, direction)) return ChainResult::no;
    while (views_.view(chain.group, direction, number.index) != nullptr) ++number.index;
    return count->range.holds(number.index) ? ChainResult::yes : ChainResult::never;
  }
  if (const auto* digest = std::get_if<DigestTest>(&chain.tests.front()))
    return match_digest(*digest, transaction, scope);
  const auto* counted = std::get_if<NumberTest>(&chain.tests.front());
  const bool numeric = counted != nullptr;
  if (numeric && counted->instance != NumberTest::any) return match_instance(chain, *counted, number, scope);
  if (chain.buffer == Buffer::none || numeric) {
    // Numbers and events have no bytes.
    const bool finished = transaction.complete(direction);
    for (; number.index < instances_most; ++number.index) {
      if (match_view(chain, BufferView{}, scope, number)) return ChainResult::yes;
      if (!numeric || !transaction.number_of(chain.buffer, direction, number.index)) break;
    }
    return finished ? ChainResult::never : ChainResult::no;
  }
  bool present = false;
  for (; number.index < instances_most; ++number.index) {
    const auto* view = views_.view(chain.group, direction, number.index);
    if (view == nullptr) break;
    present = true;
    if (!match_view(chain, *view, scope, number)) continue;
    describe_hits(chain, matcher_, view->bytes, view->start, direction, false, reasons_);
    return ChainResult::yes;
  }
  const bool settled = views_.settled(chain.group, direction);
  if (!present && settled && has_absent(chain)) return ChainResult::yes;
  return settled && views_.last_known(chain.group, direction) ? ChainResult::never : ChainResult::no;
}

// A number at one place of a list, or at each: told once the list is whole.
SignatureDetector::ChainResult SignatureDetector::match_instance(const Chain& chain, const NumberTest& test,
                                                                 NumberSource number, const Scope& scope) {
  const auto& transaction = *number.transaction;
  if (!transaction.complete(number.direction)) return ChainResult::no;
  std::uint32_t count = 0;
  while (count < instances_most && transaction.number_of(chain.buffer, number.direction, count)) ++count;
  const auto holds = [&](std::uint32_t at) {
    number.index = at;
    return match_view(chain, BufferView{}, scope, number);
  };
  if (test.instance == NumberTest::all) {
    for (std::uint32_t at = 0; at < count; ++at)
      if (!holds(at)) return ChainResult::never;
    return count != 0 ? ChainResult::yes : ChainResult::never;
  }
  const std::int64_t at = test.instance < 0 ? std::int64_t{count} + test.instance : test.instance;
  if (at < 0 || at >= count) return ChainResult::never;
  return holds(static_cast<std::uint32_t>(at)) ? ChainResult::yes : ChainResult::never;
}

// A rule with protocol buffers and payload: the stream at hand, or the datagram.
SignatureDetector::ChainResult SignatureDetector::match_payload_chain(const Chain& chain, const Scope& scope) {
  const bool tcp = scope.flow->transport == collectors::ip_protocol::tcp;
  BufferView view;
  if (chain.source == Source::payload && tcp) {
    const auto& window = scope.memory->stream[index(scope.direction)];
    view = BufferView{window.bytes, window.start, window.ended};
  } else if (chain.source == Source::source_address || chain.source == Source::destination_address) {
    // Of the side the transaction is looked at from: the packet at hand may be the other's.
    const bool source = chain.source == Source::source_address;
    const auto& end = scope.flow->side(source ? scope.direction : collectors::opposite(scope.direction));
    view = BufferView{end.address.bytes()};
  } else {
    const auto packet = scope.packet == nullptr ? std::nullopt : packet_buffer(chain.source, *scope.packet);
    if (!packet) return ChainResult::no;
    view = *packet;
  }
  if (!match_view(chain, view, scope)) return ChainResult::no;
  describe_hits(chain, matcher_, view.bytes, view.start, scope.direction, tcp, reasons_);
  return ChainResult::yes;
}

}  // namespace tocsin::rules::signature
