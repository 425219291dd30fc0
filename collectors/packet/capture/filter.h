#pragma once
// A BPF filter over frames of a capture file, as tcpdump(1) takes it (pcap-filter(7)). One owner, one thread.

#include <cstdint>
#include <memory>
#include <string>

#include "collectors/base/result.h"
#include "collectors/packet/capture/frame.h"

namespace tocsin::collectors {

class FrameFilter {
 public:
  // invalid with libpcap's own words when the text is no filter.
  static Result<FrameFilter> compile(const std::string& text);
  FrameFilter(FrameFilter&&) noexcept;
  FrameFilter& operator=(FrameFilter&&) noexcept;
  ~FrameFilter();

  // Link types a filter cannot be compiled for let everything pass.
  bool passes(const RawFrame& frame);

 private:
  struct State;
  explicit FrameFilter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::collectors
