// SIGHUP. What can change while everything runs is made anew beside it and then taken into use; a mistake keeps the
// old.

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <thread>

#include <fmt/format.h>

#include "collectors/base/heap.h"
#include "daemon/app/live/daemon.h"

namespace tocsin::daemon {
namespace {

// Sections that were read once, when descriptors were opened and the sandbox closed.
std::vector<std::string_view> need_restart(const Config& before, const Config& after) {
  const auto only = [](const auto& pick, const Config& from) {
    Config blank;
    pick(blank) = pick(from);
    return render_config(blank);
  };
  std::vector<std::string_view> out;
  const auto look = [&](std::string_view name, const auto& pick) {
    if (only(pick, before) != only(pick, after)) out.push_back(name);
  };
  look("host", [](auto& c) -> auto& { return c.host; });
  look("collect", [](auto& c) -> auto& { return c.collect; });
  look("incidents", [](auto& c) -> auto& { return c.incidents; });
  look("respond", [](auto& c) -> auto& { return c.respond; });
  look("evidence", [](auto& c) -> auto& { return c.evidence; });
  look("eve", [](auto& c) -> auto& { return c.eve; });
  look("store", [](auto& c) -> auto& { return c.store; });
  look("control", [](auto& c) -> auto& { return c.control; });
  look("metrics", [](auto& c) -> auto& { return c.metrics; });
  look("limits", [](auto& c) -> auto& { return c.limits; });
  look("sandbox", [](auto& c) -> auto& { return c.sandbox; });
  return out;
}

}  // namespace

bool Daemon::reload_due() const {
  const auto due = generations_->current()->loads_again;
  const auto now = clock_.now();
  return due && now >= *due && now.time_since_epoch().count() >= reload_again_.load(std::memory_order_relaxed);
}

Result<void> Daemon::reload(const ReloadGate& gate) {
  const std::lock_guard lock(reload_mutex_);
  auto done = reload_with(gate);
  if (done) return done;
  constexpr Duration patience = std::chrono::minutes{5};
  reload_again_.store((clock_.now() + patience).time_since_epoch().count(), std::memory_order_relaxed);
  log_.error("reload: " + done.error().text() + "; what is in force stays");
  return done;
}

Result<void> Daemon::reload_with(const ReloadGate& gate) {
  Diagnostics diagnostics;
  auto read = read_config(places_.config, places_, diagnostics);
  for (const auto& d : diagnostics.all()) log_.warning(render_text(d));
  if (!read) return std::unexpected(std::move(read).error());
  auto reports = ReportDesk::open(keeper_->store(), clock_, read->reports, host_, config_.host.organization);
  if (!reports) return std::unexpected(std::move(reports).error().within("opening the reports"));
  // On a thread of its own that gives way: packets come first where there are as many workers as processors.
  datasets_.save(*generations_->current()->engines);  // what the new rules read is then as it was left
  std::optional<Result<GenerationRef>> loaded;
  std::thread loader([&] {
    ::setpriority(PRIO_PROCESS, 0, 5);  // of the calling thread (setpriority(2), "C library/kernel differences")
    loaded = load_generation(*read, generations_->number() + 1);
  });
  loader.join();
  TOCSIN_TRY(auto next, std::move(*loaded));
  if (gate) TOCSIN_CHECK(gate(*generations_->current(), *next));
  for (const auto section : need_restart(config_, *read))
    log_.warning(fmt::format("reload: `{}` changed; that takes effect with a restart", section));
  for (const auto& report : read->reports) {
    std::error_code error;
    std::filesystem::create_directories(report.directory, error);
    if (error) log_.warning(fmt::format("reload: {}: {}", report.directory, error.message()));
  }
  notify_->use(read->notify);
  if (eve_) {
    eve_->reopen();
    eve_->count_rules({next->engines->loaded(), next->refused, 0});
  }
  auto old = generations_->current();
  const auto number = next->number;
  for (auto& ring : packets_) ring->prepare(next);
  auto promise = std::make_shared<std::promise<void>>();
  auto done = promise->get_future();
  Work work;
  work.task = [this, promise, made = std::move(next), desk = std::move(*reports)](CaseworkThread& casework) mutable {
    made->engines->inherit(*generations_->current()->engines);
    generations_->replace(made);
    casework.use(std::move(desk));
    promise->set_value();
  };
  if (!inbox_.send(std::move(work))) return fail(Code::unreachable, "the daemon is stopping");
  done.get();
  put_away(std::move(old), number);
  return {};
}

// Taking a large set of rules apart takes long. It is done here, when nobody uses them any more, not by the packet or
// log worker that happens to be the last.
void Daemon::put_away(GenerationRef old, std::uint64_t number) {
  constexpr auto turn = std::chrono::milliseconds{5};
  constexpr int turns_most = 400;  // a worker whose interface is down comes by once a second
  int turn_number = 0;
  const auto wait = [&](const auto& until) {
    for (; !until() && turn_number < turns_most; ++turn_number) std::this_thread::sleep_for(turn);
  };
  wait([&] { return std::ranges::all_of(packets_, [&](const auto& ring) { return ring->uses(number); }); });
  Duration stall{};
  for (auto& ring : packets_) {
    ring->dispose();
    stall = std::max(stall, ring->stall());
  }
  wait([&] { return old.use_count() <= 1; });
  old.reset();
  return_unused_heap();
  if (packets_.empty()) return log_.info("reloaded");
  log_.info(fmt::format("reloaded; no packet worker waited longer than {} us",
                        std::chrono::ceil<std::chrono::microseconds>(stall).count()));
}

}  // namespace tocsin::daemon
