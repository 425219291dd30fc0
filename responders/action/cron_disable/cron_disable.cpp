#include "responders/action/cron_disable/cron_disable.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "responders/action/file_quarantine/file_quarantine.h"

namespace tocsin::responders {
namespace {

struct Place {
  std::string_view name;
  std::string_view folder;
};
// Where cron(8) looks. /etc/crontab is not among them: without it nothing of the system's runs.
constexpr std::array<Place, 6> places{{
    {"cron.d", "/etc/cron.d"},
    {"cron.hourly", "/etc/cron.hourly"},
    {"cron.daily", "/etc/cron.daily"},
    {"cron.weekly", "/etc/cron.weekly"},
    {"cron.monthly", "/etc/cron.monthly"},
    {"crontabs", "/var/spool/cron/crontabs"},
}};

Result<std::string> path_of(const Parameters& parameters, const std::string& root) {
  const std::string& file = parameters.text("file");
  const std::size_t slash = file.find('/');
  const std::string_view name = slash == std::string::npos ? "" : std::string_view(file).substr(slash + 1);
  const auto place = std::find_if(places.begin(), places.end(), [&](const Place& item) {
    return item.name == std::string_view(file).substr(0, slash);
  });
  if (place == places.end() || name.empty() || name.find('/') != std::string_view::npos || name == "." || name == "..")
    return fail(Code::invalid, fmt::format("\"{}\" names no table or script of cron's; see the parameter's help",
                                           escape_terminal(file.substr(0, 100))));
  return fmt::format("{}{}/{}", root, place->folder, name);
}

}  // namespace

Forecast describe_cron_disable(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.push_back(fmt::format("move {} of cron's into the quarantine, so that it runs no more",
                                       escape_terminal(parameters.text("file"))));
  forecast.touches.push_back({"file", parameters.text("file")});
  forecast.undo = "`tocsin action undo` puts it back byte for byte, with owner, mode, times and attributes";
  return forecast;
}

std::unique_ptr<Action> make_cron_disable(const ActionEnvironment& environment) {
  return make_quarantine({cron_disable_spec, &path_of, &describe_cron_disable}, environment);
}

}  // namespace tocsin::responders
