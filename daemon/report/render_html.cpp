// Reports as one self-contained page. Every text from outside passes `safe`.
#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "collectors/base/text.h"
#include "daemon/report/chart.h"
#include "daemon/report/render.h"
#include "daemon/report/style.h"

namespace tocsin::daemon {
namespace {

using responders::Incident;

std::string safe(std::string_view text) { return escape_html(escape_terminal(text)); }

class Page {
 public:
  explicit Page(const Report& report) : report_(report) {}

  std::string render() {
    head();
    if (report_.kind == ReportKind::incident) {
      incident_body(report_.incidents.front(), Open::yes);
      if (report_.alerts > 1) chart();
    } else {
      tiles();
      chart();
      incidents();
    }
    volume();
    metrics();
    actions();
    losses();
    record();
    return std::move(out_) + "</main></body></html>\n";
  }

 private:
  enum class Open : std::uint8_t { no, yes };
  struct Column {
    std::string_view name;
    bool number = false;
  };

  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  std::string local(Time time) const { return render_local(time, report_.scope.zone); }
  void time(Time time) { add("<time datetime=\"{}\">{}</time>", render_time(time), local(time)); }

  void head() {
    const auto& scope = report_.scope;
    const bool incident = report_.kind == ReportKind::incident;
    add("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width,initial-scale=1\"><meta http-equiv=\"Content-Security-Policy\" "
        "content=\"default-src "
        "'none'; style-src 'unsafe-inline'\"><meta name=\"referrer\" content=\"no-referrer\"><title>{} · "
        "{}</title><style>{}"
        "</style></head><body><main><header><h1>{}</h1>",
        safe(report_.title), safe(scope.host), report_style(), safe(report_.title));
    if (incident) add("<p>{}</p>", safe(report_.incidents.front().title));
    out_ += "<p class=\"soft\">";
    time(report_.period.since);
    out_ += " to ";
    time(report_.period.until);
    add(" · {} · made on {}", safe(scope.zone_name), safe(scope.host));
    if (!scope.organization.empty()) add(" for {}", safe(scope.organization));
    out_ += " at ";
    time(scope.made);
    out_ += "</p></header>";
    if (incident && report_.incidents.front().exercise == Exercise::yes)
      out_ += "<p class=\"exercise\"><b>Exercise.</b> This incident was played on purpose; it counts in no metric.</p>";
    if (report_.exercise_alerts != 0 || report_.exercise_incidents != 0)
      add("<p class=\"exercise\"><b>Exercises left out:</b> {}, {}.</p>", counted(report_.exercise_alerts, "alert"),
          counted(report_.exercise_incidents, "incident"));
    if (const auto text = withheld_text(report_); !text.empty()) add("<p class=\"exercise\">{}</p>", safe(text));
  }

  void tile(std::uint64_t number, std::string_view name, bool warn = false) {
    add("<div class=\"tile{}\"><b>{}</b><span>{}</span></div>", warn ? " warn" : "", number, name);
  }
  void tiles() {
    out_ += "<div class=\"tiles\">";
    tile(report_.alerts, "alerts");
    tile(report_.by_band[3] + report_.by_band[4], "of them high or critical");
    tile(report_.opened, "incidents opened");
    tile(report_.closed, "incidents closed");
    tile(report_.open_at_end, "incidents open", report_.open_at_end != 0);
    tile(report_.losses.size(), "blind intervals", !report_.losses.empty());
    out_ += "</div>";
  }

  void begin_table(std::string_view caption, std::initializer_list<Column> columns) {
    out_ += "<table>";
    if (!caption.empty()) add("<caption>{}</caption>", caption);
    out_ += "<thead><tr>";
    for (const auto& column : columns)
      add("<th scope=\"col\"{}>{}</th>", column.number ? " class=\"n\"" : "", column.name);
    out_ += "</tr></thead><tbody>";
  }
  void end_table() { out_ += "</tbody></table>"; }
  void number(std::uint64_t value) { add("<td class=\"n\">{}</td>", value); }
  void cell(std::string_view text) { add("<td>{}</td>", safe(text)); }
  void row_head(std::string_view text) { add("<tr><th scope=\"row\">{}</th>", safe(text)); }
  void badge(std::uint8_t severity) {
    add("<span class=\"badge s{}\" title=\"severity, {}\">{}</span>", static_cast<int>(band_of(severity)),
        band_name(band_of(severity)), severity);
  }

