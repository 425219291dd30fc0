#include "daemon/report/desk.h"

#include <fmt/format.h>

#include <algorithm>

#include "collectors/base/descriptor.h"

namespace tocsin::daemon {
std::string report_file_name(ReportKind kind, std::string_view period) {
  std::string out(name_of(kind));
  out += '-';
  for (const char c : period) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+';
    if (plain) out += c;
  }
  return out;
}

Result<std::vector<std::string>> write_report(const Report& report, const std::filesystem::path& directory,
                                              std::string_view name, const std::vector<ReportFormat>& formats) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error)
    return fail(Code::denied,
                fmt::format("cannot make the report directory {}: {}; make it writable for the user tocsind "
                            "runs as",
                            directory.string(), error.message()));
  std::vector<std::string> out;
  for (const auto format : formats) {
    const auto path = directory / (std::string(name) + std::string(file_suffix(format)));
    TOCSIN_CHECK(replace_file(path.string(), as_bytes(render(report, format)), 0640));
    out.push_back(path.string());
  }
  return out;
}

Result<ReportDesk> ReportDesk::open(Store& store, const Clock& clock, const std::vector<ReportConfig>& configs,
                                    std::string host, std::string organization) {
  ReportDesk desk(store, clock, std::move(host), std::move(organization));
  std::size_t position = 0;
  for (const auto& config : configs) {
    ++position;
    const auto where = fmt::format("in entry {} of reports", position);
    if (config.kind == ReportKind::incident)
      return fail(Code::invalid,
                  fmt::format("{}: incident reports are made on demand, not on a schedule; use `tocsin report "
                              "make incident`",
                              where));
    auto schedule = Schedule::parse(config.calendar, config.time_zone);
    if (!schedule) return std::unexpected(std::move(schedule).error().within(where));
    auto key = fmt::format("{} {} {}", name_of(config.kind), config.calendar, config.time_zone);
    desk.lines_.push_back({config, std::move(*schedule), std::move(key)});
  }
  return desk;
}

// Up to when this schedule was reported. At first sight that is now: nobody asked for reports of the time before.
Result<Time> ReportDesk::reported(const Line& line) {
  TOCSIN_TRY(const auto last, store_->records().last_report(line.key));
  if (last) return last->until;
  const auto now = clock_->now();
  TOCSIN_CHECK(store_->records().put_report({line.key + "/begin", line.key, now, now, now, {}}));
  return now;
}

Result<ReportRow> ReportDesk::make(const Line& line, const Period& period) {
  TOCSIN_TRY(auto reader, StoreReader::open(store_->directory()));
  ReportScope scope{host_,         organization_,      line.schedule.zone(), line.config.time_zone,
                    clock_->now(), line.config.max_tlp};
  TOCSIN_TRY(const auto report, make_periodic(*reader, line.config.kind, period, scope));
  const auto name = report_file_name(line.config.kind, period.name);
  TOCSIN_TRY(auto files, write_report(report, line.config.directory, name, line.config.formats));
  return ReportRow{line.key + "/" + period.name, line.key, period.since, period.until, scope.made, std::move(files)};
}

Result<std::vector<ReportDesk::Made>> ReportDesk::run_due() {
  std::vector<Made> out;
  for (const auto& line : lines_) {
    TOCSIN_TRY(const auto since, reported(line));
    const std::size_t most = line.config.catch_up ? catch_up_most : 1;
    for (const auto& period : line.schedule.due(since, clock_->now(), most)) {
      auto row = make(line, period);
      if (!row) {
        out.push_back(
            {{line.key + "/" + period.name, line.key, period.since, period.until, {}, {}}, std::move(row).error()});
        break;  // later periods wait: they must not overtake this one
      }
      TOCSIN_TRY(const bool first, store_->records().put_report(*row));
      if (first) out.push_back({std::move(*row), std::nullopt});
    }
  }
  return out;
}

std::optional<Time> ReportDesk::next() const {
  std::optional<Time> soonest;
  for (const auto& line : lines_) {
    const auto next = line.schedule.next(clock_->now());
    if (next && (!soonest || *next < *soonest)) soonest = next;
  }
  return soonest;
}

}  // namespace tocsin::daemon
