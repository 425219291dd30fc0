#pragma once
// The confined process that takes chunks of EVTX files apart (tocsin-evtx, main.cpp): started when it is first needed,
// shared by all files of a replay, started anew after a crash and after every few chunks. It gets bytes and gives
// frames (protocol.h); it has no file, no network, no environment, little memory and little time. One owner, one
// thread.

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "collectors/base/descriptor.h"
#include "collectors/base/result.h"
#include "collectors/log/evtx/protocol.h"

namespace tocsin::collectors {

struct EvtxReaderOptions {
  std::string program;                         // absolute path of tocsin-evtx
  std::chrono::milliseconds patience{10'000};  // that one chunk may keep us waiting
  std::size_t chunks_most = 512;               // of one process
};

struct EvtxAnswer {
  std::vector<EvtxFrame> frames;  // whole ones, also those before a failure
  std::optional<Error> failure;   // timed_out, exhausted, failure: what became of the process
};

class EvtxReaderProcess {
 public:
  explicit EvtxReaderProcess(EvtxReaderOptions options) : options_(std::move(options)) {}
  ~EvtxReaderProcess() { stop(); }
  EvtxReaderProcess(const EvtxReaderProcess&) = delete;
  EvtxReaderProcess& operator=(const EvtxReaderProcess&) = delete;

  // Blocks for as long as `patience`. The error is that no process can be had at all.
  Result<EvtxAnswer> read(Bytes chunk);
  std::uint64_t started() const noexcept { return started_; }

 private:
  Result<void> start();
  std::optional<Error> exchange(const std::string& request, std::vector<EvtxFrame>& frames);
  Error ended();
  void stop();

  EvtxReaderOptions options_;
  OwnedDescriptor socket_;
  pid_t child_ = -1;
  std::size_t chunks_ = 0;
  std::uint64_t started_ = 0;
};

// tocsin-evtx beside the running program (a build tree), or in lib/tocsin beside its `bin`.
std::string find_evtx_program(const std::string& running);

}  // namespace tocsin::collectors