  void chart() {
    out_ += "<section><h2>Alerts over time</h2>";
    out_ += render_chart(report_);
    out_ += "<ul class=\"legend\">";
    for (std::size_t band = bands; band-- > 0;)
      add("<li><svg viewBox=\"0 0 11 11\" aria-hidden=\"true\"><rect class=\"band-{}\" width=\"11\" height=\"11\" "
          "rx=\"2\"/>"
          "</svg>{} {}</li>",
          band, band_name(static_cast<Band>(band)), report_.by_band[band]);
    out_ += "</ul><details><summary>The numbers</summary>";
    begin_table("Alerts by start of the interval and severity",
                {{"From"}, {"Critical", true}, {"High", true}, {"Medium", true}, {"Low", true}, {"Information", true}});
    for (const auto& bar : report_.bars) {
      std::uint64_t all = 0;
      for (const auto count : bar.counts) all += count;
      if (all == 0) continue;
      row_head(local(bar.start));
      for (std::size_t band = bands; band-- > 0;) number(bar.counts[band]);
      out_ += "</tr>";
    }
    end_table();
    out_ += "</details></section>";
  }

  void incidents() {
    out_ += "<section><h2>Incidents</h2>";
    if (report_.incidents.empty()) out_ += "<p class=\"soft\">None were open or changed in this period.</p>";
    for (const auto& incident : report_.incidents) incident_body(incident, Open::no);
    if (report_.incidents_left_out != 0)
      add("<p class=\"soft\">{} more, less severe, are left out; see <code>tocsin incident list</code>.</p>",
          report_.incidents_left_out);
    out_ += "</section>";
  }

  void incident_body(const Incident& incident, Open open) {
    out_ += open == Open::yes ? "<section><div class=\"head\">" : "<article><div class=\"head\">";
    badge(incident.severity);
    add("<h3>{} · {}</h3><span class=\"status\">{}{}</span></div>", safe(incident.alias), safe(incident.title),
        readable(responders::state_name(incident.state)),
        incident.verdict ? ", " + readable(responders::verdict_name(*incident.verdict)) : std::string());
    add("<p class=\"soft\">Host <b>{}</b> · owner {} · {} · first ", safe(incident.host),
        incident.owner.empty() ? "nobody" : safe(incident.owner), counted(incident.alert_count, "alert"));
    time(incident.times.first_event);
    out_ += " · last ";
    time(incident.times.last_event);
    out_ += "</p>";
    entities(incident);
    add("<details{}><summary>Timeline, {}</summary><ol class=\"timeline\">", open == Open::yes ? " open" : "",
        counted(incident.timeline.size(), "entry"));
    for (const auto& entry : incident.timeline) {
      const auto kind = responders::timeline_kind_name(entry.kind);
      add("<li class=\"{}\">", kind);
      time(entry.time);
      add("<span class=\"kind\">{}</span>{}", kind, safe(entry.text));
      if (!entry.actor.name.empty()) add(" <span class=\"soft\">{}</span>", safe(entry.actor.name));
      out_ += "</li>";
    }
    out_ += "</ol></details>";
    evidence(incident);
    out_ += open == Open::yes ? "</section>" : "</article>";
  }

  void entities(const Incident& incident) {
    if (incident.entities.empty()) return;
    constexpr std::size_t shown_most = 40;
    const auto named = entities_once(incident);
    out_ += "<p class=\"mono\">";
    for (std::size_t i = 0; i < named.size() && i < shown_most; ++i)
      add("<span class=\"soft\">{}</span> {} &nbsp; ", rules::entity_kind_name(named[i].kind), safe(named[i].value));
    if (named.size() > shown_most) add("and {} more", named.size() - shown_most);
    out_ += "</p>";
  }

  void evidence(const Incident& incident) {
    if (incident.evidence.empty()) return;
    begin_table("Evidence", {{"Name"}, {"Bytes", true}, {"SHA-256"}, {"Collected"}});
    for (const auto& e : incident.evidence) {
      row_head(e.name);
      number(e.size);
      add("<td><code>{}</code></td><td>{}</td></tr>", render_digest(e.digest), local(e.collected));
    }
    end_table();
  }

  void names(std::string_view title, const std::vector<NamedCount>& counts) {
    if (counts.empty()) return;
    out_ += "<div>";
    begin_table("", {{title}, {"Alerts", true}});
    for (const auto& entry : counts) {
      row_head(entry.name);
      number(entry.count);
      out_ += "</tr>";
    }
    end_table();
    out_ += "</div>";
  }

