#include "daemon/store/segment/writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "collectors/base/descriptor.h"
#include "collectors/base/text.h"
#include "daemon/store/segment/file.h"
#include "daemon/store/segment/line.h"

namespace tocsin::daemon {

namespace filesystem = std::filesystem;

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::open(filesystem::path directory, SegmentOptions options,
                                                           std::span<const SegmentRow> known) {
  std::error_code error;
  filesystem::create_directories(directory, error);
  if (error)
    return fail(Code::denied, fmt::format("cannot make {}: {}; make it writable for the user tocsind runs as",
                                          directory.string(), error.message()));
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(std::move(directory), std::move(options)));
  TOCSIN_CHECK(writer->recover(known));
  return writer;
}

SegmentWriter::~SegmentWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

filesystem::path SegmentWriter::path(std::uint64_t number) const {
  return directory_ / segment_name(options_.event_class, number);
}

Result<void> SegmentWriter::recover(std::span<const SegmentRow> known) {
  for (const auto& row : known) next_number_ = std::max(next_number_, row.number + 1);
  std::uint64_t resumed = 0;
  std::uint64_t resumed_bytes = 0;
  for (const auto& found : list_segments(directory_, options_.event_class)) {
    next_number_ = std::max(next_number_, found.number + 1);
    const auto row = std::ranges::find(known, found.number, &SegmentRow::number);
    if (row != known.end() && row->state != "open") continue;
    TOCSIN_TRY(const auto file, SegmentFile::open(found.path));
    const auto intact = file.intact_end();
    std::uint64_t wanted = intact;
    if (options_.tail == SegmentTail::committed) {
      const std::uint64_t committed = row == known.end() ? 0 : row->bytes;
      wanted = std::min(committed, intact);
      if (intact < committed)
        remarks_.push_back(
            fmt::format("{}: {} committed bytes are damaged", found.path.filename().string(), committed - intact));
    }
    if (wanted < file.size())
      remarks_.push_back(fmt::format("{}: {} bytes cut off", found.path.filename().string(), file.size() - wanted));
    if (wanted <= segment_magic.size()) {
      std::error_code ignored;
      filesystem::remove(found.path, ignored);
      continue;
    }
    if (wanted < file.size() && ::truncate(found.path.c_str(), static_cast<off_t>(wanted)) != 0)
      return fail_errno("cannot cut " + found.path.string(), errno);
    if (resumed != 0) {  // at most one stays open; the one before is closed as it is
      TOCSIN_CHECK(resume(resumed, resumed_bytes));
      TOCSIN_CHECK(seal());
    }
    resumed = found.number;
    resumed_bytes = wanted;
  }
  if (resumed != 0) TOCSIN_CHECK(resume(resumed, resumed_bytes));
  return {};
}

// Goes on with a file: its keys are read back from its events.
Result<void> SegmentWriter::resume(std::uint64_t number, std::uint64_t bytes) {
  TOCSIN_TRY(const auto file, SegmentFile::open(path(number)));
  row_ = {options_.event_class, number, "open", {}, {}, 0, bytes};
  Result<void> result;
  LineReader reader;
  file.walk([&](const FrameHeader& header, std::uint64_t offset) {
    auto lines = file.lines(header, offset);
    if (!lines) {
      result = std::unexpected(std::move(lines).error());
      return false;
    }
    for (const auto line : split(*lines, '\n'))
      if (!line.empty()) reader.keys(line, [&](KeyKind kind, std::string_view text) { note_key(kind, text); });
    row_.first = row_.events == 0 ? header.first : std::min(row_.first, header.first);
    row_.last = std::max(row_.last, header.last);
    row_.events += header.events;
    return true;
  });
  TOCSIN_CHECK(result);
  descriptor_ = ::open(path(number).c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_APPEND);
  if (descriptor_ < 0) return fail_errno("cannot open " + path(number).string(), errno);
  changed_ = true;
  return {};
}

Result<void> SegmentWriter::start_file() {
  const auto number = next_number_;
  const int descriptor =
      ::open(path(number).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_APPEND, 0640);
  if (descriptor < 0) return fail_errno("cannot make " + path(number).string(), errno);
  ++next_number_;
  descriptor_ = descriptor;
  row_ = {options_.event_class, number, "open", {}, {}, 0, 0};
  for (auto& keys : keys_) keys.clear();
  too_many_ = {};
  const int directory = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);  // the name; the bytes are synced by flush
    ::close(directory);
  }
  auto begun = write(segment_magic);
  if (!begun && descriptor_ >= 0) {  // an empty file would be taken for a damaged one
    ::close(descriptor_);
    descriptor_ = -1;
    ::unlink(path(number).c_str());
  }
  return begun;
}

void SegmentWriter::note_key(KeyKind kind, std::string_view text) {
  const auto index = static_cast<std::size_t>(kind);
  if (too_many_[index] || text.empty()) return;
  keys_[index].insert(key_hash(text));
  if (keys_[index].size() > options_.keys_most) {
    too_many_[index] = true;
    keys_[index].clear();
  }
}

