#include "collectors/log/tail/followed_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace tocsin::collectors {

namespace {
// A writer may still hold the old file for a moment after the rename.
constexpr int grace_turns = 4;
// Looked through for the header of a table when reading goes on within a file.
constexpr std::size_t resume_most = 64 * 1024;

// Reads the descriptor from `at` on, which moves along and must outlive the source.
std::unique_ptr<ByteSource> inflating_from(int descriptor, std::uint64_t& at) {
  auto read = [descriptor, &at](std::span<std::uint8_t> out) -> Result<std::size_t> {
    const auto n = ::pread(descriptor, out.data(), out.size(), static_cast<off_t>(at));
    if (n < 0) return fail_errno("cannot read a rotated log", errno);
    at += static_cast<std::uint64_t>(n);
    return static_cast<std::size_t>(n);
  };
  return inflating_source(source_from_callback(std::move(read)), inflated_any);
}
}  // namespace

Result<FileFacts> read_facts(int descriptor) {
  struct statx s{};
  if (::statx(descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &s) != 0)
    return fail_errno("cannot examine a log file", errno);
  FileFacts facts;
  facts.identity.device = (std::uint64_t{s.stx_dev_major} << 32) | s.stx_dev_minor;
  facts.identity.inode = s.stx_ino;
  if ((s.stx_mask & STATX_BTIME) != 0) facts.identity.birth = s.stx_btime.tv_sec * 1000000000 + s.stx_btime.tv_nsec;
  facts.size = s.stx_size;
  facts.modified = s.stx_mtime.tv_sec * 1000000000 + s.stx_mtime.tv_nsec;
  facts.regular = S_ISREG(s.stx_mode);
  return facts;
}

bool read_head(int descriptor, std::uint32_t length, FileIdentity& identity) {
  std::array<std::uint8_t, FileIdentity::head_most> bytes{};
  const std::uint32_t wanted = length == 0 ? FileIdentity::head_most : length;
  std::uint32_t have = 0;
  while (have < wanted) {
    const auto n = ::pread(descriptor, bytes.data() + have, wanted - have, have);
    if (n <= 0) break;
    have += static_cast<std::uint32_t>(n);
  }
  identity.head = hash64(Bytes(bytes.data(), have));
  identity.head_size = have;
  return length == 0 || have == length;
}

bool read_inflated_head(int descriptor, std::uint32_t length, FileIdentity& identity) {
  std::array<std::uint8_t, FileIdentity::head_most> bytes{};
  std::uint64_t at = 0;
  const auto inflated = inflating_from(descriptor, at);
  std::uint32_t have = 0;
  while (have < length) {
    const auto n = inflated->read(std::span(bytes).subspan(have, length - have));
    if (!n || *n == 0) break;
    have += static_cast<std::uint32_t>(*n);
  }
  identity.head = hash64(Bytes(bytes.data(), have));
  identity.head_size = have;
  return have == length;
}

FollowedFile::FollowedFile(OwnedDescriptor descriptor, Position position, std::size_t longest, LineDecoder decoder)
    : descriptor_(std::move(descriptor)),
      position_(std::move(position)),
      read_at_(position_.offset),
      splitter_(longest, position_.offset),
      decoder_(std::move(decoder)) {
  if (position_.offset == 0) return;
  std::string head(resume_most, '\0');
  std::string before(static_cast<std::size_t>(std::min<std::uint64_t>(position_.offset, resume_most)), '\0');
  const auto read = [&](std::string& into, std::uint64_t at) {
    const auto n = ::pread(descriptor_.get(), into.data(), into.size(), static_cast<off_t>(at));
    into.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  };
  read(head, 0);
  read(before, position_.offset - before.size());
  decoder_.resume(head, before);
}

void FollowedFile::compressed() {
  skip_ = position_.offset;
  read_at_ = 0;
  inflated_ = inflating_from(descriptor_.get(), read_at_);
  if (skip_ == 0) return;
  std::vector<std::uint8_t> head(resume_most);
  std::uint64_t at = 0;
  const auto source = inflating_from(descriptor_.get(), at);
  std::size_t have = 0;
  while (have < head.size()) {
    const auto n = source->read(std::span(head).subspan(have));
    if (!n || *n == 0) break;
    have += *n;
  }
  decoder_.resume(as_text(Bytes(head.data(), have)), {});
}

