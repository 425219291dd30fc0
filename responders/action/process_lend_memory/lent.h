#pragma once
// Memory of a process on its way from the responder to who looks into it: two sealed files in memory
// (memfd_create(2)), the bytes and an index of where they were in the process. Any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/bytes.h"
#include "collectors/base/descriptor.h"
#include "collectors/base/result.h"
#include "responders/action/process_dump_maps/dump.h"
#include "responders/action/processes/processes.h"

namespace tocsin::responders {

inline constexpr std::uint64_t lent_bytes_most = 256ULL << 20U;
inline constexpr std::uint64_t index_bytes_most = 16ULL << 20U;

struct LentMapping {
  Mapping mapping;
  std::vector<DumpedRun> runs;
};
struct LentIndex {
  HostProcess process;  // pid, started, uid, name, executable
  std::vector<LentMapping> mappings;
  std::uint64_t bytes = 0;    // of the copy
  std::size_t left_out = 0;   // mappings worth looking at that were not copied, or not to their end
  std::uint64_t refused = 0;  // bytes that the kernel did not give
  std::string cut;            // why not all was copied; empty: it was
};

std::string render_index(const HostProcess& process, const Dump& dump, std::string_view cut);
// invalid: it is none, or speaks of bytes outside of `bytes` or of its own mappings.
Result<LentIndex> parse_index(std::string_view text, std::uint64_t bytes);

Result<OwnedDescriptor> make_memory_file(const char* name);
// From now on nobody can change it or its size.
Result<void> seal_memory_file(int file);

// Both, as they were handed over: mapped, not copied. invalid: they are not sealed, or do not belong together.
class LentMemory {
 public:
  static Result<LentMemory> open(OwnedDescriptor memory, OwnedDescriptor index);
  LentMemory(LentMemory&& other) noexcept;
  LentMemory& operator=(LentMemory&& other) noexcept;
  ~LentMemory();

  const LentIndex& index() const noexcept { return index_; }
  Bytes bytes(const DumpedRun& run) const noexcept {
    return {static_cast<const std::uint8_t*>(begin_) + run.offset, run.size};
  }

 private:
  LentMemory() = default;

  LentIndex index_;
  void* begin_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tocsin::responders
