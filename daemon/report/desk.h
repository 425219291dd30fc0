#pragma once
// Scheduled reports: finds what is due, writes the files, and records the period as made. Files come first, under names
// that follow from the period, then the record in one transaction: a crash in between means the same files once more,
// never a second report.
//
// The store's thread. A report reads through a connection of its own and takes as long as its period has alerts.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/report/report_model.h"
#include "daemon/report/schedule.h"
#include "daemon/store/store.h"

namespace tocsin::daemon {

class ReportDesk {
 public:
  // At most this many periods of one schedule are caught up; the newest.
  static constexpr std::size_t catch_up_most = 31;

  // `configs` with resolved directories. `host` and `organization` as in ReportScope. Errors: a calendar or a time zone
  // that cannot be read, named by its position in the list.
  static Result<ReportDesk> open(Store& store, const Clock& clock, const std::vector<ReportConfig>& configs,
                                 std::string host, std::string organization);

  struct Made {
    ReportRow row;
    std::optional<Error> trouble;  // the files could not be made; it stays due
  };
  // Everything that is due now. A report that fails does not keep the others from being made.
  Result<std::vector<Made>> run_due();
  // When to call `run_due` again; nothing without schedules.
  std::optional<Time> next() const;

 private:
  struct Line {
    ReportConfig config;
    Schedule schedule;
    std::string key;  // names the schedule in the store
  };
  ReportDesk(Store& store, const Clock& clock, std::string host, std::string organization)
      : store_(&store), clock_(&clock), host_(std::move(host)), organization_(std::move(organization)) {}
  Result<Time> reported(const Line& line);
  Result<ReportRow> make(const Line& line, const Period& period);

  Store* store_;
  const Clock* clock_;
  std::string host_;
  std::string organization_;
  std::vector<Line> lines_;
};

// Renders into DIRECTORY/NAME + suffix for each format, each file whole or not at all. The paths.
Result<std::vector<std::string>> write_report(const Report& report, const std::filesystem::path& directory,
                                              std::string_view name, const std::vector<ReportFormat>& formats);
// "daily-2026-11-22T0600+0700": safe as a file name, whatever the period is called.
std::string report_file_name(ReportKind kind, std::string_view period);

}  // namespace tocsin::daemon
