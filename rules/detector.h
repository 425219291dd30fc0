#pragma once
// The contract of every engine. `RuleSet` is compiled once, immutable and shared by all workers; each worker attaches
// its own `Detector`, which holds scratch memory and per-flow state. State that must be host-wide (thresholds,
// correlations) lives in the `SharedState` the rule set makes, is given to all its detectors, and is sharded by
// hash(rule, group key).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/diagnostic.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "collectors/event/event.h"
#include "collectors/packet/frame/frame.h"
#include "collectors/packet/observer.h"
#include "rules/alert.h"
#include "rules/lint.h"

namespace tocsin::rules {

// Takes alerts of one worker. Called on that worker's thread; must not block packet workers.
class AlertSink {
 public:
  virtual ~AlertSink() = default;
  virtual void raise(Alert alert) = 0;
};

// A whole file given to the engines (quarantine candidate, upload, extracted body).
struct FileView {
  std::string_view path;  // as shown to people
  std::string_view name;
  std::string_view owner;
  Bytes bytes;
  Time observed{};
  std::string_view host;
  EventId id;
  Exercise exercise = Exercise::no;
};

// Marks that rules left on a flow.
struct FlowRecollection {
  std::vector<std::string_view> bits;
  std::vector<std::pair<std::string_view, std::uint32_t>> integers;
  std::vector<std::pair<std::string, std::string>> variables;
  std::vector<std::pair<std::string, std::string>> packet_variables;  // of the packet at hand
  std::vector<std::pair<std::string_view, double>> entropies;         // last calculated, by buffer

  bool empty() const noexcept {
    return bits.empty() && integers.empty() && variables.empty() && packet_variables.empty() && entropies.empty();
  }
};

// Where a packet-side alert was raised. Holds for the length of a call.
struct AlertScene {
  const collectors::Packet* packet = nullptr;  // null on a time-out
  collectors::Flow* flow = nullptr;
  collectors::Transaction* transaction = nullptr;
  collectors::Direction direction = collectors::Direction::to_server;
  bool stream = false;       // found in the reassembled stream or in a transaction, not in the packet itself
  bool application = false;  // the rule is about an application protocol
  const collectors::Frame* frame = nullptr;  // that the rule looked at
};

// Adds to an alert what only its worker sees at that moment. One per worker, called on its thread.
class AlertAnnotator {
 public:
  virtual ~AlertAnnotator() = default;
  virtual void annotate(Alert& alert, const AlertScene& scene) = 0;
  // A rule asks to keep the files that this side of the transaction carries, those still to come as well.
  virtual void keep_files(const AlertScene& /*scene*/, std::uint32_t /*rule*/) {}
};

struct WorkerContext {
  const FieldNames& names;
  std::size_t worker = 0;
  std::size_t workers = 1;
  std::string_view host;  // host.name for what has no host of its own (packets)
  Exercise exercise = Exercise::no;
  AlertAnnotator* annotator = nullptr;  // outlives the detector; null: nobody asks
};

class SharedState {
 public:
  virtual ~SharedState() = default;
  // Opaque bytes for the checkpoint, and back. A rule set ignores what it does not know.
  virtual std::string save() const { return {}; }
  virtual Result<void> restore(std::string_view) { return {}; }
  // Second stage for host-wide decisions (thresholds, correlation): raw alerts of all workers come back here in time
  // order (alert.time, alert.order) on ONE thread; what it lets through, changes or adds goes to `out`. Default lets
  // all through.
  virtual void decide(Alert alert, AlertSink& out) { out.raise(std::move(alert)); }
  // Alerts that thresholds and suppressions kept back so far. Any thread.
  virtual std::uint64_t held_back() const noexcept { return 0; }
  // Event time moved to `now`: windows close.
  virtual void advance(Time /*now*/, AlertSink& /*out*/) {}
};

// One worker's matcher. Single-threaded.
class Detector {
 public:
  virtual ~Detector() = default;
  virtual void inspect(const EventBatch&, AlertSink&) {}
  virtual void inspect(const FileView&, AlertSink&) {}
  // Engines that look at packets return themselves (or a part); null otherwise. Alerts found there go to `sink`, which
  // outlives the detector.
  virtual collectors::Observer* observer(AlertSink& /*sink*/) { return nullptr; }
  // What this engine remembers of a flow, for EVE records of it.
  virtual void recall(const collectors::Flow&, FlowRecollection&) const {}
};

struct RuleCost {
  RuleRef rule;
  std::uint64_t checks = 0;  // times the rule was evaluated past the prefilter
  std::uint64_t matches = 0;
  std::uint64_t nanoseconds = 0;  // estimated from samples; 0 where an engine takes none
};

// What a source of rules was read as.
struct SourceReading {
  std::string file;
  std::string language;  // "suricata", "snort3"
  std::size_t loaded = 0;
};

// What rules collected and want to have kept; the caller writes it.
struct DataFile {
  std::string path;
  std::uint64_t changes = 0;  // goes up with each: the same number, the same text
  std::uint64_t bytes = 0;    // about as large as the text will be
  std::function<std::string()> text;
};

class RuleSet {
 public:
  virtual ~RuleSet() = default;
  virtual Engine engine() const noexcept = 0;
  virtual const std::vector<RuleRef>& rules() const noexcept = 0;
  // What an operator should know: "Hyperscan is not usable on this processor (no SSSE3): plain matcher in use".
  virtual std::vector<std::string> remarks() const { return {}; }
  // `state` comes from make_state() of a rule set of the same engine (this one's, after restore).
  virtual std::unique_ptr<SharedState> make_state() const { return std::make_unique<SharedState>(); }
  virtual std::unique_ptr<Detector> attach(const WorkerContext& context, SharedState& state) const = 0;
  // In the order of rules().
  virtual std::vector<RuleCost> costs() const { return {}; }
  // Rules that load but could be better, in the order of rules().
  virtual std::vector<LintFinding> lint() const { return {}; }
  // Engines that know several languages: what each file was read as, a row for each language in it.
  virtual std::vector<SourceReading> readings() const { return {}; }
  // Any thread; what workers do meanwhile may or may not be in it.
  virtual std::vector<DataFile> data_files() const { return {}; }
  // Before this one is used in the place of `old`: what rules collected there goes on here.
  virtual void inherit(const RuleSet& /*old*/) const {}
  // When rules must be compiled again because something they hold ends then (a filter with an end); the soonest.
  virtual std::optional<Time> next_change() const { return {}; }
  // A rule looks at this buffer.
  virtual bool inspects(collectors::Buffer) const { return false; }
};

// A rule source already read: compilers never touch the file system (includes of data files go through `read`).
struct RuleSource {
  std::string file;  // for diagnostics
  std::string text;
};

}  // namespace tocsin::rules
