#pragma once
// Where packets are lost, by cause and second, and what makes a capture blind without losing anything: mirrors that
// show one direction only, receive offload that merges packets. Workers tell their totals once a second; anybody reads.

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/metrics.h"
#include "collectors/base/time.h"

namespace tocsin::daemon {

enum class LossCause : std::uint8_t {
  ring,             // packets
  interface,        // packets
  undecodable,      // packets
  truncated,        // packets
  fragments,        // fragments
  flows,            // flows
  stream_memory,    // segments
  stream_segments,  // segments
  stream_gaps,      // gaps
  casework,         // records and alerts
};
inline constexpr std::size_t loss_causes = 10;
struct LossCauseRow {
  std::string_view name;     // "ring"
  std::string_view counts;   // "packets"
  std::string_view meaning;  // for people: what it is, and what to do
};
const LossCauseRow& describe(LossCause cause) noexcept;

// One worker's totals since it began.
struct CaptureTotals {
  std::array<std::uint64_t, loss_causes> lost{};
  std::uint64_t frames = 0;
  std::uint64_t oversize = 0;          // longer than the interface's MTU allows
  std::uint64_t checksum_pending = 0;  // sent by this host with the checksum left to the card
  std::uint64_t judged = 0;            // TCP flows with enough packets to tell
  std::uint64_t one_sided = 0;         // of them, seen in one direction only
};

// A condition of an interface that analysts must know of.
struct CaptureNotice {
  std::string interface;
  std::string_view kind;  // "one-sided", "receive offload", "checksum offload"
  std::string text;
  std::string_view next_step;
  bool warning = true;  // false: nothing is missed
  Time since{};
};

class CaptureWatch {
 public:
  static constexpr std::size_t seconds_kept = 60;

  explicit CaptureWatch(Metrics& metrics) : metrics_(metrics) {}

  // Of ring `source`, about once a second. Notices that begin with it.
  std::vector<CaptureNotice> tell(std::size_t source, const std::string& interface, const CaptureTotals& totals,
                                  Time now);
  // What the kernel counts for an interface before any ring (/proc/net/dev): packets dropped there, since boot.
  void tell_interface(const std::string& interface, std::uint64_t dropped, Time now);

  struct Row {
    LossCause cause{};
    std::uint64_t last_second = 0;  // the last whole one
    std::uint64_t last_minute = 0;
    std::uint64_t total = 0;
    std::string worst;  // interface with most of the total; empty when nothing was lost
  };
  // One row a cause, all of them, in order.
  std::vector<Row> rows(Time now) const;
  std::vector<CaptureNotice> notices() const;

 private:
  struct Cause {
    std::array<std::pair<std::int64_t, std::uint64_t>, seconds_kept> seconds{};  // second, lost in it
    std::uint64_t total = 0;
    std::map<std::string, std::uint64_t> by_interface;
  };
  struct Source {
    CaptureTotals seen;
    CaptureTotals judged_from;  // when what flows show was last judged
  };
  void add(LossCause cause, const std::string& interface, std::uint64_t amount, Time now);
  void judge(const std::string& interface, Source& source, const CaptureTotals& totals, Time now,
             std::vector<CaptureNotice>& begun);
  void set(CaptureNotice notice, bool holds, std::vector<CaptureNotice>& begun);

  Metrics& metrics_;
  mutable std::mutex mutex_;
  std::array<Cause, loss_causes> causes_;
  std::map<std::size_t, Source> sources_;
  std::map<std::string, std::uint64_t> interfaces_;
  std::vector<CaptureNotice> notices_;
};

// "Receive … drop" of each interface in the text of /proc/net/dev.
std::map<std::string, std::uint64_t> parse_interface_drops(std::string_view text);

}  // namespace tocsin::daemon
