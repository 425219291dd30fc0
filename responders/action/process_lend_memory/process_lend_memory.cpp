#include "responders/action/process_lend_memory/process_lend_memory.h"

#include <algorithm>
#include <fstream>
#include <map>

#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "collectors/base/text.h"
#include "responders/action/process_lend_memory/lent.h"
#include "responders/action/processes/target.h"

namespace tocsin::responders {
namespace {

constexpr Duration time_most = std::chrono::seconds(30);
constexpr Duration held_most = std::chrono::minutes(5);
constexpr std::size_t copies_most = 64;           // held, or handed over not long ago
constexpr std::size_t maps_lines_most = 131'072;  // vm.max_map_count is 65530 unless somebody raised it

DumpLimits limits_of(const Parameters& parameters) {
  DumpLimits out;
  out.bytes_most = std::min(parameters.number("bytes"), lent_bytes_most);
  out.time = std::min(parameters.duration("time"), time_most);
  return out;
}

// A quarter of what the host could give now (MemAvailable of proc_meminfo(5)): looking must not take it down.
std::uint64_t memory_to_spare() {
  std::ifstream file("/proc/meminfo");
  std::string name;
  std::uint64_t kibibytes = 0;
  for (std::string rest; file >> name >> kibibytes; std::getline(file, rest))
    if (name == "MemAvailable:") return (kibibytes << 10U) / 4;
  return lent_bytes_most;
}

struct Looked {
  HostProcess process;
  ProcessMemory memory;
  std::vector<Mapping> wanted;
};

Result<Looked> look_at(const Parameters& parameters) {
  Looked out;
  TOCSIN_TRY(out.process, target_process(parameters));
  TOCSIN_TRY(out.memory, open_memory(out.process));
  out.wanted = worth_copying(parse_maps(out.memory.maps, maps_lines_most).mappings);
  if (out.wanted.empty())
    return fail(Code::conflict,
                fmt::format("process {} has no memory of its own: a kernel thread, or it is ending", out.process.pid));
  return out;
}

struct Copy {
  OwnedDescriptor memory, index;  // empty once they were handed over
  std::uint64_t bytes = 0;
  std::string shown;
};

class ProcessLendMemory final : public Action {
 public:
  explicit ProcessLendMemory(const ActionEnvironment& environment) : clock_(environment.clock) {}
  const ActionSpec& spec() const noexcept override { return process_lend_memory_spec; }

  // Opens the memory, which is what may be refused, and reads none of it.
  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_process_lend_memory(parameters);
    const auto looked = look_at(parameters);
    if (!looked) {
      forecast.obstacle = looked.error().message;
      return forecast;
    }
    std::uint64_t bytes = 0;
    for (const Mapping& mapping : looked->wanted) bytes += mapping.size();
    forecast.now.push_back(shown(looked->process));
    forecast.now.push_back(fmt::format("{} worth looking at, {} bytes at most; pages it never touched are left out",
                                       counted(looked->wanted.size(), "mapping"), bytes));
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view key) override {
    if (const auto at = copies_.find(key); at != copies_.end()) {
      Outcome out;
      out.state = Outcome::State::already;
      out.summary = "copied before: " + at->second.shown;
      return out;
    }
    if (copies_.size() >= copies_most)
      return fail(Code::exhausted, fmt::format("{} copies were lent not long ago; ask again in a minute", copies_most));
    DumpLimits limits = limits_of(parameters);
    const std::uint64_t room = std::min(lent_bytes_most - held(), memory_to_spare());
    const bool is_short = room < limits.bytes_most;
    limits.bytes_most = std::min(limits.bytes_most, room);
    TOCSIN_TRY(const Looked looked, look_at(parameters));
    Copy copy;
    TOCSIN_TRY(copy.memory, make_memory_file("tocsin-lent-memory"));
    const Time begun = clock_.now();
    TOCSIN_TRY(const Dump dump, dump_memory(looked.memory, looked.wanted, copy.memory.get(), limits,
                                            [&] { return clock_.now() - begun; }));
    std::string cut = dump.cut;
    if (!cut.empty() && is_short) cut += ", which is what this host has room for now";
    if (cut.empty() && looked.memory.maps_cut) cut = "its memory map is larger than what is read of it";
    TOCSIN_CHECK(write_index(copy, render_index(looked.process, dump, cut)));
    TOCSIN_CHECK(seal_memory_file(copy.memory.get()));
    copy.bytes = dump.bytes;
    copy.shown =
        fmt::format("{} of {}, {} bytes", counted(dump.mappings.size(), "mapping"), shown(looked.process), dump.bytes);
    Outcome out;
    out.summary = copy.shown + " are held for who asked";
    if (!cut.empty())
      out.summary += fmt::format("; not all: {}, {} not copied to the end", cut, counted(dump.left_out, "mapping"));
    out.outputs = {{"bytes", std::to_string(dump.bytes)},
                   {"mappings", std::to_string(dump.mappings.size())},
                   {"complete", cut.empty() ? "true" : "false"},
                   {"sha256", dump.sha256},
                   {"executable", escape_terminal(looked.process.executable)}};
    out.expires_in = std::min(parameters.duration("ttl"), held_most);
    copies_.emplace(key, std::move(copy));
    return out;
  }

