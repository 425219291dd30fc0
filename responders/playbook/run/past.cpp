// An ended run, replayed from its records for what it did: nothing is asked, nothing is written.
#include <algorithm>
#include <iterator>

#include "responders/playbook/run/run.h"

namespace tocsin::responders {
namespace {

class NobodyToAsk final : public ActionGateway, public CommandGateway {
 public:
  Result<Rehearsed> rehearse(const ActionRequest&) override { return nobody(); }
  Result<Applied> apply(const ActionRequest&) override { return nobody(); }
  Result<Verification> verify(const std::string&) override { return nobody(); }
  Result<Outcome> undo(const std::string&, const std::string&) override { return nobody(); }
  Result<GuardVerdict> judge(const CommandRequest&) override { return nobody(); }
  Result<CommandAnswer> run(const CommandRequest&) override { return nobody(); }
  void cancel(const std::string&) override {}

 private:
  // A failure that is not waited out.
  static std::unexpected<Error> nobody() { return fail(Code::denied, "it was not written down what came of it"); }
};

class Unwritten final : public RunJournal {
 public:
  Result<void> append(std::span<const RunRecord>) override { return {}; }
};

}  // namespace

Result<RunPast> past_of(RunSpec spec, const std::vector<RunRecord>& records, const Clock& clock,
                        const PlaybookLibrary* library) {
  NobodyToAsk nobody;
  Unwritten journal;
  // One that is held tells what it did before.
  std::vector<RunRecord> told = records;
  const auto last = std::find_if(told.rbegin(), told.rend(), [](const RunRecord& record) {
    return record.kind == RunRecord::Kind::paused || record.kind == RunRecord::Kind::continued;
  });
  if (last != told.rend() && last->kind == RunRecord::Kind::paused) told.erase(std::next(last).base());
  TOCSIN_TRY(const auto run, Run::resume(std::move(spec), told, nobody, journal, clock, library, {}, &nobody));
  TOCSIN_CHECK(run->poll());
  RunPast out;
  out.trace = run->trace();
  out.applied = run->applied();
  out.state = run->state();
  for (const StepTrace& step : out.trace)
    if (out.failed.empty() && step.type == StepType::action &&
        (step.status == StepStatus::failed || step.status == StepStatus::timed_out))
      out.failed = step.execution;
  return out;
}

}  // namespace tocsin::responders
