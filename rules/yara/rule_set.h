#pragma once
// YARA (https://yara.readthedocs.io/en/v4.2.3/) as an engine: compiled once, then looks at whole files, files carried
// in traffic and the first bytes of each TCP direction.
//
// Each source gets a namespace of its own, so that equal rule names in two files do not collide, and a file that does
// not compile is refused alone (diagnostics Y0001 syntax or semantics, Y0002 warning of the compiler, Y0003 limits of
// the library). `include` is off: a compiler never touches the file system. The external variables filename, filepath,
// extension, filetype and owner (all strings) exist at compile time and are set for each scan.
//
// Streams: a direction's first `stream_depth` bytes are kept and scanned as one growing prefix: when it has 64 KiB,
// 256 KiB, 1 MiB, … and when it ends. Offsets are true, rules that look at offset 0 or at the size mean what they say,
// and at most 4/3 of the kept bytes are scanned. A rule alerts once per flow.

#include <cstddef>
#include <memory>
#include <span>

#include "collectors/base/diagnostic.h"
#include "collectors/base/metrics.h"
#include "rules/detector.h"

namespace tocsin::rules::yara {

struct YaraOptions {
  std::chrono::seconds scan_timeout{30};              // of one scan; libyara knows whole seconds
  std::size_t most_scanned = std::size_t{256} << 20;  // of one file; the rest is not looked at and counted
  std::size_t file_depth = std::size_t{8} << 20;      // of one file carried in traffic
  std::size_t stream_depth = std::size_t{1} << 20;    // of one TCP direction; 0 = streams are not scanned
  std::size_t most_kept = std::size_t{64} << 20;      // bytes waiting for a scan, per worker: past it the
                                                      // oldest is scanned early
  std::size_t most_reasons_per_string = 3;
  Metrics* metrics = nullptr;  // must outlive the rule set; without one, nothing is counted
};

// Thread-safe; takes about a second per 10 MB of rules. Never fails: what cannot be used is in `diagnostics`.
std::shared_ptr<const RuleSet> compile_yara(std::span<const RuleSource> sources, const YaraOptions& options,
                                            Diagnostics& diagnostics);

}  // namespace tocsin::rules::yara