  Result<std::vector<OwnedDescriptor>> take(std::string_view key) override {
    const auto at = copies_.find(key);
    if (at == copies_.end()) return fail(Code::not_found, "no copy is held under this key (any more)");
    Copy& copy = at->second;
    if (!copy.memory) return fail(Code::conflict, "the copy was handed over already");
    std::vector<OwnedDescriptor> out;
    out.push_back(std::move(copy.memory));
    out.push_back(std::move(copy.index));
    return out;
  }

  Result<Verification> verify(const Parameters&, std::string_view key) override {
    const auto at = copies_.find(key);
    if (at == copies_.end()) return Verification{Presence::absent, "no copy is held"};
    return Verification{Presence::in_effect,
                        (at->second.memory ? "a copy is held: " : "a copy was handed over: ") + at->second.shown};
  }

  Result<Outcome> undo(const Parameters&, std::string_view key, std::string_view) override {
    const auto at = copies_.find(key);
    Outcome out;
    out.state = Outcome::State::undone;
    out.summary = at == copies_.end() ? "no copy is held"
                  : at->second.memory ? "the copy was dropped, nobody took it"
                                      : "nothing is held: the copy was handed over";
    if (at != copies_.end()) copies_.erase(at);
    return out;
  }

 private:
  std::uint64_t held() const {
    std::uint64_t out = 0;
    for (const auto& [key, copy] : copies_) out += copy.memory ? copy.bytes : 0;
    return std::min(out, lent_bytes_most);
  }

  static Result<void> write_index(Copy& copy, const std::string& text) {
    if (text.size() > index_bytes_most) return fail(Code::exhausted, "its memory is in too many pieces");
    TOCSIN_TRY(copy.index, make_memory_file("tocsin-lent-index"));
    if (!write_all(copy.index.get(), as_bytes(text))) return fail_errno("cannot write the index of the copy", errno);
    return seal_memory_file(copy.index.get());
  }

  const Clock& clock_;
  std::map<std::string, Copy, std::less<>> copies_;
};

}  // namespace

Forecast describe_process_lend_memory(const Parameters& parameters) {
  const DumpLimits limits = limits_of(parameters);
  Forecast forecast;
  forecast.would.push_back(
      fmt::format("lend a copy of the private memory of process {} to the program that asks, at most {} bytes and {}; "
                  "nothing of it is changed",
                  parameters.number("pid"), limits.bytes_most, render_duration(limits.time)));
  if (parameters.has("executable"))
    forecast.would.push_back(fmt::format("only if it runs {}", escape_terminal(parameters.text("executable"))));
  forecast.touches.push_back({"process", std::to_string(parameters.number("pid"))});
  forecast.undo = fmt::format("by itself after {}: a copy that nobody took is dropped",
                              render_duration(std::min(parameters.duration("ttl"), held_most)));
  return forecast;
}

std::unique_ptr<Action> make_process_lend_memory(const ActionEnvironment& environment) {
  return std::make_unique<ProcessLendMemory>(environment);
}

}  // namespace tocsin::responders
