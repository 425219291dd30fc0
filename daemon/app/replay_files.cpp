#include "daemon/app/replay_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "collectors/base/digest.h"
#include "collectors/log/evtx/chunk_file.h"
#include "collectors/packet/capture/file.h"
#include "daemon/app/replay_logs.h"
#include "daemon/app/replay_packets.h"

namespace tocsin::daemon {

Result<void> InputSource::look() {
  constexpr std::size_t head_size = 64U << 10;
  const auto reader = ::dup(descriptor_.get());
  if (reader < 0) return fail_errno("cannot duplicate a descriptor", errno);
  const auto inflated = inflating_source(source_from_descriptor(reader, DescriptorOwner::source), head_size * 16);
  head_.resize(head_size);
  std::size_t have = 0;
  while (have < head_.size()) {
    auto got = inflated->read(std::span(head_).subspan(have));
    const bool broken = !got && (got.error().code == Code::invalid || got.error().code == Code::exhausted);
    if (!got && !broken && have == 0) return std::unexpected(std::move(got).error());
    if (!got || *got == 0) break;  // what is broken further on is the reader's to report
    have += *got;
  }
  head_.resize(have);
  if (::lseek(descriptor_.get(), 0, SEEK_SET) < 0)
    return fail(Code::usage, "it is a pipe; say what it holds, or give a file");
  return {};
}

Result<void> InputSource::rewind() {
  if (::lseek(descriptor_.get(), 0, SEEK_SET) < 0) return fail_errno("cannot read it again", errno);
  return {};
}

Result<InputKind> InputSource::settle_kind(InputKind wanted) {
  if (wanted != InputKind::automatic) return wanted;
  TOCSIN_CHECK(look());
  if (collectors::is_capture(head_)) return InputKind::pcap;
  if (collectors::is_evtx(head_)) return InputKind::evtx;
  return guess_log_kind(head_).value_or(InputKind::file);
}

Result<std::unique_ptr<ReplayInput>> open_packet_input(InputSource source, const RecordingInput& input,
                                                       const LaneContext& context,
                                                       const collectors::PacketOptions& options,
                                                       const std::string& filter, WorkerPool& pool,
                                                       std::vector<ActiveRules>& active) {
  TOCSIN_TRY(auto file,
             collectors::CaptureFile::open(source_from_descriptor(source.release(), DescriptorOwner::source)));
  collectors::PacketOptions own = options;
  own.source = "pcap:" + input.name;
  own.identity = own.source;
  own.host = context.host;
  own.exercise = context.exercise == Exercise::yes;
  std::optional<collectors::FrameFilter> compiled;
  if (!filter.empty()) {
    TOCSIN_TRY(compiled, collectors::FrameFilter::compile(filter));
  }
  return std::make_unique<PacketInput>(std::move(file), std::move(compiled), context, own, pool, active);
}

namespace {

class FileInput final : public ReplayInput {
 public:
  FileInput(std::vector<std::uint8_t> bytes, RecordingInput input, const LaneContext& context, Time observed,
            std::vector<ActiveRules>& active)
      : bytes_(std::move(bytes)),
        input_(std::move(input)),
        host_(context.host),
        exercise_(context.exercise),
        observed_(observed),
        lane_(context, active) {}

  Time at() const override { return observed_; }
  Result<bool> round(std::vector<EventBatch>&, std::vector<rules::Alert>& alerts) override {
    rules::FileView file;
    file.path = input_.name;
    file.name = std::string_view(input_.name).substr(input_.name.rfind('/') + 1);
    file.bytes = bytes_;
    file.observed = observed_;
    file.host = host_;
    file.exercise = exercise_;
    const auto digest = sha256(bytes_);
    file.id = hash128(Bytes(digest), hash64(input_.name));
    lane_.inspect(file);
    alerts = lane_.take_alerts();
    return false;
  }
  std::uint64_t bytes_read() const override { return bytes_.size(); }
  void summarize(ReplaySummary& summary) const override {
    ++summary.files;
    if (bytes_.empty()) summary.remarks.push_back(input_.name + ": is empty; check how it was copied or recorded");
  }

 private:
  std::vector<std::uint8_t> bytes_;
  RecordingInput input_;
  std::string host_;
  Exercise exercise_;
  Time observed_;
  EventLane lane_;
};

}  // namespace

Result<std::unique_ptr<ReplayInput>> open_file_input(InputSource source, const RecordingInput& input,
                                                     const LaneContext& context, std::vector<ActiveRules>& active) {
  constexpr std::size_t most = 256U << 20;
  const int descriptor = source.release();
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return fail_errno("cannot look at " + input.name, errno);
  auto reader = source_from_descriptor(descriptor, DescriptorOwner::source);
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint8_t> part(1U << 20);
  for (;;) {
    TOCSIN_TRY(const std::size_t got, reader->read(part));
    if (got == 0) break;
    if (bytes.size() + got > most)
      return fail(Code::exhausted, input.name + " is larger than 256 MiB; split it or scan it with yara");
    bytes.insert(bytes.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(got));
  }
  const Time modified{std::chrono::seconds{status.st_mtim.tv_sec} + std::chrono::nanoseconds{status.st_mtim.tv_nsec}};
  return std::make_unique<FileInput>(std::move(bytes), input, context, input.observed.value_or(modified), active);
}

namespace {

class TextInput final : public ReplayInput {
 public:
  TextInput(std::unique_ptr<ReplayInput> log, InputSource again, RecordingInput input, LaneContext context,
            std::vector<ActiveRules>& active)
      : log_(std::move(log)), again_(std::move(again)), input_(std::move(input)), context_(context), active_(active) {}

  Time at() const override { return log_->at(); }
  Result<bool> round(std::vector<EventBatch>& events, std::vector<rules::Alert>& alerts) override {
    if (file_) return file_->round(events, alerts);
    const std::size_t before = events.size();
    TOCSIN_TRY(const bool more, log_->round(events, alerts));
    for (std::size_t i = before; i < events.size() && !known_; ++i)
      known_ = std::ranges::any_of(events[i].events(), [](const Event& event) {
        return event.header().event_class != EventClass::generic || !event.header().dataset.empty();
      });
    if (more || known_) return more;
    TOCSIN_CHECK(again_.rewind());
    auto file = open_file_input(std::move(again_), input_, context_, active_);
    if (!file) return false;  // too large to be what YARA is for; it was read as a log
    file_ = std::move(*file);
    return true;
  }
  std::uint64_t bytes_read() const override { return log_->bytes_read(); }
  void summarize(ReplaySummary& summary) const override {
    log_->summarize(summary);
    if (file_) ++summary.files;
  }

 private:
  std::unique_ptr<ReplayInput> log_;
  InputSource again_;
  RecordingInput input_;
  LaneContext context_;
  std::vector<ActiveRules>& active_;
  std::unique_ptr<ReplayInput> file_;
  bool known_ = false;
};

}  // namespace

std::unique_ptr<ReplayInput> with_file_view(std::unique_ptr<ReplayInput> log, InputSource again,
                                            const RecordingInput& input, const LaneContext& context,
                                            std::vector<ActiveRules>& active) {
  return std::make_unique<TextInput>(std::move(log), std::move(again), input, context, active);
}

}  // namespace tocsin::daemon
