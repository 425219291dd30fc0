#include "collectors/log/tail/file_tail.h"

#include <algorithm>
#include <array>
#include <map>

#include "collectors/log/tail/followed_file.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t chunk = 64 * 1024;

bool same_file(const FileIdentity& a, const FileIdentity& b) {
  return a.device == b.device && a.inode == b.inode && a.birth == b.birth;
}

Digest128 seed_of(const FileIdentity& identity) {
  const std::array<std::uint64_t, 4> parts{identity.device, identity.inode, static_cast<std::uint64_t>(identity.birth),
                                           identity.birth == 0 ? identity.head : 0};
  return hash128(Bytes(reinterpret_cast<const std::uint8_t*>(parts.data()), sizeof(parts)));
}

bool is_compressed(const std::filesystem::path& path) {
  return path.extension() == ".gz" || path.extension() == ".zst";
}

// A sibling that rotation made of a followed path, open and examined.
struct Sibling {
  std::filesystem::path path;
  OwnedDescriptor descriptor;
  FileFacts facts;
};

}  // namespace

struct FileTail::State {
  FileOpener& opener;
  TailOptions options;
  std::shared_ptr<const DecoderSet> decoders;
  FieldNames& names;
  std::vector<Position> known;  // stored, and not taken up yet
  std::vector<std::unique_ptr<FollowedFile>> files;
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(chunk);
  TailCounts counts;
  std::optional<Time> scanned;
  std::size_t turn = 0;
  std::vector<Position> gone;  // to be reported as finished with the next batch

  std::unique_ptr<FollowedFile> follow(OwnedDescriptor descriptor, Position position) {
    LineSource source = options.source;
    source.name = "file:" + position.path;
    return std::make_unique<FollowedFile>(std::move(descriptor), std::move(position), options.line_most,
                                          LineDecoder(decoders, names, std::move(source)));
  }

  FollowedFile* find(const FileIdentity& identity) {
    for (auto& f : files)
      if (same_file(f->position().identity, identity)) return f.get();
    return nullptr;
  }

  // The stored position of this very file: same inode and birth, and the bytes it began with are still there.
  std::optional<Position> take_known(int descriptor, const FileFacts& facts) {
    for (auto k = known.begin(); k != known.end(); ++k) {
      if (!same_file(k->identity, facts.identity)) continue;
      FileIdentity now = facts.identity;
      const bool same = k->identity.head_size == 0 ||
                        (read_head(descriptor, k->identity.head_size, now) && now.head == k->identity.head);
      Position position = std::move(*k);
      known.erase(k);
      if (same && position.offset <= facts.size) return position;
      // The inode was used again or the file was truncated: begin anew, and never with the ids of before.
      position.offset = 0;
      ++position.generation;
      ++counts.truncations;
      read_head(descriptor, 0, position.identity);
      return position;
    }
    return std::nullopt;
  }

  void scan(const std::vector<std::filesystem::path>& paths) {
    const bool first = !scanned.has_value();
    for (const auto& path : paths) {
      if (files.size() >= options.files_most) {
        ++counts.refused_files;
        continue;
      }
      auto opened = opener.open(path);
      if (!opened) {
        ++counts.refused_files;
        continue;
      }
      OwnedDescriptor descriptor(*opened);
      const auto facts = read_facts(descriptor.get());
      if (!facts || !facts->regular) {
        ++counts.refused_files;
        continue;
      }
      take_up(path, std::move(descriptor), *facts, first);
    }
    mark_rotated(paths);
  }

  void take_up(const std::filesystem::path& path, OwnedDescriptor descriptor, const FileFacts& facts, bool first) {
    if (auto* present = find(facts.identity)) {
      present->position().path = path;
      if (present->head_changed()) {
        present->restart();
        ++counts.truncations;
      }
      return;
    }
    for (auto& f : files)
      if (f->position().path == path && !f->is_rotated()) {
        f->rotated();
        ++counts.rotations;
      }
    auto position = take_known(descriptor.get(), facts);
    if (!position) {
      catch_up(path);
      Position fresh{.path = path, .identity = facts.identity};
      read_head(descriptor.get(), 0, fresh.identity);
      fresh.seed = seed_of(fresh.identity);
      const bool new_here = std::ranges::none_of(files, [&](const auto& f) { return f->position().path == path; });
      if (first && new_here && options.start_at == StartAt::end) fresh.offset = facts.size;
      position = std::move(fresh);
    }
    position->path = path;
    files.push_back(follow(std::move(descriptor), std::move(*position)));
  }

  // A followed name that is gone: its file was rotated away and no new one is there yet.
  void mark_rotated(const std::vector<std::filesystem::path>& paths) {
    for (auto& f : files) {
      if (f->is_rotated() || std::ranges::find(paths, std::filesystem::path(f->position().path)) != paths.end())
        continue;
      f->rotated();
      ++counts.rotations;
    }
  }

  std::vector<Sibling> siblings_of(const std::filesystem::path& path) {
    std::vector<Sibling> out;
    for (const auto* suffix : {".*", "-*"}) {
      const auto listed = opener.list(path.string() + suffix);
      if (!listed) continue;
      for (const auto& sibling : *listed) {
        auto opened = opener.open(sibling);
        if (!opened) continue;
        OwnedDescriptor descriptor(*opened);
        const auto facts = read_facts(descriptor.get());
        if (facts && facts->regular) out.push_back({sibling, std::move(descriptor), *facts});
      }
    }
    std::ranges::sort(out, {}, [](const Sibling& s) { return s.facts.modified; });
    return out;
  }

