#pragma once
// Evaluates a chain of tests over one buffer with Suricata's semantics: contents in the order written, places relative
// to the last match, other places of an earlier content tried when a relative one fails. Work is bounded by a step
// limit per buffer. One per worker.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/packet/transaction.h"
#include "rules/signature/compile/signature.h"
#include "rules/signature/match/regex.h"

namespace tocsin::rules::signature {

// A buffer, or the part of a growing one that is at hand.
struct BufferView {
  Bytes bytes;
  std::uint64_t start = 0;  // offset of bytes[0] in the whole
  bool complete = true;     // no more will come
};

// Where a test matched; kept for the alert's reasons.
struct Hit {
  const Test* test = nullptr;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool decoded = false;                             // in base64_data: offset counts there
  std::shared_ptr<const std::string> context = {};  // of a data set's entry
};

// Numbers of a transaction that tests compare; see collectors::Transaction::number_of.
struct NumberSource {
  const collectors::Transaction* transaction = nullptr;
  collectors::Buffer buffer = collectors::Buffer::none;
  collectors::Direction direction = collectors::Direction::to_server;
  std::uint32_t index = 0;
};

class ChainMatcher {
 public:
  static constexpr std::uint32_t steps_most = 3'000;
  static constexpr std::size_t variables_most = 64;

  bool match(const std::vector<Test>& tests, const BufferView& view, const NumberSource& number = {});
  // Of the last match that succeeded; order of the tests.
  const std::vector<Hit>& hits() const noexcept { return hits_; }
  // What pcre captured in the last match that succeeded.
  struct Captured {
    const PcreTest::Capture* capture = nullptr;
    std::string value;
  };
  const std::vector<Captured>& captured() const noexcept { return captured_; }
  // Calculated in the last match, whether it succeeded or not.
  const std::optional<double>& entropy() const noexcept { return entropy_; }
  // Values of byte_extract and byte_math live on across the chains of one rule.
  void start_rule(int variables) noexcept;
  RegexScratch& regex_scratch() noexcept { return regex_; }
  std::uint64_t limited() const noexcept { return limited_ + regex_.limited(); }

 private:
  // stop: no other place of an earlier content can help.
  enum class Verdict : std::uint8_t { no, yes, stop };
  struct Run {
    const std::vector<Test>& tests;
    const BufferView& view;
    const NumberSource& number;
  };

  Verdict step(const Run& run, std::size_t at);
  Verdict next(const Run& run, std::size_t at) { return step(run, at + 1); }
  Verdict content(const Run& run, std::size_t at, const ContentTest& test);
  Verdict pcre(const Run& run, std::size_t at, const PcreTest& test);
  Verdict data_at(const Run& run, std::size_t at, const DataAtTest& test);
  Verdict byte_jump(const Run& run, std::size_t at, const ByteJump& test);
  Verdict byte_extract(const Run& run, std::size_t at, const ByteExtract& test);
  Verdict byte_math(const Run& run, std::size_t at, const ByteMath& test);
  Verdict ber(const Run& run, std::size_t at, const BerTest& test);
  Verdict size(const Run& run, std::size_t at, const SizeTest& test);
  Verdict base64(const Run& run, std::size_t at, const Base64Test& test);
  bool dataset(const Run& run, const Test& test);
  bool byte_test(Bytes bytes, const ByteTest& test) const;
  bool entropy_holds(Bytes bytes, const EntropyTest& test);
  void capture(const PcreTest& test, Bytes bytes);
  bool number(const Run& run, const NumberTest& test) const;

  struct Window {
    bool possible;
    std::size_t begin;
    std::size_t end;
  };
  Window window(const ContentTest& test, const BufferView& view, std::size_t base) const;
  std::int64_t value_of(const Operand& operand) const noexcept;
  // The number read, and where reading ended.
  struct Extracted {
    std::uint64_t value;
    std::size_t start;
    std::size_t end;
  };
  std::optional<Extracted> extract(Bytes bytes, const ByteSource& from) const;
  bool dce_little() const;

  RegexScratch regex_;
  std::size_t offset_ = 0;  // end of the last match
  std::uint32_t steps_ = 0;
  std::array<std::uint64_t, variables_most> variables_{};
  std::vector<Hit> hits_;
  std::vector<Captured> captured_;
  std::optional<double> entropy_;
  std::vector<std::uint8_t> decoded_;
  bool in_decoded_ = false;
  const NumberSource* number_ = nullptr;  // of the match under way
  std::uint64_t limited_ = 0;
};

}  // namespace tocsin::rules::signature