void FollowedFile::restart() {
  position_.offset = 0;
  ++position_.generation;
  read_at_ = 0;
  splitter_.restart(0);
  read_head(descriptor_.get(), 0, position_.identity);
}

bool FollowedFile::head_changed() {
  if (inflated_ || position_.identity.head_size == 0) {
    if (!inflated_) read_head(descriptor_.get(), 0, position_.identity);
    return false;
  }
  FileIdentity now = position_.identity;
  if (!read_head(descriptor_.get(), position_.identity.head_size, now)) return true;
  if (now.head != position_.identity.head) return true;
  if (now.head_size < FileIdentity::head_most) read_head(descriptor_.get(), 0, position_.identity);  // it grew
  return false;
}

std::size_t FollowedFile::fetch(std::span<std::uint8_t> buffer, Turn& turn) {
  if (inflated_) {
    const auto n = inflated_->read(buffer);
    if (!n || *n == 0) return 0;  // damaged data ends the file; what was whole is kept
    const auto skipped = std::min<std::uint64_t>(skip_, *n);
    skip_ -= skipped;
    splitter_.feed(buffer.subspan(skipped, *n - skipped));
    return *n;
  }
  const auto facts = read_facts(descriptor_.get());
  if (facts && facts->size < read_at_) {
    restart();
    turn.truncated = true;
  }
  const auto n = ::pread(descriptor_.get(), buffer.data(), buffer.size(), static_cast<off_t>(read_at_));
  if (n <= 0) return 0;
  const auto count = static_cast<std::size_t>(n);
  read_at_ += count;
  splitter_.feed(buffer.subspan(0, count));
  return count;
}

bool FollowedFile::grown() const noexcept {
  struct stat now{};
  return !inflated_ && ::fstat(descriptor_.get(), &now) == 0 && static_cast<std::uint64_t>(now.st_size) != read_at_;
}

// False when the batch is full.
bool FollowedFile::decode_pending(EventBatch& events, Time now, Turn& turn) {
  EventBuilder builder(events);
  RawLine line;
  for (;;) {
    if (events.size() + LineDecoder::events_most > EventBatch::most_events) return false;
    if (!(drained_ ? splitter_.last(line) : splitter_.next(line))) return true;
    position_.offset = line.end;
    if (line.text.empty()) continue;
    const std::array<std::uint64_t, 4> seed{position_.seed.high, position_.seed.low, position_.generation, line.offset};
    const auto id = hash128(line.text, hash64(Bytes(reinterpret_cast<const std::uint8_t*>(seed.data()), sizeof(seed))));
    decoder_.at(line.offset);
    if (!decoder_.decode(line.text, id, now, builder)) ++turn.broken;
    ++turn.lines;
    turn.added = true;
  }
}

FollowedFile::Turn FollowedFile::read(EventBatch& events, Time now, std::span<std::uint8_t> buffer) {
  Turn turn;
  if (!decode_pending(events, now, turn)) return turn;
  const auto count = fetch(buffer, turn);
  turn.bytes = count;
  if (count != 0) {
    quiet_turns_ = 0;
    decode_pending(events, now, turn);
    return turn;
  }
  if (!rotated_ || ++quiet_turns_ < grace_turns) return turn;
  drained_ = true;  // the last line may lack its LF
  if (!decode_pending(events, now, turn)) return turn;
  decoder_.end_input();
  EventBuilder builder(events);
  const auto before = events.size();
  turn.done = !decoder_.drain(EventBatch::most_events - before, now, builder);
  turn.added = turn.added || events.size() != before;
  return turn;
}

Position FollowedFile::checkpoint() const {
  Position out = position_;
  if (const auto open = decoder_.oldest_open()) out.offset = std::min(out.offset, *open);
  return out;
}

}  // namespace tocsin::collectors
