#include "responders/action/process_dump_maps/process_dump_maps.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "collectors/base/digest.h"
#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "responders/action/file_quarantine/files.h"
#include "responders/action/process_dump_maps/dump.h"
#include "responders/action/processes/target.h"

namespace tocsin::responders {
namespace {

constexpr std::uint64_t bytes_most = 4ULL << 30U;
constexpr Duration time_most = std::chrono::minutes(1);
constexpr std::size_t maps_lines_most = 131'072;  // vm.max_map_count is 65530 unless somebody raised it
constexpr const char* maps_name = "maps.txt";
constexpr const char* memory_name = "memory.bin";
constexpr const char* manifest_name = "manifest.json";

DumpLimits limits_of(const Parameters& parameters) {
  DumpLimits out;
  out.bytes_most = std::min(parameters.number("bytes"), bytes_most);
  out.time = std::min(parameters.duration("time"), time_most);
  return out;
}

std::string name_of(std::string_view key) { return render_digest(sha256(as_bytes(key))).substr(0, 32); }

void write_mapping(JsonWriter& writer, const DumpedMapping& dumped) {
  const Mapping& mapping = dumped.mapping;
  writer.begin_object()
      .member("begin", fmt::format("{:x}", mapping.begin))
      .member("end", fmt::format("{:x}", mapping.end))
      .member("permissions", mapping.permissions())
      .member("path", escape_terminal(mapping.path))
      .member("file_offset", mapping.offset)
      .member("copied", dumped.copied)
      .member("untouched", dumped.untouched)
      .member("unreadable", dumped.unreadable)
      .member("sha256", dumped.sha256);
  writer.key("runs").begin_array();
  for (const DumpedRun& run : dumped.runs)
    writer.begin_object()
        .member("begin", fmt::format("{:x}", run.begin))
        .member("bytes", run.size)
        .member("offset", run.offset)
        .end_object();
  writer.end_array().end_object();
}

struct Described {
  const HostProcess& process;
  const ProcessMemory& memory;
  const Dump& dump;
  std::size_t damaged = 0;
  std::string_view key;
  Time now{};
};

std::string manifest_of(const Described& all) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object()
      .member("version", 1)
      .member("key", all.key)
      .member("collected", render_time(all.now))
      .member("complete", all.dump.cut.empty() && !all.memory.maps_cut && all.damaged == 0)
      .member("cut", all.dump.cut)
      .member("mappings_left_out", all.dump.left_out)
      .member("maps_cut", all.memory.maps_cut)
      .member("maps_lines_not_understood", all.damaged);
  writer.key("process").begin_object();
  writer.member("pid", all.process.pid)
      .member("started", all.process.started)
      .member("uid", all.process.uid)
      .member("name", escape_terminal(all.process.name))
      .member("executable", escape_terminal(all.process.executable))
      .member("stopped", all.process.stopped())
      .end_object();
  writer.key("files").begin_array();
  writer.begin_object()
      .member("name", maps_name)
      .member("bytes", all.memory.maps.size())
      .member("sha256", render_digest(sha256(as_bytes(all.memory.maps))))
      .end_object();
  writer.begin_object()
      .member("name", memory_name)
      .member("bytes", all.dump.bytes)
      .member("sha256", all.dump.sha256)
      .end_object();
  writer.end_array();
  writer.key("mappings").begin_array();
  for (const DumpedMapping& mapping : all.dump.mappings) write_mapping(writer, mapping);
  writer.end_array().end_object();
  return out + "\n";
}

std::uint64_t total(const std::vector<Mapping>& mappings) {
  std::uint64_t out = 0;
  for (const Mapping& mapping : mappings) out += mapping.size();
  return out;
}

class ProcessDumpMaps final : public Action {
 public:
  explicit ProcessDumpMaps(const ActionEnvironment& environment)
      : clock_(environment.clock), directory_(environment.evidence_directory) {}
  const ActionSpec& spec() const noexcept override { return process_dump_maps_spec; }

