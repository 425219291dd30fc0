#pragma once
// The packet floor's entry: one worker runs frames to completion — decode, defragment, flow, stream, protocol — and
// tells its observers and its record sink. Everything it owns is private to its thread. The same frames give the same
// calls in the same order: time is the capture's, never the machine's.
//
// The owner spreads frames over workers by worker_of(), calls process() for each in order, advance() when time goes on
// without frames, finish() once at the end.

#include <cstdint>
#include <memory>
#include <vector>

#include "collectors/event/field.h"
#include "collectors/packet/capture/frame.h"
#include "collectors/packet/counters.h"
#include "collectors/packet/observer.h"
#include "collectors/packet/options.h"
#include "collectors/packet/record/recorder.h"

namespace tocsin::collectors {

class PacketWorker {
 public:
  // Observers are the caller's, at most Flow::extensions_most; they are told their slots here. `names` and `sink` must
  // outlive the worker.
  PacketWorker(const PacketOptions& options, FieldNames& names, RecordSink& sink, std::vector<Observer*> observers);
  ~PacketWorker();
  PacketWorker(PacketWorker&&) noexcept;
  PacketWorker& operator=(PacketWorker&&) noexcept;

  void process(const RawFrame& frame);
  // Ends what timed out by `now` and hands on records that wait.
  void advance(Time now);
  // When advance() has something to do at the latest; Time::max(): nothing waits.
  Time next_due() const noexcept;
  // Ends all flows. Nothing may be processed afterwards.
  void finish();

  const PacketCounters& counters() const noexcept;

 private:
  class Pipeline;
  std::unique_ptr<Pipeline> pipeline_;
};

// Which of `workers` a frame belongs to: by the addresses of its outer network header, whichever way it goes, so that a
// flow, its fragments and its tunnel stay together. Frames without addresses go to worker 0.
std::size_t worker_of(const RawFrame& frame, std::size_t workers) noexcept;

}  // namespace tocsin::collectors
