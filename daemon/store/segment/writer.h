#pragma once
// Appends events of one class to segment files. Events are gathered into blocks; `flush` makes them durable and gives
// the rows a checkpoint commits. At open, what a crash left behind is cut off: a class of durable sources goes back to
// its committed length (what lies beyond is read again), a class of volatile sources keeps every intact frame.
//
// One thread (casework). When the disk is full nothing of the file is lost: the block waits in memory and what comes
// after it is dropped and counted. A failed fsync ends that segment for good: the kernel may have forgotten what we
// wrote, so the file is left as it is and a new one begins.

#include <array>
#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/event/event.h"
#include "daemon/store/records.h"
#include "daemon/store/segment/frame.h"

namespace tocsin::daemon {

enum class SegmentTail : std::uint8_t { committed, intact };

struct SegmentOptions {
  std::string event_class = "log";  // lower-case letters: it is part of the file's name
  SegmentTail tail = SegmentTail::committed;
  std::size_t block_bytes = 256 * 1024;
  std::size_t block_events = 4096;
  std::uint64_t segment_bytes = 64ULL << 20;
  Duration segment_age = std::chrono::hours(1);  // from first to last event
  std::size_t keys_most = 200'000;               // per kind; beyond it the filter says "maybe" to all
};

class SegmentWriter {
 public:
  // `known`: the rows of this class as the last checkpoint committed them.
  static Result<std::unique_ptr<SegmentWriter>> open(std::filesystem::path directory, SegmentOptions options,
                                                     std::span<const SegmentRow> known);
  ~SegmentWriter();
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  Result<void> append(const Event& event, const FieldNames& names);
  // On disk when it returns. The rows that changed since the last flush. After an error the checkpoint must not move
  // the positions of this class's sources.
  Result<std::vector<SegmentRow>> flush();
  // Deletes sealed segments, oldest first: those that ended before `keep_since`, then until all hold at most `bytes`.
  // The numbers deleted; the caller drops their rows.
  std::vector<std::uint64_t> retain(Time keep_since, std::uint64_t bytes);
  std::uint64_t dropped() const noexcept { return dropped_; }
  // What opening found: "log-00000003.seg: 512 bytes after the last checkpoint cut off".
  const std::vector<std::string>& remarks() const noexcept { return remarks_; }
  void forget_remarks() { remarks_.clear(); }

 private:
  SegmentWriter(std::filesystem::path directory, SegmentOptions options)
      : directory_(std::move(directory)), options_(std::move(options)) {}
  Result<void> recover(std::span<const SegmentRow> known);
  Result<void> resume(std::uint64_t number, std::uint64_t bytes);
  Result<void> start_file();
  Result<void> write_block();
  Result<void> write(std::string_view bytes);
  Result<void> sync();
  Result<void> seal();
  Result<void> abandon(std::string what, int cause);
  void note_keys(const Event& event, const FieldNames& names);
  void note_key(KeyKind kind, std::string_view text);
  Filters filters() const;
  std::filesystem::path path(std::uint64_t number) const;

  const std::filesystem::path directory_;
  const SegmentOptions options_;
  std::vector<std::string> remarks_;
  int descriptor_ = -1;
  std::uint64_t next_number_ = 1;
  SegmentRow row_;  // of the open file
  bool changed_ = false;
  std::vector<SegmentRow> finished_;  // sealed or failed since the last flush
  std::string lines_;                 // of the block being gathered
  std::uint32_t pending_ = 0;
  Time first_{};
  Time last_{};
  std::array<std::set<std::uint64_t>, key_kinds> keys_;
  std::array<bool, key_kinds> too_many_{};
  bool full_ = false;  // the disk refused the pending block; only `flush` tries again
  std::uint64_t dropped_ = 0;
};

}  // namespace tocsin::daemon
