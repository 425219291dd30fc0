#include "daemon/app/replay_logs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "collectors/base/descriptor.h"
#include "collectors/log/envelope/stamp.h"
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

// The year of the first line, for stamps without one: the latest that puts it no more than a day after the file was
// last written. What cannot be read so (compressed, no stamp at its head) is of the year in which it was written.
int first_year(int descriptor) {
  using std::chrono::floor, std::chrono::sys_days, std::chrono::year, std::chrono::year_month_day;
  using Days = std::chrono::days;
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return 0;
  const Time written{std::chrono::seconds{status.st_mtim.tv_sec}};
  const int year_written = static_cast<int>(year_month_day{floor<Days>(written)}.year());
  std::array<char, 256> head{};
  const auto got = ::pread(descriptor, head.data(), head.size(), 0);
  if (got <= 0) return year_written;
  std::string_view line(head.data(), static_cast<std::size_t>(got));
  constexpr std::size_t priority_most = 5;  // "<191>"
  if (const auto close = line.find('>'); line.starts_with('<') && close < priority_most) line.remove_prefix(close + 1);
  const auto stamp = collectors::read_stamp(collectors::StampForm::syslog, line);
  if (!stamp || stamp->has_year) return year_written;
  const year_month_day date{floor<Days>(stamp->local)};
  const sys_days day = year{year_written} / date.month() / date.day();
  return day > written + Days{1} ? year_written - 1 : year_written;
}

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
  options.year = input.year.value_or(first_year(owned.get()));
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
