#include "daemon/app/replay_evtx.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include <fmt/format.h>

#include "collectors/base/byte_source.h"
#include "collectors/log/evtx/evtx_input.h"

namespace tocsin::daemon {
namespace {

class EvtxReplayInput final : public ReplayInput {
 public:
  EvtxReplayInput(collectors::EvtxInput input, std::string name) : input_(std::move(input)), name_(std::move(name)) {}

  Time at() const override { return at_; }

  Result<bool> round(std::vector<EventBatch>& events, std::vector<rules::Alert>&) override {
    EventBatch batch;
    TOCSIN_TRY(const bool more, input_.next(batch));
    for (const auto& event : batch.events()) {
      at_ = std::max(at_, event.header().observed);
      bytes_ += event.original().size();
    }
    if (!batch.empty()) events.push_back(std::move(batch));
    return more;
  }

  std::uint64_t bytes_read() const override { return bytes_; }

  void summarize(ReplaySummary& summary) const override {
    const auto counts = input_.counts();
    const auto& file = input_.file();
    summary.unreadable += counts.broken;
    const auto remark = [&](std::string text) { summary.remarks.push_back(name_ + ": " + std::move(text)); };
    if (file.chunks().empty()) remark("holds no records; check how it was copied");
    if (file.cut()) remark("ends within a chunk; what is there was read");
    if (file.damaged() != 0) remark(fmt::format("{} chunks are overwritten and were left out", file.damaged()));
    for (const auto& trouble : input_.troubles()) remark(trouble);
    if (const auto all = counts.broken + counts.failed; all > input_.troubles().size())
      remark(fmt::format("{} more records and chunks could not be read", all - input_.troubles().size()));
    if (counts.recovered != 0) remark(fmt::format("{} records were found in damaged chunks", counts.recovered));
    if (counts.left_over != 0) remark(fmt::format("{} older records in free space were not read", counts.left_over));
  }

 private:
  collectors::EvtxInput input_;
  std::string name_;
  Time at_ = Time::min();
  std::uint64_t bytes_ = 0;
};

// Chunks are read by their places, which a stream has none of.
Result<OwnedDescriptor> unpack(OwnedDescriptor packed, const std::string& name) {
  constexpr std::uint64_t most = 1ULL << 30;
  std::array<std::uint8_t, 4> head{};
  const auto got = ::pread(packed.get(), head.data(), head.size(), 0);
  if (got < 0) return fail_errno("cannot read " + name, errno);
  if (compression_of(Bytes(head.data(), static_cast<std::size_t>(got))) == Compression::none) return packed;
  OwnedDescriptor memory(::memfd_create("tocsin-evtx", MFD_CLOEXEC));
  if (!memory) return fail_errno("cannot unpack " + name, errno);
  const auto source = inflating_source(source_from_descriptor(packed.get(), DescriptorOwner::caller), most);
  std::vector<std::uint8_t> part(1U << 20);
  for (;;) {
    auto n = source->read(part);
    if (!n && n.error().code == Code::exhausted)
      return fail(Code::exhausted, name + " is larger than 1 GiB unpacked; unpack it and name the file");
    if (!n || *n == 0) break;  // what came before the damage is read
    if (!write_all(memory.get(), {part.data(), *n})) return fail_errno("cannot unpack " + name, errno);
  }
  return memory;
}

}  // namespace

std::shared_ptr<collectors::EvtxReaderProcess> make_evtx_reader() {
  std::error_code error;
  const auto running = std::filesystem::read_symlink("/proc/self/exe", error).string();
  return std::make_shared<collectors::EvtxReaderProcess>(
      collectors::EvtxReaderOptions{.program = collectors::find_evtx_program(running)});
}

Result<std::unique_ptr<ReplayInput>> open_evtx_input(int descriptor, const RecordingInput& input,
                                                     const LaneContext& context,
                                                     std::shared_ptr<collectors::EvtxReaderProcess> reader,
                                                     std::shared_ptr<const collectors::DecoderSet> decoders) {
  TOCSIN_TRY(auto plain, unpack(OwnedDescriptor(descriptor), input.name));
  collectors::EvtxInputOptions options{.name = "file:" + input.name, .host = input.host, .exercise = context.exercise};
  TOCSIN_TRY(auto log, collectors::EvtxInput::open(std::move(plain), std::move(options), std::move(reader),
                                                   std::move(decoders), context.names));
  return std::make_unique<EvtxReplayInput>(std::move(log), input.name);
}

}  // namespace tocsin::daemon
