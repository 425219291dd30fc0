#pragma once
// The chunks of an EVTX file: 64 KiB each, whole in themselves (names and templates lie in them). Only their places and
// the numbers of their records are read here; what is in them is for the confined process (reader_process.h). Works
// without a good file header: a log that was copied from a running machine (dirty), cut short, or carved. One owner.

#include <cstdint>
#include <string>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/descriptor.h"
#include "collectors/base/result.h"

namespace tocsin::collectors {

struct EvtxChunk {
  std::uint64_t offset = 0;        // in the file
  std::uint64_t first_record = 0;  // EventRecordIDs that it says it has
  std::uint64_t last_record = 0;
};

class EvtxChunkFile {
 public:
  // Does not move the descriptor's own offset. invalid: it begins neither as a log nor as a chunk of one.
  static Result<EvtxChunkFile> open(OwnedDescriptor descriptor, const std::string& name);

  // In the order of their records: a log that went round begins in the middle of its file.
  const std::vector<EvtxChunk>& chunks() const noexcept { return chunks_; }
  // Places of a chunk's size that hold none and are not empty: overwritten or damaged.
  std::uint64_t damaged() const noexcept { return damaged_; }
  bool dirty() const noexcept { return dirty_; }  // not closed by the service that wrote it
  // The file ends before the last chunk does.
  bool cut() const noexcept { return cut_; }
  // A whole chunk, zeros behind the end of the file.
  Result<void> read(const EvtxChunk& chunk, std::vector<std::uint8_t>& into) const;

 private:
  Result<void> scan(std::uint64_t begin);

  OwnedDescriptor descriptor_;
  std::uint64_t size_ = 0;
  std::vector<EvtxChunk> chunks_;
  std::uint64_t damaged_ = 0;
  bool dirty_ = false;
  bool cut_ = false;
};

// By the first bytes of a file.
bool is_evtx(Bytes head) noexcept;

}  // namespace tocsin::collectors
