#pragma once
// Who used to be heard and is not any more: per source and host, how long it was ever quiet in the last week, and an
// alert once it is quiet for much longer. What a source does not say cannot be seen by any rule; that is why this is
// not one. Bounded; the casework thread's, but for silent().

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "collectors/event/event.h"
#include "daemon/config/config.h"
#include "daemon/store/records.h"
#include "rules/alert.h"

namespace tocsin::daemon {

struct SilenceVerdict {
  std::vector<rules::Alert> alerts;
  std::vector<BlindInterval> ended;  // silences that are over
};

class SilenceWatch {
 public:
  static constexpr std::size_t sources_most = 4'096;  // past it the one longest quiet is forgotten
  static constexpr std::size_t days_kept = 8;
  // What was heard this seldom, or for less than a day and a night, is not known well enough.
  static constexpr std::uint64_t events_least = 50;
  static constexpr Duration known_least = std::chrono::hours{24};
  // Who may be quiet this long says nothing by being quiet.
  static constexpr Duration longest_watched = std::chrono::hours{48};
  // Longer than this between two looks: we were away (suspended, stopped), not the sources.
  static constexpr Duration away = std::chrono::minutes{5};

  SilenceWatch(SilenceConfig config, Time now) : config_(std::move(config)), looked_(now) {}

  // Events were read just now; whatever time they carry.
  void hear(const EventBatch& batch, Time now);
  // Now and then.
  SilenceVerdict look(Time now);

  struct Silent {
    std::string source;
    std::string host;
    Time since{};
  };
  // Any thread.
  std::vector<Silent> silent() const;

  // What was learnt, for the store, and back. What cannot be read is as good as nothing learnt.
  std::string save() const;
  void restore(std::string_view saved, Time now);

 private:
  struct Key {
    std::string source;
    std::string host;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<std::string>{}(key.source) * 31 + std::hash<std::string>{}(key.host);
    }
  };
  struct Heard {
    std::uint64_t events = 0;
    Time first{};
    Time last{};
    std::int64_t day = 0;                            // of longest[0], in days since the epoch
    std::array<std::uint32_t, days_kept> longest{};  // gaps in seconds; today's first
    Duration fixed{-1};                              // by configuration; negative: learnt
    bool silent = false;
  };

  Heard& of(std::string_view source, std::string_view host, Time now);
  void note_gap(Heard& heard, Time now);
  Duration limit(const Heard& heard) const;
  Duration fixed_for(const Key& key) const;
  rules::Alert alert_for(const Key& key, const Heard& heard, Duration limit, Time now) const;

  const SilenceConfig config_;
  std::unordered_map<Key, Heard, KeyHash> heard_;
  std::vector<BlindInterval> ended_;
  Time looked_{};
  mutable std::mutex mutex_;
  std::vector<Silent> silent_;  // as of the last look
};

}  // namespace tocsin::daemon
