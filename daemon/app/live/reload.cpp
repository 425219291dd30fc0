// SIGHUP. What can change while everything runs is made anew beside it and then taken into use; a mistake keeps the
// old.

#include <filesystem>
#include <future>

#include <fmt/format.h>

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
  return due && clock_.now() >= *due;
}

Result<void> Daemon::reload(const ReloadGate& gate) {
  const std::lock_guard lock(reload_mutex_);
  auto done = reload_with(gate);
  if (!done) log_.error("reload: " + done.error().text() + "; what is in force stays");
  return done;
}

Result<void> Daemon::reload_with(const ReloadGate& gate) {
  Diagnostics diagnostics;
  auto read = read_config(places_.config, places_, diagnostics);
  for (const auto& d : diagnostics.all()) log_.warning(render_text(d));
  if (!read) return std::unexpected(std::move(read).error());
  auto reports = ReportDesk::open(keeper_->store(), clock_, read->reports, host_, config_.host.organization);
  if (!reports) return std::unexpected(std::move(reports).error().within("opening the reports"));
  TOCSIN_TRY(auto next, load_generation(*read, generations_->number() + 1));
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
  auto promise = std::make_shared<std::promise<void>>();
  auto done = promise->get_future();
  Work work;
  work.task = [this, promise, made = std::move(next), desk = std::move(*reports)](CaseworkThread& casework) mutable {
    made->engines->inherit(*generations_->current()->engines);
    generations_->replace(made);
    casework.use(std::move(desk));
    log_.info("reloaded");
    promise->set_value();
  };
  if (!inbox_.send(std::move(work))) return fail(Code::unreachable, "the daemon is stopping");
  done.get();
  return {};
}

}  // namespace tocsin::daemon
