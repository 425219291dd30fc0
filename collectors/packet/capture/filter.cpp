#include "collectors/packet/capture/filter.h"

#include <pcap/pcap.h>

#include <map>

namespace tocsin::collectors {
namespace {

constexpr int snap_length = 262144;

struct PcapCloser {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};

}  // namespace

struct FrameFilter::State {
  struct Program {
    bpf_program code{};
    bool usable = false;
    Program() = default;
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program() {
      if (usable) pcap_freecode(&code);
    }
  };
  std::string text;
  std::map<std::uint32_t, Program> programs;  // by link type

  // libpcap's message, empty when it compiled.
  std::string compile(std::uint32_t link_type) {
    auto& program = programs[link_type];
    const std::unique_ptr<pcap_t, PcapCloser> handle(pcap_open_dead(static_cast<int>(link_type), snap_length));
    if (handle == nullptr) return "out of memory";
    program.usable = pcap_compile(handle.get(), &program.code, text.c_str(), 1, PCAP_NETMASK_UNKNOWN) == 0;
    return program.usable ? std::string{} : pcap_geterr(handle.get());
  }
};

FrameFilter::FrameFilter(std::unique_ptr<State> state) : state_(std::move(state)) {}
FrameFilter::FrameFilter(FrameFilter&&) noexcept = default;
FrameFilter& FrameFilter::operator=(FrameFilter&&) noexcept = default;
FrameFilter::~FrameFilter() = default;

Result<FrameFilter> FrameFilter::compile(const std::string& text) {
  auto state = std::make_unique<State>();
  state->text = text;
  if (auto trouble = state->compile(DLT_EN10MB); !trouble.empty())
    return fail(Code::usage, "the filter '" + text + "' is not understood: " + trouble + "; see pcap-filter(7)");
  return FrameFilter(std::move(state));
}

bool FrameFilter::passes(const RawFrame& frame) {
  if (!state_->programs.contains(frame.link_type)) state_->compile(frame.link_type);
  const auto& program = state_->programs[frame.link_type];
  if (!program.usable) return true;
  pcap_pkthdr header{};
  header.caplen = static_cast<bpf_u_int32>(frame.bytes.size());
  header.len = static_cast<bpf_u_int32>(frame.wire_length);
  return pcap_offline_filter(&program.code, &header, frame.bytes.data()) != 0;
}

}  // namespace tocsin::collectors