  // Opens the memory, which is what may be refused, and reads none of it.
  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_process_dump_maps(parameters);
    const auto process = target_process(parameters);
    if (!process) {
      forecast.obstacle = process.error().message;
      return forecast;
    }
    forecast.now.push_back(shown(*process));
    const auto memory = open_memory(*process);
    if (!memory) {
      forecast.obstacle = memory.error().message;
      return forecast;
    }
    const auto wanted = worth_copying(parse_maps(memory->maps, maps_lines_most).mappings);
    forecast.now.push_back(fmt::format("{} worth copying, {} bytes at most; pages it never touched are left out",
                                       counted(wanted.size(), "mapping"), total(wanted)));
    if (wanted.empty()) forecast.obstacle = "it has no memory of its own: a kernel thread, or it is ending";
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view key) override {
    if (auto before = verify(parameters, key); before && before->presence == Presence::in_effect) {
      Outcome out;
      out.state = Outcome::State::already;
      out.summary = "copied before: " + before->detail;
      out.outputs = {{"folder", folder_of(key)}};
      return out;
    }
    TOCSIN_TRY(const HostProcess process, target_process(parameters));
    TOCSIN_TRY(const ProcessMemory memory, open_memory(process));
    const ParsedMaps maps = parse_maps(memory.maps, maps_lines_most);
    const auto wanted = worth_copying(maps.mappings);
    if (wanted.empty())
      return fail(Code::conflict,
                  fmt::format("process {} has no memory of its own: a kernel thread, or it is ending", process.pid));
    if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST)
      return fail_errno(fmt::format("cannot make {}", directory_), errno);
    TOCSIN_TRY(const OwnedDescriptor top, open_directory(directory_));
    TOCSIN_TRY(const OwnedDescriptor folder, make_directory(top.get(), name_of(key)));
    TOCSIN_CHECK(write_file(folder.get(), maps_name, memory.maps));
    auto dump = copy(memory, wanted, folder.get(), limits_of(parameters));
    if (!dump) {
      // Half of it without a manifest is nobody's evidence.
      ::unlinkat(folder.get(), memory_name, 0);
      return std::unexpected(std::move(dump).error());
    }
    // Last: with it the collection is whole.
    TOCSIN_CHECK(write_file(folder.get(), manifest_name,
                            manifest_of({process, memory, *dump, maps.damaged, key, clock_.now()})));
    return outcome_of(process, *dump, key);
  }

  Result<Verification> verify(const Parameters&, std::string_view key) override {
    struct stat status{};
    const std::string path = fmt::format("{}/{}", folder_of(key), manifest_name);
    if (::lstat(path.c_str(), &status) == 0) return Verification{Presence::in_effect, path};
    return Verification{Presence::absent, "nothing was copied, or not all of it"};
  }

  Result<Outcome> undo(const Parameters&, std::string_view, std::string_view) override {
    return fail(Code::conflict, "evidence is not taken back");
  }

 private:
  std::string folder_of(std::string_view key) const { return fmt::format("{}/{}", directory_, name_of(key)); }

  Result<Dump> copy(const ProcessMemory& memory, const std::vector<Mapping>& wanted, int folder,
                    const DumpLimits& limits) const {
    const OwnedDescriptor file(
        ::openat(folder, memory_name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return fail_errno("cannot make the file for the memory", errno);
    const Time begun = clock_.now();
    TOCSIN_TRY(auto dump, dump_memory(memory, wanted, file.get(), limits, [&] { return clock_.now() - begun; }));
    if (::fsync(file.get()) != 0) return fail_errno("cannot write the memory to the disk", errno);
    return dump;
  }

  Outcome outcome_of(const HostProcess& process, const Dump& dump, std::string_view key) const {
    Outcome out;
    out.summary = fmt::format("{} of {} are in {}, {} bytes", counted(dump.mappings.size(), "mapping"), shown(process),
                              folder_of(key), dump.bytes);
    if (!dump.cut.empty())
      out.summary +=
          fmt::format("; not all: {}, {} not copied to the end", dump.cut, counted(dump.left_out, "mapping"));
    out.outputs = {{"folder", folder_of(key)},
                   {"bytes", std::to_string(dump.bytes)},
                   {"mappings", std::to_string(dump.mappings.size())},
                   {"complete", dump.cut.empty() ? "true" : "false"},
                   {"sha256", dump.sha256},
                   {"executable", process.executable}};
    return out;
  }

  const Clock& clock_;
  const std::string directory_;
};

}  // namespace

Forecast describe_process_dump_maps(const Parameters& parameters) {
  const DumpLimits limits = limits_of(parameters);
  Forecast forecast;
  forecast.would.push_back(fmt::format(
      "copy the memory map and the private memory of process {} into the evidence, at most {} bytes and {}; "
      "nothing of it is changed",
      parameters.number("pid"), limits.bytes_most, render_duration(limits.time)));
  if (parameters.has("executable"))
    forecast.would.push_back(fmt::format("only if it runs {}", escape_terminal(parameters.text("executable"))));
  forecast.touches.push_back({"file", "the evidence"});
  forecast.undo = "nothing to undo: evidence is kept";
  return forecast;
}

std::unique_ptr<Action> make_process_dump_maps(const ActionEnvironment& environment) {
  return std::make_unique<ProcessDumpMaps>(environment);
}

}  // namespace tocsin::responders
