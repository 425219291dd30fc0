#pragma once
// Follows the files of one glob: new ones, rotated ones (renamed, copied and truncated, compressed while we were down),
// truncated ones. At least once: after a crash it reads again from the last stored positions, and the same bytes give
// the same event ids. One owner, one thread; it polls, callers wait up to 250 ms between turns that gave nothing,
// shorter when a file has grown.

#include <memory>
#include <string>
#include <vector>

#include "collectors/log/line/line_decoder.h"
#include "collectors/log/line/line_splitter.h"
#include "collectors/log/tail/file_opener.h"
#include "collectors/log/tail/position.h"

namespace tocsin::collectors {

enum class StartAt : std::uint8_t { beginning, end };

struct TailOptions {
  std::string glob;
  LineSource source;                      // `name` is replaced by "file:" and the path
  StartAt start_at = StartAt::beginning;  // of files that exist at the first turn and have no position
  std::size_t files_most = 1024;
  std::size_t line_most = collectors::line_most;
  Duration scan_every = std::chrono::seconds{1};
};

struct TailCounts {
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  std::uint64_t broken = 0;
  std::uint64_t truncated_lines = 0;
  std::uint64_t skipped_bytes = 0;  // of lines longer than the limit
  std::uint64_t rotations = 0;
  std::uint64_t truncations = 0;
  std::uint64_t caught_up_files = 0;  // rotated while we were down
  std::uint64_t lost_files = 0;       // rotated while we were down and not found again: a gap
  std::uint64_t refused_files = 0;    // not regular, not readable, or beyond files_most
};

class FileTail {
 public:
  FileTail(FileOpener& opener, TailOptions options, std::shared_ptr<const DecoderSet> decoders, FieldNames& names,
           std::vector<Position> known);
  ~FileTail();
  FileTail(FileTail&&) noexcept;

  // One turn: looks for files when due, reads what is there, until the batch is nearly full. True when anything was
  // added. Single files that fail are counted and tried again; only a failing glob is an error.
  Result<bool> poll(LogBatch& batch, Time now);
  // A followed file has bytes that were not read: the next poll need not be waited for. One call to the kernel a file.
  bool grown() const noexcept;
  TailCounts counts() const noexcept;
  std::size_t open_files() const noexcept;
  void use(std::shared_ptr<const DecoderSet> decoders);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::collectors
