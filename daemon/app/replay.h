#pragma once
// Recordings through the very pipeline the daemon runs, on the recording's own clock: the same alerts, byte for byte,
// on every run and for every number of workers. Inputs are read in rounds, always the one that is furthest behind in
// time; a round ends with all workers at rest, and only then are its alerts ordered and decided.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collectors/log/decoder/decoder_set.h"
#include "collectors/packet/options.h"
#include "daemon/app/desk.h"
#include "daemon/app/engines.h"
#include "daemon/app/lanes.h"
#include "daemon/app/recording.h"
#include "daemon/app/worker_pool.h"
#include "daemon/eve/file_track.h"
#include "daemon/eve/options.h"
#include "daemon/eve/record.h"
#include "daemon/eve/stats.h"

namespace tocsin::collectors {
class EvtxReaderProcess;
}

namespace tocsin::daemon {

struct ReplayOptions {
  Recording recording;
  std::size_t workers = 1;
  collectors::PacketOptions packets;  // source, identity, host and exercise are set per input
  std::string filter;                 // BPF for captures; empty: every frame
  std::string host = "localhost";     // for inputs that name none
  // Set when the caller opened the inputs (the daemon, which may not): descriptors in the order of recording.inputs,
  // owned by the caller.
  std::vector<int> descriptors;
  // Called between rounds with bytes read so far and in all (0 = unknown); false stops the replay.
  std::function<bool(std::uint64_t, std::uint64_t)> progress;
  // Between rounds, after its alerts were decided: events of the round may be stored, a checkpoint may be made.
  std::function<Result<void>(std::span<const EventBatch>)> round_done;
  // EVE records besides alerts, and who takes those of a round, in no order, after round_done.
  std::optional<EveOptions> eve;
  std::function<void(std::vector<EveRecord>)> eve_round;
  std::function<void(std::vector<KeptFile>)> keep_files;  // before it
  // Packets around the alerts of a round, after round_done.
  std::optional<EvidenceTapOptions> evidence;
  std::function<void(const std::vector<TakenEvidence>&)> keep_evidence;
};

struct ReplaySummary {
  std::uint64_t packets = 0;
  std::uint64_t packet_bytes = 0;
  std::uint64_t events = 0;
  std::uint64_t files = 0;
  std::uint64_t unreadable = 0;      // lines or frames that nobody could read
  std::vector<std::string> remarks;  // what the reader should know: a cut capture, a line too long
  bool stopped = false;
  EveStats eve;  // when EVE records were asked for
};

// One thing to read. Runs on the replay's thread; packet inputs spread their frames over the pool.
class ReplayInput {
 public:
  virtual ~ReplayInput() = default;
  // How far in event time it has been read.
  virtual Time at() const = 0;
  // Reads a bounded portion. Events go to `events`, alerts to `alerts`. False when there is no more.
  virtual Result<bool> round(std::vector<EventBatch>& events, std::vector<rules::Alert>& alerts) = 0;
  virtual std::vector<EveRecord> take_eve() { return {}; }
  virtual std::vector<KeptFile> take_files() { return {}; }
  virtual std::vector<TakenEvidence> take_evidence() { return {}; }
  virtual std::uint64_t bytes_read() const = 0;
  virtual void summarize(ReplaySummary& summary) const = 0;
};

class Replay {
 public:
  // All references outlive the replay; `out` gets the alerts in order.
  Replay(ReplayOptions options, FieldNames& names, Engines& engines,
         std::shared_ptr<const collectors::DecoderSet> decoders, rules::AlertSink& out);
  ~Replay();

  // Errors: not_found, denied, invalid for an input that cannot be read at all; what was read before is done.
  Result<ReplaySummary> run();

 private:
  Result<std::unique_ptr<ReplayInput>> open(std::size_t index);
  void detect(std::span<const EventBatch> events);
  void hand_over_evidence(std::vector<TakenEvidence> captures, const std::vector<ReplayInput*>& active);

  ReplayOptions options_;
  FieldNames& names_;
  Engines& engines_;
  std::shared_ptr<const collectors::DecoderSet> decoders_;
  WorkerPool pool_;
  std::vector<std::unique_ptr<EventLane>> lanes_;
  Desk desk_;
  std::vector<TakenEvidence> taken_;                     // whose alerts are not decided yet
  std::vector<std::string> remarks_;                     // about inputs, made when they are opened
  std::shared_ptr<collectors::EvtxReaderProcess> evtx_;  // once an input needs it
};

}  // namespace tocsin::daemon
