#pragma once
// Files as evidence, on one worker's side: holds the latest files that flows carry, and hands on those that a rule asks
// for (`filestore`) or that YARA alerts on. An observer of its worker before the engines, the sink of its detectors and
// what they tell of their alerts; one thread; a file costs one copy.

#include <array>
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/packet/observer.h"
#include "daemon/app/evidence/taken.h"
#include "rules/detector.h"

namespace tocsin::daemon {

struct FlowFilesOptions {
  std::size_t memory = 16U << 20;    // of the latest files, per worker; 0: none are held
  std::size_t file_most = 8U << 20;  // of one file; the rest is left out, and its name says so
};

struct FlowFilesCounters {
  std::uint64_t taken = 0;        // handed on
  std::uint64_t overwritten = 0;  // unasked ones let go for newer ones while they were under way
  std::uint64_t cut = 0;          // wanted ones that are not whole: too large, or no memory was left
};

class FlowFiles final : public collectors::Observer, public rules::AlertSink, public rules::AlertAnnotator {
 public:
  static constexpr std::size_t files_most = 4'096;  // held at once
  static constexpr std::size_t wishes_most = 64;    // of one flow
  static constexpr std::size_t alerts_most = 64;    // of one file
  // Engines look at the end of a file with the next packet of its side; nobody asks for it after this.
  static constexpr Duration held_after_end = std::chrono::seconds{5};

  // Both given outlive this; what is raised here goes on to `alerts`, what is told of it to `annotator` (null: nobody).
  FlowFiles(FlowFilesOptions options, rules::AlertSink& alerts, rules::AlertAnnotator* annotator);

  // Wanted files that have ended.
  std::vector<TakenEvidence> take_finished();
  // No more will come: what is under way is handed on as it is.
  void finish();
  const FlowFilesCounters& counters() const noexcept { return counters_; }
  std::size_t bytes() const noexcept { return bytes_; }

  void raise(rules::Alert alert) override;
  void annotate(rules::Alert& alert, const rules::AlertScene& scene) override;
  void keep_files(const rules::AlertScene& scene, std::uint32_t rule) override;
  void on_file(const collectors::FileChunk& chunk) override;
  void on_flow_end(collectors::Flow& flow, collectors::FlowEnd end) override;
  void on_time(Time now) override;

 private:
  struct Held {
    std::uint64_t flow = 0;
    std::uint64_t transaction = 0;
    std::uint32_t id = 0;
    collectors::Direction direction = collectors::Direction::to_server;
    bool wanted = false;
    bool ended = false;
    bool cut = false;           // not all of it is in `bytes`
    std::uint64_t missing = 0;  // bytes the capture did not have
    std::uint64_t size = 0;     // as far as it went by
    Time last{};
    std::string name;
    std::string carrier;  // evidence_name() of its flow
    std::vector<std::uint8_t> bytes;
    std::vector<rules::AlertId> alerts;
    Time last_alert{};
    bool asked = false;
  };
  using Files = std::list<Held>;  // oldest first
  struct Wish {
    std::uint64_t transaction;
    collectors::Direction direction;
  };
  struct OfFlow {
    std::vector<Files::iterator> files;
    std::vector<Wish> wishes;
    bool over = false;
  };

  Files::iterator hold(const collectors::FileChunk& chunk);
  void append(Held& file, Bytes bytes);
  void make_room(std::size_t needed);
  void drop(Files::iterator file);
  static void add_alert(Held& file, const rules::Alert& alert);
  void hand_on(Held& file);

  const FlowFilesOptions options_;
  rules::AlertSink& alerts_;
  rules::AlertAnnotator* annotator_;
  Files files_;
  std::unordered_map<std::uint64_t, OfFlow> flows_;  // that have files here, or wishes for some
  std::size_t bytes_ = 0;
  std::vector<TakenEvidence> finished_;
  FlowFilesCounters counters_;
};

}  // namespace tocsin::daemon
