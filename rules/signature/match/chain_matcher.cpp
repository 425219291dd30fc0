#include "rules/signature/match/chain_matcher.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

#include "collectors/packet/transaction.h"
#include "rules/signature/match/asn1.h"
#include "rules/signature/match/search.h"
#include "rules/signature/match/transform.h"
#include "rules/signature/state/dataset.h"

namespace tocsin::rules::signature {
namespace {

bool reached(const NumberSource& at, const ProgressTest& test) {
  if (at.transaction == nullptr) return false;
  return test.least == ProgressTest::complete ? at.transaction->complete(at.direction)
                                              : at.transaction->progress(at.direction) >= test.least;
}

std::uint64_t apply_mask(std::uint64_t value, const std::optional<std::uint32_t>& mask) noexcept {
  if (!mask) return value;
  value &= *mask;
  return value == 0 ? 0 : value >> std::countr_zero(*mask);
}

// strtoull over exactly these bytes.
std::optional<std::uint64_t> parse_text_number(Bytes bytes, int base) {
  char text[24] = {};
  const std::size_t size = std::min(bytes.size(), sizeof text - 1);
  std::ranges::copy(bytes.first(size), text);
  char* end = nullptr;
  const std::uint64_t value = std::strtoull(text, &end, base);
  if (end == text) return std::nullopt;
  return value;
}

}  // namespace

void ChainMatcher::start_rule(int variables) noexcept {
  for (int i = 0; i < variables && i < static_cast<int>(variables_most); ++i)
    variables_[static_cast<std::size_t>(i)] = 0;
}

std::int64_t ChainMatcher::value_of(const Operand& operand) const noexcept {
  return operand.variable < 0 ? operand.value
                              : static_cast<std::int64_t>(variables_[static_cast<std::size_t>(operand.variable)]);
}

bool ChainMatcher::match(const std::vector<Test>& tests, const BufferView& view, const NumberSource& number) {
  offset_ = 0;
  steps_ = 0;
  hits_.clear();
  captured_.clear();
  entropy_.reset();
  in_decoded_ = false;
  number_ = &number;
  return step(Run{tests, view, number}, 0) == Verdict::yes;
}

ChainMatcher::Verdict ChainMatcher::step(const Run& run, std::size_t at) {
  if (at >= run.tests.size()) return Verdict::yes;
  if (++steps_ > steps_most) {
    ++limited_;
    return Verdict::stop;
  }
  const auto on = [&](bool holds) { return holds ? next(run, at) : Verdict::no; };
  const auto& test = run.tests[at];
  const std::size_t hits = hits_.size();
  Verdict verdict = Verdict::no;
  if (const auto* c = std::get_if<ContentTest>(&test)) verdict = content(run, at, *c);
  else if (const auto* p = std::get_if<PcreTest>(&test)) verdict = pcre(run, at, *p);
  else if (const auto* d = std::get_if<DataAtTest>(&test)) verdict = data_at(run, at, *d);
  else if (const auto* t = std::get_if<ByteTest>(&test)) verdict = on(byte_test(run.view.bytes, *t));
  else if (const auto* j = std::get_if<ByteJump>(&test)) verdict = byte_jump(run, at, *j);
  else if (const auto* x = std::get_if<ByteExtract>(&test)) verdict = byte_extract(run, at, *x);
  else if (const auto* m = std::get_if<ByteMath>(&test)) verdict = byte_math(run, at, *m);
  else if (const auto* s = std::get_if<SizeTest>(&test)) verdict = size(run, at, *s);
  else if (const auto* a = std::get_if<AbsentTest>(&test)) verdict = on(a->or_else);  // the buffer is there
  else if (const auto* n = std::get_if<NumberTest>(&test)) verdict = on(number(run, *n));
  else if (const auto* e = std::get_if<EntropyTest>(&test)) verdict = on(entropy_holds(run.view.bytes, *e));
  else if (const auto* g = std::get_if<ProgressTest>(&test)) verdict = on(reached(run.number, *g));
  else if (const auto* v = std::get_if<EventTest>(&test))
    verdict = on(run.number.transaction != nullptr && run.number.transaction->events.test(v->event));
  else if (std::holds_alternative<DatasetTest>(test)) verdict = on(dataset(run, test));
  else if (const auto* r = std::get_if<Asn1Test>(&test)) verdict = on(asn1_holds(run.view.bytes, offset_, *r));
  else if (const auto* y = std::get_if<BerTest>(&test)) verdict = ber(run, at, *y);
  else if (const auto* b = std::get_if<std::shared_ptr<Base64Test>>(&test)) verdict = base64(run, at, **b);
  if (verdict != Verdict::yes) hits_.resize(hits);
  return verdict;
}

bool ChainMatcher::entropy_holds(Bytes bytes, const EntropyTest& test) {
  if (test.offset >= bytes.size()) return false;
  bytes = bytes.subspan(test.offset);
  if (test.bytes != 0) {
    if (test.bytes > bytes.size()) return false;
    bytes = bytes.first(test.bytes);
  }
  std::array<std::uint64_t, 256> counts{};
  for (const auto c : bytes) ++counts[c];
  double entropy = 0;
  for (const auto count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(bytes.size());
    entropy -= share * std::log2(share);
  }
  entropy_ = entropy;
  using Operator = EntropyTest::Operator;
  switch (test.operator_) {
    case Operator::less: return entropy < test.value;
    case Operator::less_equal: return entropy <= test.value;
    case Operator::greater: return entropy > test.value;
    case Operator::greater_equal: return entropy >= test.value;
    case Operator::equal: return std::abs(entropy - test.value) < 1e-9;
    case Operator::not_equal: return std::abs(entropy - test.value) >= 1e-9;
    case Operator::within: return entropy > test.value && entropy < test.high;
    case Operator::outside: return entropy <= test.value || entropy >= test.high;
  }
  return false;
}

void ChainMatcher::capture(const PcreTest& test, Bytes bytes) {
  for (const auto& wanted : test.captures)
    if (const auto span = test.regex->group(wanted.group, bytes.size(), regex_))
      captured_.push_back({&wanted, std::string(as_text(bytes.subspan(span->start, span->end - span->start)))});
}

bool ChainMatcher::dataset(const Run& run, const Test& any) {
  using Operation = DatasetTest::Operation;
  const auto& test = std::get<DatasetTest>(any);
  // Of a value that is still growing nothing can be said.
  if (!run.view.complete) return false;
  Hit hit{&any, run.view.start, run.view.bytes.size()};
  switch (test.operation) {
    case Operation::set:
      if (!test.set->add(run.view.bytes)) return false;
      break;
    case Operation::unset:
      if (!test.set->remove(run.view.bytes)) return false;
      break;
    case Operation::isnotset:
      if (test.set->find(run.view.bytes)) return false;
      break;
    case Operation::isset:
    case Operation::reputation: {
      auto entry = test.set->find(run.view.bytes);
      if (!entry) return false;
      if (test.operation == Operation::reputation && !test.range.holds(entry->reputation)) return false;
      hit.context = std::move(entry->context);
      break;
    }
  }
  hits_.push_back(std::move(hit));
  return true;
}

ChainMatcher::Window ChainMatcher::window(const ContentTest& test, const BufferView& view, std::size_t base) const {
  const auto size = static_cast<std::int64_t>(view.bytes.size());
  const auto start = static_cast<std::int64_t>(view.start);
  std::int64_t begin = 0;
  std::int64_t end = size;
  if (test.relative()) {
    const auto from = static_cast<std::int64_t>(base);
    const std::int64_t distance = test.distance ? value_of(*test.distance) : 0;
    begin = std::max<std::int64_t>(0, from + distance);
    if (test.within) end = std::min(end, from + distance + value_of(*test.within));
    if (test.depth) end = std::min(end, from + value_of(*test.depth));
    if (test.offset) begin = std::max(begin, value_of(*test.offset));
  } else {
    const std::int64_t offset = test.offset ? value_of(*test.offset) : 0;
    // Of a growing buffer, offset and depth count from its beginning, not from the part at hand.
    begin = std::max<std::int64_t>(0, offset - start);
    if (test.depth) end = std::min(end, offset + value_of(*test.depth) - start);
    if (test.starts_with) end = std::min(end, static_cast<std::int64_t>(test.pattern.size()) - start);
  }
  if (begin > end || end <= 0) return {false, 0, 0};
  return {true, static_cast<std::size_t>(begin), static_cast<std::size_t>(end)};
}

ChainMatcher::Verdict ChainMatcher::content(const Run& run, std::size_t at, const ContentTest& test) {
  const Bytes bytes = run.view.bytes;
  const std::size_t length = test.pattern.size();
  const std::size_t base = offset_;
  Window place = window(test, run.view, base);
  if (!place.possible) return test.negated ? next(run, at) : Verdict::no;
  while (true) {
    std::size_t found = not_found;
    const bool end_reachable = !test.ends_with || place.end == bytes.size();
    if (end_reachable && place.end >= place.begin + length) {
      // Only the last place can be at the end.
      const std::size_t from =
          test.ends_with && !test.negated ? std::max(place.begin, place.end - length) : place.begin;
      const Bytes part = bytes.subspan(from, place.end - from);
      found = test.nocase ? find_bytes_caseless(part, test.pattern) : find_bytes(part, test.pattern);
      if (found != not_found) found += from;
    }
    if (found == not_found) {
      if (test.negated) return next(run, at);
      return test.relative() ? Verdict::no : Verdict::stop;
    }
    const std::size_t end = found + length;
    if (test.negated) {
      if (!test.ends_with || end == bytes.size()) return Verdict::no;
      place.begin = found + 1;  // it may still be at the end
      continue;
    }
    offset_ = end;
    hits_.push_back({&run.tests[at], run.view.start + found, length, in_decoded_});
    const Verdict verdict = next(run, at);
    if (verdict != Verdict::no) return verdict;
    if (!test.relative_next) return Verdict::stop;
    hits_.pop_back();
    offset_ = base;
    place.begin = found + 1;
    if (++steps_ > steps_most) {
      ++limited_;
      return Verdict::stop;
    }
  }
}

ChainMatcher::Verdict ChainMatcher::pcre(const Run& run, std::size_t at, const PcreTest& test) {
  const std::size_t base = offset_;
  Bytes bytes = run.view.bytes;
  if (test.relative) {
    if (base > bytes.size()) return test.negated ? next(run, at) : Verdict::no;
    bytes = bytes.subspan(base);
  }
  const std::size_t shift = test.relative ? base : 0;
  std::size_t from = 0;
  while (true) {
    const auto found = test.regex->find(bytes, from, regex_);
    if (test.negated) return found ? Verdict::no : next(run, at);
    if (!found) return Verdict::no;
    offset_ = shift + found->end;
    hits_.push_back({&run.tests[at], run.view.start + shift + found->start, found->end - found->start, in_decoded_});
    const std::size_t captured = captured_.size();
    if (!test.captures.empty()) capture(test, bytes);
    const Verdict verdict = next(run, at);
    if (verdict != Verdict::no || !test.relative_next) return verdict;
    hits_.pop_back();
    captured_.resize(captured);
    offset_ = base;
    from = found->start + 1;
    if (++steps_ > steps_most) {
      ++limited_;
      return Verdict::stop;
    }
  }
}

ChainMatcher::Verdict ChainMatcher::data_at(const Run& run, std::size_t at, const DataAtTest& test) {
  const auto wanted = static_cast<std::uint64_t>(value_of(test.offset));
  const auto size = static_cast<std::uint64_t>(run.view.bytes.size());
  const bool there = test.relative ? offset_ <= size && wanted <= size - offset_ : wanted < size;
  return there != test.negated ? next(run, at) : Verdict::no;
}

bool ChainMatcher::dce_little() const {
  if (number_ == nullptr || number_->transaction == nullptr) return true;
  return number_->transaction->number_of(collectors::Buffer::dcerpc_little, number_->direction, 0).value_or(1) != 0;
}

std::optional<ChainMatcher::Extracted> ChainMatcher::extract(Bytes bytes, const ByteSource& from) const {
  const std::int64_t count = value_of(from.count);
  const std::int64_t start = value_of(from.offset) + (from.relative ? static_cast<std::int64_t>(offset_) : 0);
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (count < 0 || start < 0 || start > size || count > size - start) return std::nullopt;
  const Bytes part = bytes.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(count));
  Extracted out{0, static_cast<std::size_t>(start), static_cast<std::size_t>(start + count)};
  if (count == 0) return out;
  if (from.form == ByteForm::text) {
    const auto value = parse_text_number(part, from.base);
    if (!value) return std::nullopt;
    out.value = *value;
    return out;
  }
  if (count > 8) return std::nullopt;
  const bool little = from.dce ? dce_little() : from.little;
  for (std::size_t i = 0; i < part.size(); ++i)
    out.value = (out.value << 8) | (little ? part[part.size() - 1 - i] : part[i]);
  return out;
}