void SegmentWriter::note_keys(const Event& event, const FieldNames& names) {
  note_key(KeyKind::host, event.header().host);
  for (const auto& field : event.fields())
    if (const auto kind = key_kind(names.name(field.field)))
      for (const auto& item : field.value.items()) note_key(*kind, render_text(item));
}

Filters SegmentWriter::filters() const {
  Filters out;
  for (std::size_t i = 0; i < key_kinds; ++i) out[i] = too_many_[i] ? BloomFilter::everything() : BloomFilter(keys_[i]);
  return out;
}

Result<void> SegmentWriter::append(const Event& event, const FieldNames& names) {
  if (full_ && lines_.size() >= 2 * options_.block_bytes) {
    ++dropped_;
    return fail(Code::exhausted, "the disk is full: events are not stored until there is room");
  }
  if (descriptor_ < 0 && pending_ == 0) {
    if (auto started = start_file(); !started) {
      ++dropped_;
      return started;
    }
  }
  note_keys(event, names);
  append_line(lines_, event, names);
  const auto time = event.header().observed;
  first_ = pending_ == 0 ? time : std::min(first_, time);
  last_ = pending_ == 0 ? time : std::max(last_, time);
  ++pending_;
  if (full_ || (lines_.size() < options_.block_bytes && pending_ < options_.block_events)) return {};
  return write_block();
}

Result<void> SegmentWriter::write_block() {
  if (pending_ == 0) return {};
  std::string frame;
  append_block(frame, lines_, pending_, first_, last_);
  full_ = true;  // unless it goes well
  if (descriptor_ < 0) TOCSIN_CHECK(start_file());
  TOCSIN_CHECK(write(frame));
  full_ = false;
  row_.first = row_.events == 0 ? first_ : std::min(row_.first, first_);
  row_.last = row_.events == 0 ? last_ : std::max(row_.last, last_);
  row_.events += pending_;
  changed_ = true;
  lines_.clear();
  pending_ = 0;
  if (row_.bytes >= options_.segment_bytes || row_.last - row_.first >= options_.segment_age) return seal();
  return {};
}

// All or nothing: a part that was written before the disk was full is cut off again.
Result<void> SegmentWriter::write(std::string_view bytes) {
  if (!write_all(descriptor_, as_bytes(bytes))) {
    const int cause = errno;
    if (::ftruncate(descriptor_, static_cast<off_t>(row_.bytes)) != 0 || (cause != ENOSPC && cause != EDQUOT))
      return abandon("cannot write to", cause);
    return fail(Code::exhausted, fmt::format("cannot write to {}: the disk is full; free space on it or shorten the "
                                             "retention of events",
                                             path(row_.number).string()));
  }
  row_.bytes += bytes.size();
  return {};
}

Result<void> SegmentWriter::sync() {
  if (descriptor_ >= 0 && ::fdatasync(descriptor_) != 0) return abandon("cannot sync", errno);
  return {};
}

Result<void> SegmentWriter::abandon(std::string what, int cause) {
  ::close(descriptor_);
  descriptor_ = -1;
  row_.state = "failed";
  finished_.push_back(row_);
  changed_ = false;
  return fail_errno(fmt::format("{} {}, which is given up", what, path(row_.number).string()), cause);
}

Result<void> SegmentWriter::seal() {
  std::string end;
  append_footer(end, filters(), static_cast<std::uint32_t>(row_.events), row_.first, row_.last, row_.bytes);
  TOCSIN_CHECK(write(end));
  TOCSIN_CHECK(sync());
  ::close(descriptor_);
  descriptor_ = -1;
  row_.state = "sealed";
  finished_.push_back(row_);
  changed_ = false;
  return {};
}

Result<std::vector<SegmentRow>> SegmentWriter::flush() {
  TOCSIN_CHECK(write_block());
  TOCSIN_CHECK(sync());
  auto rows = std::exchange(finished_, {});
  if (descriptor_ >= 0 && changed_) rows.push_back(row_);
  changed_ = false;
  return rows;
}

std::vector<std::uint64_t> SegmentWriter::retain(Time keep_since, std::uint64_t bytes) {
  struct Sealed {
    SegmentPath file;
    Time last;
    std::uint64_t size;
  };
  std::vector<Sealed> sealed;
  std::uint64_t total = descriptor_ >= 0 ? row_.bytes : 0;
  for (auto& found : list_segments(directory_, options_.event_class)) {
    if (descriptor_ >= 0 && found.number == row_.number) continue;
    const auto file = SegmentFile::open(found.path);
    if (!file) continue;
    const auto footer = file->footer();
    total += file->size();
    // A file that was given up has no footer; it goes by its bytes alone.
    sealed.push_back({std::move(found), footer ? footer->header.last : Time::max(), file->size()});
  }
  std::vector<std::uint64_t> gone;
  for (const auto& segment : sealed) {
    if (segment.last >= keep_since && total <= bytes) continue;
    std::error_code error;
    if (!filesystem::remove(segment.file.path, error) || error) continue;
    total -= segment.size;
    gone.push_back(segment.file.number);
  }
  return gone;
}

}  // namespace tocsin::daemon
