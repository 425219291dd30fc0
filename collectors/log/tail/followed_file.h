#pragma once
// One open file of a tail: its descriptor, identity, place and decoder.

#include <memory>
#include <optional>

#include "collectors/base/byte_source.h"
#include "collectors/base/descriptor.h"
#include "collectors/log/line/line_decoder.h"
#include "collectors/log/line/line_splitter.h"
#include "collectors/log/tail/position.h"

namespace tocsin::collectors {

struct FileFacts {
  FileIdentity identity;  // head not filled
  std::uint64_t size = 0;
  std::int64_t modified = 0;
  bool regular = false;
};
Result<FileFacts> read_facts(int descriptor);
// Hash of the first min(size, head_most) bytes, or of exactly `length` bytes; false when fewer can be read.
bool read_head(int descriptor, std::uint32_t length, FileIdentity& identity);
// The same over what a compressed file inflates to.
bool read_inflated_head(int descriptor, std::uint32_t length, FileIdentity& identity);

class FollowedFile {
 public:
  FollowedFile(OwnedDescriptor descriptor, Position position, std::size_t longest, LineDecoder decoder);

  const Position& position() const noexcept { return position_; }
  Position& position() noexcept { return position_; }
  LineDecoder& decoder() noexcept { return decoder_; }
  const LineSplitter& splitter() const noexcept { return splitter_; }
  int descriptor() const noexcept { return descriptor_.get(); }

  // The name now leads to another file: read to the end, then done.
  void rotated() noexcept { rotated_ = true; }
  bool is_rotated() const noexcept { return rotated_; }
  // Compressed: bytes come through an inflater, from the saved offset on.
  void compressed();

  struct Turn {
    bool added = false;
    bool done = false;  // rotated and fully read
    std::uint64_t lines = 0, bytes = 0, broken = 0;
    bool truncated = false;
  };
  // Reads at most one chunk and decodes until the batch has no more room.
  Turn read(EventBatch& events, Time now, std::span<std::uint8_t> buffer);
  // There are bytes that were not read: one call to the kernel.
  bool grown() const noexcept;
  // Copied and truncated, then grown again beyond our place: its first bytes tell.
  bool head_changed();
  void restart();
  // What must be stored for the events given so far.
  Position checkpoint() const;

 private:
  bool decode_pending(EventBatch& events, Time now, Turn& turn);
  std::size_t fetch(std::span<std::uint8_t> buffer, Turn& turn);

  OwnedDescriptor descriptor_;
  Position position_;      // offset: end of the last line decoded
  std::uint64_t read_at_;  // next byte to read
  LineSplitter splitter_;
  LineDecoder decoder_;
  std::unique_ptr<ByteSource> inflated_;  // of a compressed file
  std::uint64_t skip_ = 0;                // inflated bytes that were covered before
  int quiet_turns_ = 0;
  bool rotated_ = false;
  bool drained_ = false;
};

}  // namespace tocsin::collectors
