#include "daemon/store/segment/search.h"

#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "daemon/store/segment/file.h"
#include "daemon/store/segment/line.h"

namespace tocsin::daemon {
namespace {

struct Hit {
  Time time{};
  std::array<std::uint64_t, 3> place{};  // segment, offset, line: order among equal times
  std::string line;
};

class Search {
 public:
  explicit Search(const EventQuery& query) : query_(query) {
    add_key(KeyKind::address, query.address);
    add_key(KeyKind::user, query.user);
    add_key(KeyKind::host, query.host);
    add_key(KeyKind::hash, query.hash);
  }

  void look(const SegmentPath& found) {
    const auto file = SegmentFile::open(found.path);
    if (!file) return;  // deleted by retention meanwhile
    ++out_.segments;
    place_ = {found.number, 0, 0};
    if (const auto footer = file->footer(); footer && !wanted(*footer)) {
      ++out_.pruned;
      return;
    }
    std::vector<std::pair<FrameHeader, std::uint64_t>> blocks;
    file->walk([&](const FrameHeader& header, std::uint64_t offset) {
      blocks.emplace_back(header, offset);
      return true;
    });
    if (query_.newest_first) std::ranges::reverse(blocks);
    for (const auto& [header, offset] : blocks)
      if (in_range(header.first, header.last)) scan(*file, header, offset);
  }

  EventHits finish() {
    std::ranges::sort(hits_, [&](const Hit& a, const Hit& b) { return better(a, b); });
    for (auto& hit : hits_) out_.lines.push_back(std::move(hit.line));
    return std::move(out_);
  }

 private:
  struct Key {
    KeyKind kind;
    std::string text;
    std::uint64_t hash;
  };

  void add_key(KeyKind kind, const std::string& text) {
    if (!text.empty()) keys_.push_back({kind, text, key_hash(text)});
  }

  bool in_range(Time first, Time last) {
    if (query_.since && last < *query_.since) return false;
    if (query_.until && first >= *query_.until) return false;
    if (hits_.size() < query_.limit || query_.limit == 0) return true;
    // Full: only what may be better than the worst we have.
    const bool better = query_.newest_first ? last >= hits_.front().time : first <= hits_.front().time;
    out_.more = out_.more || !better;
    return better;
  }

  bool wanted(const SegmentFile::Footer& footer) {
    const bool may = std::ranges::all_of(keys_, [&](const Key& key) {
      return footer.filters[static_cast<std::size_t>(key.kind)].may_contain(key.hash);
    });
    return may && in_range(footer.header.first, footer.header.last);
  }

  bool better(const Hit& a, const Hit& b) const {
    if (a.time != b.time) return query_.newest_first ? a.time > b.time : a.time < b.time;
    return query_.newest_first ? a.place > b.place : a.place < b.place;
  }

  void scan(const SegmentFile& file, const FrameHeader& header, std::uint64_t offset) {
    const auto lines = file.lines(header, offset);
    if (!lines) {
      ++out_.damaged;
      return;
    }
    ++out_.blocks;
    place_ = {place_[0], offset, 0};
    // Cheap look first: a block without the text anywhere has no hit.
    if (!query_.text.empty() && lines->find(query_.text) == std::string::npos) return;
    for (const auto line : split(*lines, '\n'))
      if (!line.empty()) judge(line);
  }

  void judge(std::string_view line) {
    ++place_[2];
    if (!query_.text.empty() && line.find(query_.text) == std::string_view::npos) return;
    for (const auto& key : keys_)
      if (!reader_.has_key(line, key.kind, key.text)) return;
    const auto time = reader_.time(line);
    if (!time || (query_.since && *time < *query_.since) || (query_.until && *time >= *query_.until)) return;
    const auto by_worth = [&](const Hit& a, const Hit& b) { return better(a, b); };  // heap: the worst is in front
    Hit hit{*time, place_, {}};
    const bool full = hits_.size() == query_.limit;
    if (full && better(hits_.front(), hit)) {
      out_.more = true;
      return;
    }
    if (query_.wanted && !query_.wanted(line)) return;
    hit.line = line;
    hits_.push_back(std::move(hit));
    std::ranges::push_heap(hits_, by_worth);
    if (!full) return;
    std::ranges::pop_heap(hits_, by_worth);
    hits_.pop_back();
    out_.more = true;
  }

  const EventQuery& query_;
  std::vector<Key> keys_;
  LineReader reader_;
  std::vector<Hit> hits_;
  std::array<std::uint64_t, 3> place_{};
  EventHits out_;
};

}  // namespace

Result<EventHits> search_events(const std::filesystem::path& directory, const EventQuery& query) {
  constexpr std::size_t limit_most = 100'000;
  if (query.limit == 0 || query.limit > limit_most)
    return fail(Code::usage, "the limit goes from 1 to 100000; use --since and --until to go further");
  std::error_code ignored;
  if (!std::filesystem::exists(directory, ignored)) return EventHits{};
  auto segments = list_segments(directory, query.event_class);
  // Numbers grow with time: beginning at the better end lets the rest be pruned.
  std::ranges::stable_sort(segments, [&](const SegmentPath& a, const SegmentPath& b) {
    return query.newest_first ? a.number > b.number : a.number < b.number;
  });
  Search search(query);
  for (std::uint64_t looked = 0; const auto& segment : segments) {
    if (query.go_on && !query.go_on(looked++, segments.size())) break;
    search.look(segment);
  }
  return search.finish();
}

}  // namespace tocsin::daemon
