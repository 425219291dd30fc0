#pragma once
// A hunt: Sigma rules of a playbook's command over the events a store holds, on the engine that watches live. Reads
// only. Any thread; blocks until the hunt is over.

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "daemon/config/config.h"

namespace tocsin::daemon {

// Where hunts look, and with which log-source views.
struct HuntPlace {
  std::string store;               // its directory
  std::vector<std::string> views;  // directories of log-source views
  std::map<std::string, std::vector<std::string>> placeholders;
};
HuntPlace hunt_place(const Config& config);

struct HuntLimits {
  Time since{};
  Time until{};
  std::uint64_t events_most = 20'000'000;
  Duration time = std::chrono::minutes(10);  // of this thread's waiting and working together
  const std::atomic<bool>* stop = nullptr;
};

struct HuntMatch {
  std::string rule;  // its title
  std::string id;
  std::string host;
  std::string event;  // id of the deciding event
  std::string original;
  Time time{};
};
struct HuntResult {
  std::vector<HuntMatch> matches;  // the first 1000
  std::uint64_t found = 0;
  std::uint64_t events = 0;
  std::vector<std::string> hosts;  // with a match, sorted; at most 1000
  Time since{}, until{};
  std::string cut;  // why not all of the period was looked at; empty: it was
};

// invalid: the rules do not compile, or none of them has a log source that a view serves; conflict: stopped.
Result<HuntResult> hunt_events(const HuntPlace& place, std::string_view rules, const HuntLimits& limits);
// {"matches":N,"events":N,"complete":bool,"hosts":[…],"found":[{"time","rule","id","host","event","original"}…],…}
std::string render_json(const HuntResult& result);

}  // namespace tocsin::daemon
