#include "collectors/log/evtx/chunk_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "collectors/log/evtx/protocol.h"

namespace tocsin::collectors {

namespace {

constexpr std::string_view file_signature("ElfFile\0", 8);
constexpr std::string_view chunk_signature("ElfChnk\0", 8);
constexpr std::uint64_t file_header_bytes = 4096;
constexpr std::size_t chunk_header_bytes = 40;  // as much of it as is looked at
constexpr std::size_t flags_place = 120;
constexpr std::uint32_t dirty_flag = 1;
constexpr std::size_t chunks_most = 1U << 20;  // 64 GiB

// As much of `into` as the file has.
Result<std::size_t> read_at(int descriptor, std::uint64_t offset, std::span<std::uint8_t> into) {
  std::size_t have = 0;
  while (have < into.size()) {
    const auto got = ::pread(descriptor, into.data() + have, into.size() - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read", errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

}  // namespace

bool is_evtx(Bytes head) noexcept {
  const auto text = as_text(head);
  return text.starts_with(file_signature) || text.starts_with(chunk_signature);
}

Result<EvtxChunkFile> EvtxChunkFile::open(OwnedDescriptor descriptor, const std::string& name) {
  EvtxChunkFile file;
  file.descriptor_ = std::move(descriptor);
  struct stat status{};
  if (::fstat(file.descriptor_.get(), &status) != 0) return fail_errno("cannot look at " + name, errno);
  file.size_ = static_cast<std::uint64_t>(std::max<off_t>(0, status.st_size));
  std::array<std::uint8_t, 128> head{};
  TOCSIN_TRY(const auto have, read_at(file.descriptor_.get(), 0, head));
  const Bytes bytes(head.data(), have);
  if (!is_evtx(bytes))
    return fail(Code::invalid, name +
                                   " is no Windows event log (EVTX): it does not begin with ElfFile; check how it "
                                   "was copied, or leave its kind to its content");
  const bool whole = as_text(bytes).starts_with(file_signature);
  ByteReader reader(bytes);
  reader.seek(std::min(flags_place, bytes.size()));
  file.dirty_ = whole && (reader.u32_little() & dirty_flag) != 0;
  TOCSIN_CHECK(file.scan(whole ? file_header_bytes : 0));
  return file;
}

Result<void> EvtxChunkFile::scan(std::uint64_t begin) {
  std::array<std::uint8_t, chunk_header_bytes> head{};
  for (auto offset = begin; offset < size_ && chunks_.size() < chunks_most; offset += evtx_chunk_bytes) {
    head.fill(0);
    TOCSIN_TRY(const auto have, read_at(descriptor_.get(), offset, head));
    if (have < head.size() || !as_text(head).starts_with(chunk_signature)) {
      if (std::ranges::any_of(head, [](std::uint8_t b) { return b != 0; })) ++damaged_;
      continue;
    }
    ByteReader reader{Bytes(head)};
    reader.seek(24);
    EvtxChunk chunk{.offset = offset};
    chunk.first_record = reader.u64_little();
    chunk.last_record = reader.u64_little();
    cut_ = cut_ || size_ - offset < evtx_chunk_bytes;
    chunks_.push_back(chunk);
  }
  std::ranges::stable_sort(chunks_, {}, &EvtxChunk::first_record);
  return {};
}

Result<void> EvtxChunkFile::read(const EvtxChunk& chunk, std::vector<std::uint8_t>& into) const {
  into.assign(evtx_chunk_bytes, 0);
  TOCSIN_TRY(const auto have, read_at(descriptor_.get(), chunk.offset, into));
  if (have == 0) return fail(Code::failure, "the file became shorter while it was read");
  return {};
}

}  // namespace tocsin::collectors
