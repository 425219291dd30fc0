#pragma once
// Which file, and how far. Positions travel with the batch whose events they cover; whoever stores the batch stores
// them in the same transaction, and gives them back at start.

#include <cstdint>
#include <string>
#include <vector>

#include "collectors/base/digest.h"
#include "collectors/base/result.h"
#include "collectors/event/event.h"

namespace tocsin::collectors {

// A file as itself, whatever its name: inode numbers are used again, so birth time and the first bytes belong to it.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t birth = 0;       // nanoseconds; 0 where the file system does not know
  std::uint64_t head = 0;       // hash of the first `head_size` bytes
  std::uint32_t head_size = 0;  // at most head_most
  static constexpr std::uint32_t head_most = 1024;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct Position {
  std::string path;  // where it was last seen
  FileIdentity identity;
  std::uint64_t offset = 0;      // first byte not covered yet
  std::uint64_t generation = 0;  // times it was truncated
  Digest128 seed;                // of event ids; also the key to store it under
  bool finished = false;         // the file is gone or fully read after rotation: forget it
};

struct LogBatch {
  EventBatch events;
  std::vector<Position> positions;
};

// Implemented by the daemon's store and by tests.
class PositionStore {
 public:
  virtual ~PositionStore() = default;
  virtual Result<std::vector<Position>> load() = 0;
  virtual Result<void> save(const std::vector<Position>& positions) = 0;  // by seed; finished ones are removed
};

}  // namespace tocsin::collectors
