// SIGHUP. What can change while everything runs is made anew beside it and then taken into use; a mistake keeps the
// old.

#include <filesystem>

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

void Daemon::reload() {
  Diagnostics diagnostics;
  auto read = read_config(places_.config, places_, diagnostics);
  for (const auto& d : diagnostics.all()) log_.warning(render_text(d));
  if (!read) return log_.error("reload: " + read.error().text() + "; what is in force stays");
  auto reports = ReportDesk::open(keeper_->store(), clock_, read->reports, host_, config_.host.organization);
  if (!reports) return log_.error("reload: reports: " + reports.error().text() + "; what is in force stays");
  auto next = load_generation(*read, generations_->number() + 1);
  if (!next) return log_.error("reload: " + next.error().text() + "; what is in force stays");
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
    eve_->count_rules({(*next)->engines->loaded(), (*next)->refused, 0});
  }
  Work work;
  work.task = [this, made = std::move(*next), desk = std::move(*reports)](CaseworkThread& casework) mutable {
    made->engines->inherit(*generations_->current()->engines);
    generations_->replace(made);
    casework.use(std::move(desk));
    log_.info("reloaded");
  };
  inbox_.send(std::move(work));
}

}  // namespace tocsin::daemon
