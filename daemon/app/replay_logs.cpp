#include "daemon/app/replay_logs.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/descriptor.h"
#include "collectors/log/input/log_input.h"

namespace tocsin::daemon {
namespace {

constexpr std::pair<InputKind, collectors::LogKind> kinds[] = {{InputKind::automatic, collectors::LogKind::automatic},
                                                               {InputKind::syslog, collectors::LogKind::syslog},
                                                               {InputKind::access, collectors::LogKind::access},
                                                               {InputKind::audit, collectors::LogKind::audit},
                                                               {InputKind::json, collectors::LogKind::json}};

class LogReplayInput final : public ReplayInput {
 public:
  LogReplayInput(OwnedDescriptor descriptor, collectors::LogInput input, std::string name)
      : descriptor_(std::move(descriptor)), input_(std::move(input)), name_(std::move(name)) {}

  Time at() const override { return at_; }

  Result<bool> round(std::vector<EventBatch>& events, std::vector<rules::Alert>&) override {
    EventBatch batch;
    auto more = input_.next(batch);
    if (!more) {
      // What came before the damage has been given; the rest of the replay goes on without this input.
      trouble_ = more.error().text();
      return false;
    }
    for (const auto& event : batch.events()) {
      at_ = std::max(at_, event.header().observed);
      bytes_ += event.original().size();
    }
    if (!batch.empty()) events.push_back(std::move(batch));
    return *more;
  }

  std::uint64_t bytes_read() const override { return bytes_; }

  void summarize(ReplaySummary& summary) const override {
    const auto counts = input_.counts();
    summary.unreadable += counts.broken;
    if (counts.lines == 0 && trouble_.empty())
      summary.remarks.push_back(name_ + ": is empty; check how it was copied or recorded");
    if (counts.broken != 0)
      summary.remarks.push_back(
          fmt::format("{}: {} of {} lines could not be read; they are kept whole", name_, counts.broken, counts.lines));
    if (counts.truncated != 0)
      summary.remarks.push_back(
          fmt::format("{}: {} lines were longer than the limit and cut", name_, counts.truncated));
    if (!trouble_.empty()) summary.remarks.push_back(name_ + ": " + trouble_);
  }

 private:
  OwnedDescriptor descriptor_;
  collectors::LogInput input_;
  std::string name_;
  std::string trouble_;
  Time at_ = Time::min();
  std::uint64_t bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<ReplayInput>> open_log_input(int descriptor, const RecordingInput& input, InputKind kind,
                                                    const LaneContext& context,
                                                    std::shared_ptr<const collectors::DecoderSet> decoders) {
  OwnedDescriptor owned(descriptor);
  collectors::LogInputOptions options;
  options.name = "file:" + input.name;
  for (const auto& [ours, theirs] : kinds)
    if (ours == kind) options.kind = theirs;
  options.host = input.host;
  options.program = input.program;
  if (!input.time_zone.empty()) {
    TOCSIN_TRY(options.zone, collectors::TimeZone::load(input.time_zone));
  }
  options.year = input.year.value_or(0);
  options.exercise = context.exercise;
  TOCSIN_TRY(auto log, collectors::LogInput::open(source_from_descriptor(owned.get(), DescriptorOwner::caller),
                                                  std::move(options), std::move(decoders), context.names));
  return std::make_unique<LogReplayInput>(std::move(owned), std::move(log), input.name);
}

std::optional<InputKind> guess_log_kind(Bytes head) {
  const auto guessed = collectors::guess_kind(head);
  if (!guessed) return std::nullopt;
  for (const auto& [ours, theirs] : kinds)
    if (theirs == *guessed) return ours;
  return std::nullopt;
}

}  // namespace tocsin::daemon
