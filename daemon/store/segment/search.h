#pragma once
// Searching events over all segments: first prune (time range and Bloom filters of sealed segments, time range of
// blocks), then scan. Any thread; reads files only, so it never waits for the writer.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::daemon {

struct EventQuery {
  std::optional<Time> since;
  std::optional<Time> until;
  std::string event_class;  // "log", "packet"; empty = all, so for all texts
  std::string address;      // in any field of addresses
  std::string user;
  std::string host;
  std::string hash;
  std::string text;  // anywhere in the event's JSON, as it stands there
  bool newest_first = true;
  std::size_t limit = 100;
  // Whether a line that fits all of the above is wanted; only those count toward the limit. Unset: all are.
  std::function<bool(std::string_view line)> wanted;
  // Asked before each segment; false ends the search with what it has. Unset: it goes on.
  std::function<bool(std::uint64_t segments, std::uint64_t of)> go_on;
};

struct EventHits {
  std::vector<std::string> lines;  // JSON objects, ordered by time
  bool more = false;               // the limit may have left some out; ask again with `until` (or `since`) moved
  std::uint64_t segments = 0;      // looked at
  std::uint64_t pruned = 0;        // not opened further, by time or filter
  std::uint64_t blocks = 0;        // unpacked
  std::uint64_t damaged = 0;       // blocks that could not be read
};

Result<EventHits> search_events(const std::filesystem::path& directory, const EventQuery& query);

}  // namespace tocsin::daemon