bool ChainMatcher::byte_test(Bytes bytes, const ByteTest& test) const {
  const auto read = extract(bytes, test.from);
  if (!read || read->end == read->start) return false;
  const std::uint64_t have = apply_mask(read->value, test.from.bitmask);
  const auto want = static_cast<std::uint64_t>(value_of(test.value));
  using Operator = ByteTest::Operator;
  bool holds = false;
  switch (test.operator_) {
    case Operator::less: holds = have < want; break;
    case Operator::greater: holds = have > want; break;
    case Operator::equal: holds = have == want; break;
    case Operator::less_equal: holds = have <= want; break;
    case Operator::greater_equal: holds = have >= want; break;
    case Operator::and_: holds = (have & want) != 0; break;
    case Operator::or_: holds = (have ^ want) != 0; break;
  }
  return holds != test.negated;
}

ChainMatcher::Verdict ChainMatcher::byte_jump(const Run& run, std::size_t at, const ByteJump& test) {
  const auto read = extract(run.view.bytes, test.from);
  if (!read) return Verdict::no;
  std::uint64_t value = apply_mask(read->value, test.from.bitmask) * static_cast<std::uint64_t>(test.multiplier);
  if (test.align && value % 4 != 0) value += 4 - value % 4;
  const auto size = static_cast<std::int64_t>(run.view.bytes.size());
  // Anything this large is outside every buffer; the cap keeps the sums below from overflowing.
  if (value > (1ULL << 40)) return Verdict::no;
  std::int64_t jump = static_cast<std::int64_t>(value);
  jump += test.post_offset_variable < 0 ? test.post_offset : value_of(Operand{0, test.post_offset_variable});
  std::int64_t target = jump;
  if (test.from_end) target = size + jump;
  else if (!test.from_beginning) target = static_cast<std::int64_t>(read->end) + jump;
  target = std::max<std::int64_t>(target, 0);  // before the start means the start
  if (target > size) return Verdict::no;
  const std::size_t before = offset_;
  offset_ = static_cast<std::size_t>(target);
  const Verdict verdict = next(run, at);
  if (verdict != Verdict::yes) offset_ = before;
  return verdict;
}