  bool is_file_of(const Sibling& sibling, const Position& wanted) {
    if (wanted.identity.head_size == 0) return same_file(sibling.facts.identity, wanted.identity);
    FileIdentity head = sibling.facts.identity;
    const bool whole = is_compressed(sibling.path)
                           ? read_inflated_head(sibling.descriptor.get(), wanted.identity.head_size, head)
                           : read_head(sibling.descriptor.get(), wanted.identity.head_size, head);
    return whole && head.head == wanted.identity.head;
  }

  // The file of a stored position was rotated while we were down: finish it, and read what was rotated after it.
  void catch_up(const std::filesystem::path& path) {
    const auto wanted = std::ranges::find(known, path.string(), &Position::path);
    if (wanted == known.end()) return;
    Position position = std::move(*wanted);
    known.erase(wanted);
    bool found = false;
    for (auto& sibling : siblings_of(path)) {
      if (!found) {
        if (!is_file_of(sibling, position)) continue;
        found = true;
        add_rotated(std::move(sibling), position);
        continue;
      }
      if (find(sibling.facts.identity) != nullptr) continue;
      Position whole{.path = path, .identity = sibling.facts.identity};
      read_head(sibling.descriptor.get(), 0, whole.identity);
      whole.seed = seed_of(whole.identity);
      add_rotated(std::move(sibling), std::move(whole));
    }
    if (!found) {
      ++counts.lost_files;
      position.finished = true;
      gone.push_back(std::move(position));
    }
  }

  void add_rotated(Sibling sibling, Position position) {
    ++counts.caught_up_files;
    const bool inflate = is_compressed(sibling.path);
    if (!inflate)
      position.identity = {sibling.facts.identity.device, sibling.facts.identity.inode, sibling.facts.identity.birth,
                           position.identity.head, position.identity.head_size};
    files.push_back(follow(std::move(sibling.descriptor), std::move(position)));
    files.back()->rotated();
    if (inflate) files.back()->compressed();
  }

  void count(const FollowedFile::Turn& given) {
    counts.lines += given.lines;
    counts.bytes += given.bytes;
    counts.broken += given.broken;
    counts.truncations += given.truncated ? 1 : 0;
  }

  // Rotated files first, oldest first: lines keep their order. Then each file one chunk, beginning with another each
  // turn.
  bool read(LogBatch& batch, Time now) {
    bool added = false;
    bool more = true;
    while (more && batch.events.size() + LineDecoder::events_most <= EventBatch::most_events) {
      more = false;
      for (std::size_t i = 0; i < files.size(); ++i) {
        auto& file = *files[(i + turn) % files.size()];
        if (held_back(file)) continue;
        const auto t = file.read(batch.events, now, buffer);
        count(t);
        added = added || t.added;
        more = more || t.bytes != 0 || t.lines != 0;
        if (t.added || t.done) report(batch, file, t.done);
      }
      ++turn;
      std::erase_if(files, [&](const auto& f) { return f->position().finished; });
    }
    return added;
  }

  // The new file of a name waits until the rotated one before it is read.
  bool held_back(const FollowedFile& file) const {
    if (file.is_rotated()) {
      for (const auto& f : files) {
        if (f.get() == &file) return false;
        if (f->is_rotated() && f->position().path == file.position().path) return true;
      }
      return false;
    }
    return std::ranges::any_of(files, [&](const auto& f) {
      return f.get() != &file && f->is_rotated() && f->position().path == file.position().path;
    });
  }

  void report(LogBatch& batch, FollowedFile& file, bool done) {
    counts.truncated_lines += done ? file.splitter().truncated_lines() : 0;
    counts.skipped_bytes += done ? file.splitter().skipped_bytes() : 0;
    if (done) file.position().finished = true;
    auto position = file.checkpoint();
    for (auto& p : batch.positions)
      if (p.seed == position.seed) {
        p = std::move(position);
        return;
      }
    batch.positions.push_back(std::move(position));
  }
};

FileTail::FileTail(FileOpener& opener, TailOptions options, std::shared_ptr<const DecoderSet> decoders,
                   FieldNames& names, std::vector<Position> known)
    : state_(new State{opener, std::move(options), std::move(decoders), names, std::move(known)}) {}
FileTail::~FileTail() = default;
FileTail::FileTail(FileTail&&) noexcept = default;

Result<bool> FileTail::poll(LogBatch& batch, Time now) {
  auto& s = *state_;
  if (!s.scanned || now - *s.scanned >= s.options.scan_every || now < *s.scanned) {
    TOCSIN_TRY(const auto paths, s.opener.list(s.options.glob));
    s.scan(paths);
    s.scanned = now;
  }
  const bool added = s.read(batch, now);
  batch.positions.insert(batch.positions.end(), s.gone.begin(), s.gone.end());
  s.gone.clear();
  return added;
}

TailCounts FileTail::counts() const noexcept {
  auto counts = state_->counts;
  for (const auto& f : state_->files) {
    counts.truncated_lines += f->splitter().truncated_lines();
    counts.skipped_bytes += f->splitter().skipped_bytes();
  }
  return counts;
}

bool FileTail::grown() const noexcept {
  return std::ranges::any_of(state_->files, [](const auto& file) { return file->grown(); });
}

std::size_t FileTail::open_files() const noexcept { return state_->files.size(); }

void FileTail::use(std::shared_ptr<const DecoderSet> decoders) {
  for (auto& f : state_->files) f->decoder().use(decoders);
  state_->decoders = std::move(decoders);
}

}  // namespace tocsin::collectors
