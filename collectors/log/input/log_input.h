#pragma once
// Reading a recorded log from its start to its end, as `tocsin replay` and catch-up do: inflate, split, decode.
//
//   auto input = LogInput::open(source_from_descriptor(fd, DescriptorOwner::source), options, decoders, names);
//   while (true) { EventBatch batch; auto more = input->next(batch); if (!more || !*more) break; … }
//
// One owner, one thread. Event ids depend on content, offset and host only: the same file gives the same ids each time.

#include <memory>
#include <optional>
#include <string>

#include "collectors/base/byte_source.h"
#include "collectors/base/result.h"
#include "collectors/log/line/line_decoder.h"
#include "collectors/log/line/line_splitter.h"

namespace tocsin::collectors {

struct LogInputOptions {
  std::string name;  // "file:auth.log"
  LogKind kind = LogKind::automatic;
  std::string host;     // of every event; empty: what the lines say
  std::string program;  // whose lines these are, where they do not say so themselves
  TimeZone zone;        // of stamps without offset
  int year = 0;         // of the first line without a year; 0: by read_at
  Time read_at{};       // ingested time and reference for years; zero: events' own time
  Masking masking = Masking::on;
  Exercise exercise = Exercise::no;
  std::size_t line_most = collectors::line_most;
};

struct LogInputCounts {
  std::uint64_t lines = 0;      // or JSON documents
  std::uint64_t broken = 0;     // kept whole as generic events
  std::uint64_t truncated = 0;  // longer than the limit
  std::uint64_t masked = 0;     // secrets
};

class LogInput {
 public:
  // Reads the first bytes, inflated when they are gzip or zstd. invalid: no kind was named and the content is no text
  // (binary data, UTF-16).
  static Result<LogInput> open(std::unique_ptr<ByteSource> source, LogInputOptions options,
                               std::shared_ptr<const DecoderSet> decoders, FieldNames& names);
  ~LogInput();
  LogInput(LogInput&&) noexcept;
  LogInput& operator=(LogInput&&) noexcept;

  // Adds events until the batch is nearly full or the input ends. False: the input has ended and nothing was added.
  // After an error (damaged compression, read failure) everything before it has been given.
  Result<bool> next(EventBatch& batch);
  LogKind kind() const noexcept;
  LogInputCounts counts() const noexcept;

 private:
  LogInput();
  struct State;
  std::unique_ptr<State> state_;
};

// What the first bytes (inflated) of a file look like; nothing for binary data.
std::optional<LogKind> guess_kind(Bytes head) noexcept;

}  // namespace tocsin::collectors
