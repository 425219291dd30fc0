// What the daemon does with an alert once it is stored: the log, the sinks, the playbooks.

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "daemon/app/live/daemon.h"
#include "daemon/eve/alert_record.h"

namespace tocsin::daemon {
namespace {

using responders::Incident;

// Before and after the alert came in, so that each sink hears of an incident when it first reaches its threshold, also
// when that is after a restart.
struct Rise {
  std::optional<std::uint32_t> before;
  std::uint32_t after = 0;
};

Rise rise_of(const Incident& incident, const rules::AlertId& alert) {
  const auto& alerts = incident.alerts;
  const auto at = std::ranges::find(alerts, alert, &responders::IncidentAlert::id);
  Rise out;
  if (at == alerts.end()) return {incident.severity, incident.severity};
  if (at != alerts.begin()) out.before = responders::rate_severity({alerts.begin(), at});
  out.after = incident.severity_pinned ? incident.severity : responders::rate_severity({alerts.begin(), at + 1});
  return out;
}

std::string_view word_of(std::uint32_t severity) {
  if (severity >= 70) return "critical";
  return severity >= 40 ? "warning" : "info";
}

responders::Notice notice_of(const Incident& incident, const rules::Alert& alert, std::uint32_t severity) {
  responders::Notice out;
  out.id = render_uuid(incident.id.uuid) + "-" + std::to_string(severity);
  out.severity = word_of(severity);
  out.subject = fmt::format("{} on {}: {} (severity {})", incident.alias, incident.host, incident.title, severity);
  out.incident = incident.alias;
  out.host = incident.host;
  out.tlp = incident.tlp;
  out.body = fmt::format("{}\n\nOpened {}, {} so far.\nLast: {} ({}), severity {}.\n", out.subject,
                         render_time(incident.times.opened), counted(incident.alert_count, "alert"), alert.rule->title,
                         alert.rule->id, alert.severity);
  constexpr std::size_t entities_most = 20;
  std::size_t shown = 0;
  for (const auto& entity : incident.entities) {
    if (shown++ == entities_most) {
      out.body += fmt::format("and {} more\n", incident.entities.size() - entities_most);
      break;
    }
    out.body += fmt::format("{}: {}\n", rules::entity_kind_name(entity.kind), entity.value);
  }
  out.body += fmt::format("\ntocsin incident show {}\n", incident.alias);
  return out;
}

// The system log travels further than this host; what TLP:RED marks does not.
std::string logged_title(const rules::Alert& alert) {
  if (alert.tlp != rules::Tlp::red) return alert.rule->title;
  return fmt::format("withheld, {}; tocsin alert show {}", rules::tlp_label(alert.tlp),
                     render_digest(alert.id).substr(0, 8));
}

}  // namespace

void Daemon::withhold_record(const rules::Alert& alert) {
  eve_withheld_.add();
  log_.limited(LogLevel::info, "eve withheld",
               fmt::format("an alert marked {} is not written to eve.file, whose max_tlp is {}",
                           rules::tlp_label(alert.tlp), name_of(config_.eve.max_tlp)));
}

void Daemon::filed(const FiledAlert& filed) {
  const auto& alert = filed.alert;
  if (alert.exercise == Exercise::no)
    log_.limited(LogLevel::info, alert.rule->id,
                 fmt::format("alert: {} (severity {}, {})", logged_title(alert), alert.severity, alert.host));
  if (eve_ && alert.exercise == Exercise::no && filed.taken.how != responders::Taken::known) {
    eve_->count_alert();
    if (alert.tlp > config_.eve.max_tlp) withhold_record(alert);
    else if (eve_->records().alert.enabled) eve_->offer({make_alert_record(alert, eve_->records())});
  }
  if (filed.taken.how != responders::Taken::opened && filed.taken.how != responders::Taken::joined) return;
  const auto incident = keeper_->casework().incident(filed.taken.incident);
  if (!incident) return;
  response_->consider(*incident);
  if (incident->exercise == Exercise::yes) return;
  const auto rise = rise_of(*incident, alert.id);
  if (rise.before && *rise.before >= rise.after) return;
  Message message;
  message.severity = rise.after;
  message.told = rise.before;
  message.notice = notice_of(*incident, alert, rise.after);
  notify_->tell(std::move(message));
}

}  // namespace tocsin::daemon