ChainMatcher::Verdict ChainMatcher::byte_extract(const Run& run, std::size_t at, const ByteExtract& test) {
  const auto read = extract(run.view.bytes, test.from);
  if (!read) return Verdict::no;
  std::uint64_t value = apply_mask(read->value, test.from.bitmask) * static_cast<std::uint64_t>(test.multiplier);
  const auto align = static_cast<std::uint64_t>(test.align);
  if (align != 0 && value % align != 0) value += align - value % align;
  variables_[static_cast<std::size_t>(test.variable)] = value;
  offset_ = read->end;
  return next(run, at);
}

ChainMatcher::Verdict ChainMatcher::byte_math(const Run& run, std::size_t at, const ByteMath& test) {
  const auto read = extract(run.view.bytes, test.from);
  if (!read) return Verdict::no;
  std::uint64_t value = read->value;
  const auto right = static_cast<std::uint64_t>(value_of(test.value));
  using Operator = ByteMath::Operator;
  switch (test.operator_) {
    case Operator::add: value += right; break;
    case Operator::subtract: value -= right; break;
    case Operator::multiply: value *= right; break;
    case Operator::divide:
      if (right == 0) return Verdict::no;
      value /= right;
      break;
    case Operator::shift_left: value = right < 64 ? value << right : 0; break;
    case Operator::shift_right: value = right < 64 ? value >> right : 0; break;
  }
  variables_[static_cast<std::size_t>(test.variable)] = apply_mask(value, test.from.bitmask);
  offset_ = read->end;
  return next(run, at);
}