  void volume() {
    if (report_.rules.empty()) return;
    out_ += "<section><h2>Alert volume</h2>";
    begin_table("", {{"Rule"}, {"Engine"}, {"Severity", true}, {"Alerts", true}, {"With repeats", true}});
    for (const auto& rule : report_.rules) {
      add("<tr><th scope=\"row\">{} <span class=\"soft mono\">{}</span></th>", safe(rule.title), safe(rule.rule));
      cell(rule.engine);
      out_ += "<td class=\"n\">";
      badge(rule.severity);
      out_ += "</td>";
      number(rule.alerts);
      number(rule.count);
      out_ += "</tr>";
    }
    end_table();
    if (report_.rules_left_out != 0)
      add("<p class=\"soft\">{} more rules with fewer alerts.</p>", report_.rules_left_out);
    out_ += "<div class=\"columns\">";
    names("Tactic", report_.tactics);
    names("Engine", report_.engines);
    names("Host", report_.hosts);
    out_ += "</div></section>";
  }

  void metrics() {
    out_ += "<section><h2>Metrics</h2>";
    begin_table(report_.kind == ReportKind::incident ? "Of this incident"
                                                     : "Of the incidents above; median and 90th percentile",
                {{"Metric"}, {"Incidents", true}, {"p50", true}, {"p90", true}});
    for (const auto& row : report_.metrics) {
      row_head(row.name);
      number(row.samples);
      for (const auto value : {row.p50, row.p90})
        add("<td class=\"n\">{}</td>", row.samples == 0 ? std::string("–") : readable_duration(value));
      out_ += "</tr>";
    }
    end_table();
    if (!report_.verdicts.empty()) {
      out_ += "<p class=\"soft\">Closed as:";
      for (const auto& verdict : report_.verdicts) add(" {} {};", verdict.count, safe(readable(verdict.name)));
      out_.back() = '.';
      out_ += "</p>";
    }
    out_ += "</section>";
  }

  void actions() {
    out_ += "<section><h2>Actions</h2>";
    if (!report_.rehearsed.empty()) {
      out_ += "<div>";
      begin_table("", {{"Playbook, rehearsed only"}, {"Times", true}});
      for (const auto& playbook : report_.rehearsed) {
        row_head(playbook.name);
        number(playbook.count);
        out_ += "</tr>";
      }
      end_table();
      out_ += "</div>";
    }
    if (report_.actions.empty()) {
      add("<p class=\"soft\">{}</p></section>", no_action_text(report_));
      return;
    }
    begin_table("", {{"Action"}, {"Mode"}, {"Outcome"}, {"Times", true}});
    for (const auto& action : report_.actions) {
      row_head(action.action);
      cell(action.mode);
      cell(action.outcome);
      number(action.count);
      out_ += "</tr>";
    }
    end_table();
    out_ += "</section>";
  }

  void losses() {
    out_ += "<section><h2>What was not seen</h2>";
    if (report_.losses.empty()) {
      out_ += "<p class=\"soft\">No blind interval is on record for this period.</p></section>";
      return;
    }
    begin_table("", {{"Source"}, {"Cause"}, {"From"}, {"To"}, {"Lost", true}});
    for (const auto& loss : report_.losses) {
      row_head(loss.source);
      cell(loss.cause);
      cell(local(loss.since));
      cell(local(loss.until));
      number(loss.count);
      out_ += "</tr>";
    }
    end_table();
    out_ += "</section>";
  }

  void record() {
    out_ += "<section><h2>The record</h2>";
    begin_table("", {{"Chain"}, {"State"}, {"Entries", true}, {"Head"}});
    for (const auto& chain : report_.chains) {
      row_head(chain.name);
      if (chain.trouble.empty()) out_ += "<td><span class=\"good\">intact</span></td>";
      else add("<td><span class=\"bad\">broken</span> {}</td>", safe(chain.trouble));
      number(chain.entries);
      add("<td><code>{}</code></td></tr>", safe(chain.head));
    }
    end_table();
    out_ += "</section><footer>Tocsin " TOCSIN_VERSION "</footer>";
  }

  const Report& report_;
  std::string out_;
};

}  // namespace

std::string render_html(const Report& report) { return Page(report).render(); }

}  // namespace tocsin::daemon
