#pragma once
// Indicator lists as an engine: values that somebody reported (addresses, networks, domains, URLs, hashes, TLS
// fingerprints), looked for in every event and record. Formats are told by content: plain text, CSV with named columns,
// STIX 2.1 (https://docs.oasis-open.org/cti/stix/v2.1/stix-v2.1.html) and MISP
// (https://www.misp-standard.org/rfc/misp-standard-core.html).
//
// An indicator fires on events of the time it is valid for, by the event's own clock. What it raises is folded into one
// alert per (indicator, host, who talked to it) and window; the next alert counts what was folded.
//
// Diagnostics: I0001 no value, I0002 allow-listed, I0003 too wide (not loaded), I0004 wide, I0005 over the cap, I0006 a
// column, property or pattern that cannot be used, I0007 damaged JSON or CSV, I0008 the rest of a source's diagnostics.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "collectors/base/metrics.h"
#include "rules/detector.h"
#include "rules/indicator/indicator.h"

namespace tocsin::rules::indicator {

struct IndicatorOptions {
  std::vector<std::string> allow;     // addresses, networks, domains with what is below them
  std::vector<Network> own_networks;  // as `allow`
  Duration window = std::chrono::hours{1};
  std::size_t entries_most = 4'000'000;
  std::uint8_t confidence = 50;     // of entries whose list does not say it
  Reach reach = Reach::subdomains;  // of domains whose list does not say it
  bool retrospective = false;       // valid_from is ignored: what is looked for may be older than its report
  Metrics* metrics = nullptr;       // must outlive the rule set; without one, nothing is counted there
};

// What became of one source.
struct SourceLoad {
  std::string file;
  std::string name;
  std::string_view format;
  std::size_t loaded = 0;   // new values
  std::size_t merged = 0;   // values that another line or source had
  std::size_t skipped = 0;  // not to be matched, by its own word
  std::size_t refused = 0;
};

struct IndicatorRow {
  std::string_view kind;
  std::string value;
  std::vector<std::string> sources;
  std::string title;
  std::string reference;
  std::string file;
  std::uint32_t line = 0;
  std::uint8_t confidence = 0;
  Tlp tlp = Tlp::none;
  Reach reach = Reach::exact;
  std::optional<Time> from;
  std::optional<Time> until;
};

// What people and the status ask about a loaded set. Any thread.
class IndicatorSet : public RuleSet {
 public:
  virtual std::size_t size() const noexcept = 0;
  virtual std::size_t size(Kind kind) const noexcept = 0;
  virtual std::size_t expired(Time now) const noexcept = 0;
  virtual std::size_t memory() const noexcept = 0;
  virtual const std::vector<SourceLoad>& loads() const noexcept = 0;
  // By number, in the order they were loaded.
  virtual IndicatorRow row(std::size_t number) const = 0;
  // Entries that a value meets, whether in force or not: itself, networks around it, domains above it that reach it, a
  // URL's host.
  virtual std::vector<IndicatorRow> lookup(std::string_view value) const = 0;
};

// Thread-safe. Never fails: what cannot be used is in `diagnostics`.
std::shared_ptr<const IndicatorSet> compile_indicators(std::span<const RuleSource> sources,
                                                       const IndicatorOptions& options, Diagnostics& diagnostics);

}  // namespace tocsin::rules::indicator