ChainMatcher::Verdict ChainMatcher::ber(const Run& run, std::size_t at, const BerTest& test) {
  const auto element = read_ber(run.view.bytes, offset_);
  if (!element) return Verdict::no;
  if (element->type != test.type) return test.optional ? next(run, at) : Verdict::no;
  const std::size_t before = offset_;
  const std::size_t target = test.skip ? element->end : element->content;
  if (target > run.view.bytes.size()) return Verdict::no;
  offset_ = target;
  const Verdict verdict = next(run, at);
  if (verdict != Verdict::yes) offset_ = before;
  return verdict;
}

ChainMatcher::Verdict ChainMatcher::size(const Run& run, std::size_t at, const SizeTest& test) {
  const auto have = static_cast<std::int64_t>(run.view.start + run.view.bytes.size());
  if (!test.range.holds(have)) return run.view.complete ? Verdict::stop : Verdict::no;
  // "less than" and "equal" are only certain once nothing more comes.
  using RangeKind = NumberRange::Kind;
  const bool certain =
      run.view.complete || test.range.kind == RangeKind::greater || test.range.kind == RangeKind::greater_equal;
  return certain ? next(run, at) : Verdict::no;
}

bool ChainMatcher::number(const Run& run, const NumberTest& test) const {
  if (run.number.transaction == nullptr) return false;
  const auto value = run.number.transaction->number_of(run.number.buffer, run.number.direction, run.number.index);
  if (!value) return false;
  const auto holds = [&](const NumberRange& range) { return range.holds(static_cast<std::int64_t>(*value)); };
  return holds(test.range) || std::ranges::any_of(test.others, holds);
}

ChainMatcher::Verdict ChainMatcher::base64(const Run& run, std::size_t at, const Base64Test& test) {
  const std::size_t start = (test.relative ? offset_ : 0) + test.offset;
  if (in_decoded_ || start >= run.view.bytes.size()) return Verdict::no;
  Bytes part = run.view.bytes.subspan(start);
  if (test.bytes != 0) part = part.first(std::min<std::size_t>(part.size(), test.bytes));
  decoded_.clear();
  decode_base64(part, false, 65'536, decoded_);
  if (decoded_.empty()) return Verdict::no;
  if (!test.has_data) return next(run, at);
  const BufferView view{decoded_, 0, true};
  const std::size_t before = offset_;
  offset_ = 0;
  in_decoded_ = true;
  const Verdict verdict = step(Run{test.data, view, run.number}, 0);
  in_decoded_ = false;
  offset_ = before;
  if (verdict != Verdict::yes) return Verdict::no;
  return next(run, at);
}

}  // namespace tocsin::rules::signature
