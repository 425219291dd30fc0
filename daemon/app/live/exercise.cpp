// replay.run: a recording through the running daemon. Its inputs come as descriptors; everything of it carries the
// exercise mark, is decided by state of its own and never lets an action apply.

#include <set>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/counted.h"
#include "daemon/app/live/daemon.h"
#include "daemon/app/replay.h"
#include "daemon/store/reader.h"

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
    input.program = string_in(object, "program");
    if (const auto* year = object.if_contains("year"); year != nullptr && year->is_int64())
      input.year = static_cast<int>(year->get_int64());
    input.observed = parse_time(string_in(object, "observed"));
    out.inputs.push_back(std::move(input));
  }
  return out;
}

class ToInbox final : public rules::AlertSink {
 public:
  void raise(rules::Alert alert) override {
    alert.exercise = Exercise::yes;
    alerts_.push_back(std::move(alert));
  }
  std::vector<rules::Alert> take() { return std::exchange(alerts_, {}); }

 private:
  std::vector<rules::Alert> alerts_;
};

// What an exercise raised, and what of it the store had before: the same recording raises the same alerts.
class Tally {
 public:
  Result<void> open(const std::string& store) {
    TOCSIN_TRY(reader_, StoreReader::open(store));
    return {};
  }
  void count(const std::vector<rules::Alert>& alerts) {
    for (const auto& alert : alerts) {
      ++all_;
      if (reader_->alert(render_digest(alert.id))) ++known_;
      if (ids_.size() < ids_most) ids_.push_back(alert.id);
    }
  }
  // Aliases of the incidents that hold them; asked when all are committed.
  std::vector<std::string> incidents() {
    std::set<IncidentId> found;
    std::vector<std::string> out;
    for (const auto& id : ids_)
      if (const auto alert = reader_->alert(render_digest(id)); alert && alert->incident)
        if (found.insert(alert->incident).second)
          if (const auto incident = reader_->incident(alert->incident); incident) out.push_back(incident->alias);
    return out;
  }
  std::uint64_t all() const noexcept { return all_; }
  std::uint64_t known() const noexcept { return known_; }

 private:
  static constexpr std::size_t ids_most = 10'000;
  std::unique_ptr<StoreReader> reader_;
  std::vector<rules::AlertId> ids_;
  std::uint64_t all_ = 0;
  std::uint64_t known_ = 0;
};

std::string outcome_text(const ReplaySummary& summary, const Tally& tally, const std::vector<std::string>& incidents) {
  auto out = fmt::format("played {}, {} and {} as an exercise: ", counted(summary.packets, "packet"),
                         counted(summary.events, "event"), counted(summary.files, "file"));
  if (tally.known() == 0) out += counted(tally.all(), "alert");
  else if (tally.known() == tally.all())
    out += counted(tally.all(), "alert") + ", all known from an earlier play; nothing was added";
  else out += fmt::format("{}, {} of them known from an earlier play", counted(tally.all(), "alert"), tally.known());
  constexpr std::size_t named_most = 3;
  for (std::size_t i = 0; i < incidents.size() && i < named_most; ++i)
    out += fmt::format("\ntocsin incident show {}", incidents[i]);
  if (incidents.size() > named_most)
    out += fmt::format("\nand {} more incidents: tocsin incident list --exercise", incidents.size() - named_most);
  return out;
}

Result<void> play(Daemon& daemon, const Call& call, Reply& reply) {
  ReplayOptions options;
  TOCSIN_TRY(options.recording, recording_of(call.params()));
  const auto& given = call.descriptors();
  if (given.size() != options.recording.inputs.size()) return fail(Code::usage, "each input needs its descriptor");
  std::vector<int> numbers;
  for (const auto& descriptor : given) numbers.push_back(descriptor.get());
  options.descriptors = numbers;
  options.host = daemon.host();
  Tally tally;
  TOCSIN_CHECK(tally.open(daemon.config().store.directory));
  ToInbox sink;
  const auto generation = daemon.generations().current();
  Engines engines = generation->engines->fresh_copy();
  options.round_done = [&](std::span<const EventBatch>) -> Result<void> {
    Work work;
    work.decided = sink.take();
    tally.count(work.decided);
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
  const auto incidents = tally.incidents();
  json::object row;
  row["recording"] = string_in(call.params(), "name");
  row["packets"] = summary->packets;
  row["events"] = summary->events;
  row["files"] = summary->files;
  row["alerts"] = tally.all();
  row["known"] = tally.known();
  row["incidents"] = json::array(incidents.begin(), incidents.end());
  reply.row(json::serialize(row));
  if (!summary->remarks.empty()) reply.summary("remark", fmt::format("{}", fmt::join(summary->remarks, "\n")));
  reply.summary("message", outcome_text(*summary, tally, incidents));
  return {};
}

}  // namespace

void add_exercise_method(MethodTable& methods, Daemon& daemon) {
  methods.add({"replay.run", Role::analyst, "a recording as an exercise",
               [&daemon](const Call& call, Reply& reply) { return play(daemon, call, reply); }});
}

}  // namespace tocsin::daemon
