// replay.run: a recording through the running daemon. Its inputs come as descriptors; everything of it carries the
// exercise mark, is decided by state of its own and never lets an action apply.

#include <fmt/format.h>
#include <boost/json.hpp>

#include "daemon/app/live/daemon.h"
#include "daemon/app/replay.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

std::string string_in(const json::object& object, std::string_view key) {
  const auto* found = object.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string{};
}

Result<Recording> recording_of(const json::object& params) {
  Recording out;
  out.name = string_in(params, "name");
  out.exercise = Exercise::yes;
  const auto* inputs = params.if_contains("inputs");
  if (inputs == nullptr || !inputs->is_array()) return fail(Code::usage, "inputs are missing");
  for (const auto& value : inputs->get_array()) {
    if (!value.is_object()) return fail(Code::usage, "an input is not an object");
    const auto& object = value.get_object();
    RecordingInput input;
    input.name = string_in(object, "name");
    input.path = input.name;
    const auto kind = parse_input_kind(string_in(object, "kind"));
    if (!kind) return fail(Code::usage, input.name + ": unknown kind");
    input.kind = *kind;
    input.host = string_in(object, "host");
    input.time_zone = string_in(object, "timezone");
    if (const auto* year = object.if_contains("year"); year != nullptr && year->is_int64())
      input.year = static_cast<int>(year->get_int64());
    input.observed = parse_time(string_in(object, "observed"));
    out.inputs.push_back(std::move(input));
  }
  return out;
}

class ToInbox final : public rules::AlertSink {
 public:
  explicit ToInbox(std::uint64_t& count) : count_(count) {}
  void raise(rules::Alert alert) override {
    ++count_;
    alert.exercise = Exercise::yes;
    alerts_.push_back(std::move(alert));
  }
  std::vector<rules::Alert> take() { return std::exchange(alerts_, {}); }

 private:
  std::uint64_t& count_;
  std::vector<rules::Alert> alerts_;
};

Result<void> play(Daemon& daemon, const Call& call, Reply& reply) {
  ReplayOptions options;
  TOCSIN_TRY(options.recording, recording_of(call.params()));
  const auto& given = call.descriptors();
  if (given.size() != options.recording.inputs.size()) return fail(Code::usage, "each input needs its descriptor");
  std::vector<int> numbers;
  for (const auto& descriptor : given) numbers.push_back(descriptor.get());
  options.descriptors = numbers;
  options.host = daemon.host();
  std::uint64_t alerts = 0;
  ToInbox sink(alerts);
  const auto generation = daemon.generations().current();
  Engines engines = generation->engines->fresh_copy();
  options.round_done = [&](std::span<const EventBatch>) -> Result<void> {
    Work work;
    work.decided = sink.take();
    if (!work.decided.empty() && !daemon.inbox().send(std::move(work)))
      return fail(Code::unreachable, "the daemon is stopping");
    return {};
  };
  options.progress = [&](std::uint64_t bytes, std::uint64_t) {
    return reply.progress("playing, KiB", bytes >> 10, 0) || true;
  };
  Replay replay(std::move(options), daemon.names(), engines, generation->decoders, sink);
  auto summary = replay.run();
  if (!summary) return std::unexpected(std::move(summary).error());
  TOCSIN_CHECK(daemon.settle());
  json::object row;
  row["recording"] = string_in(call.params(), "name");
  row["packets"] = summary->packets;
  row["events"] = summary->events;
  row["files"] = summary->files;
  row["alerts"] = alerts;
  reply.row(json::serialize(row));
  reply.summary("message", fmt::format("played {} packets, {} events and {} files as an exercise: {} alerts",
                                       summary->packets, summary->events, summary->files, alerts));
  return {};
}

}  // namespace

void add_exercise_method(MethodTable& methods, Daemon& daemon) {
  methods.add({"replay.run", Role::analyst, "a recording as an exercise",
               [&daemon](const Call& call, Reply& reply) { return play(daemon, call, reply); }});
}

}  // namespace tocsin::daemon
