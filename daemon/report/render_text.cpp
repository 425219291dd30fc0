// Reports as Markdown, CSV and JSON.
#include <fmt/format.h>

#include "collectors/base/counted.h"
#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "daemon/report/render.h"

namespace tocsin::daemon {
namespace {

// In a table cell or a line: nothing in it can end the cell or mark up the text.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : escape_terminal(text)) {
    if (std::string_view("\\`*_{}[]<>#|~").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

class Markdown {
 public:
  explicit Markdown(const Report& report) : report_(report) {}

  std::string render() {
    head();
    incidents();
    volume();
    metrics();
    health();
    return std::move(out_);
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  std::string local(Time time) const { return render_local(time, report_.scope.zone); }

  void head() {
    const auto& r = report_;
    add("# {}\n\n{} to {} ({}), made on {} at {}\n\n", plain(r.title), local(r.period.since), local(r.period.until),
        plain(r.scope.zone_name), plain(r.scope.host), local(r.scope.made));
    if (r.exercise_alerts != 0 || r.exercise_incidents != 0)
      add("> Exercises left out: {}, {}.\n\n", counted(r.exercise_alerts, "alert"),
          counted(r.exercise_incidents, "incident"));
    if (const auto text = withheld_text(r); !text.empty()) add("> {}\n\n", plain(text));
    add("| alerts | critical | high | medium | low | information | opened | closed | open | blind intervals |\n"
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n\n",
        r.alerts, r.by_band[4], r.by_band[3], r.by_band[2], r.by_band[1], r.by_band[0], r.opened, r.closed,
        r.open_at_end, r.losses.size());
  }

  void incidents() {
    out_ += "## Incidents\n\n";
    if (report_.incidents.empty()) out_ += "None were open or changed in this period.\n\n";
    for (const auto& i : report_.incidents) {
      add("### {} · {}\n\n", plain(i.alias), plain(i.title));
      if (i.exercise == Exercise::yes) out_ += "**Exercise**: played on purpose.\n\n";
      add("Severity {}, {}{}, host {}, owner {}, {}, {} to {}\n\n", i.severity,
          readable(responders::state_name(i.state)),
          i.verdict ? " (" + readable(responders::verdict_name(*i.verdict)) + ")" : "", plain(i.host),
          i.owner.empty() ? "nobody" : plain(i.owner), counted(i.alert_count, "alert"), local(i.times.first_event),
          local(i.times.last_event));
      entities(i);
      for (const auto& entry : i.timeline)
        add("- {} · {} · {}\n", local(entry.time), responders::timeline_kind_name(entry.kind), plain(entry.text));
      for (const auto& e : i.evidence)
        add("- evidence {} ({} bytes) SHA-256 {}\n", plain(e.name), e.size, render_digest(e.digest));
      out_ += '\n';
    }
    if (report_.incidents_left_out != 0)
      add("{} more incidents, less severe, are left out.\n\n", report_.incidents_left_out);
  }

  void entities(const responders::Incident& incident) {
    constexpr std::size_t shown_most = 40;
    const auto named = entities_once(incident);
    if (named.empty()) return;
    for (std::size_t i = 0; i < named.size() && i < shown_most; ++i)
      add("{}{} {}", i == 0 ? "About: " : ", ", rules::entity_kind_name(named[i].kind), plain(named[i].value));
    if (named.size() > shown_most) add(", and {} more", named.size() - shown_most);
    out_ += "\n\n";
  }

  void volume() {
    if (report_.rules.empty()) return;
    out_ += "## Alert volume\n\n| rule | engine | severity | alerts | with repeats |\n|---|---|---:|---:|---:|\n";
    for (const auto& rule : report_.rules)
      add("| {} ({}) | {} | {} | {} | {} |\n", plain(rule.title), plain(rule.rule), plain(rule.engine), rule.severity,
          rule.alerts, rule.count);
    if (report_.rules_left_out != 0) add("\n{} more rules with fewer alerts.\n", report_.rules_left_out);
    out_ += '\n';
    names("tactic", report_.tactics);
    names("engine", report_.engines);
    names("host", report_.hosts);
  }

  void names(std::string_view title, const std::vector<NamedCount>& counts) {
    if (counts.empty()) return;
    add("| {} | alerts |\n|---|---:|\n", title);
    for (const auto& entry : counts) add("| {} | {} |\n", plain(entry.name), entry.count);
    out_ += '\n';
  }

  void metrics() {
    out_ += "## Metrics\n\n| metric | incidents | p50 | p90 |\n|---|---:|---:|---:|\n";
    for (const auto& row : report_.metrics)
      add("| {} | {} | {} | {} |\n", plain(row.name), row.samples, row.samples == 0 ? "–" : readable_duration(row.p50),
          row.samples == 0 ? "–" : readable_duration(row.p90));
    for (const auto& verdict : report_.verdicts)
      add("\n{} closed as {}.\n", verdict.count, plain(readable(verdict.name)));
    out_ += "\n## Actions\n\n";
    if (!report_.rehearsed.empty()) {
      out_ += "| playbook, rehearsed only | times |\n|---|---:|\n";
      for (const auto& playbook : report_.rehearsed) add("| {} | {} |\n", plain(playbook.name), playbook.count);
      out_ += '\n';
    }
    if (report_.actions.empty()) add("{}\n\n", no_action_text(report_));
    else out_ += "| action | mode | outcome | times |\n|---|---|---|---:|\n";
    for (const auto& a : report_.actions)
      add("| {} | {} | {} | {} |\n", plain(a.action), plain(a.mode), plain(a.outcome), a.count);
    if (!report_.actions.empty()) out_ += '\n';
  }

  void health() {
    out_ += "## What was not seen\n\n";
    if (report_.losses.empty()) out_ += "No blind interval is on record for this period.\n\n";
    else out_ += "| source | cause | from | to | lost |\n|---|---|---|---|---:|\n";
    for (const auto& loss : report_.losses)
      add("| {} | {} | {} | {} | {} |\n", plain(loss.source), plain(loss.cause), local(loss.since), local(loss.until),
          loss.count);
    if (!report_.losses.empty()) out_ += '\n';
    out_ += "## The record\n\n";
    for (const auto& chain : report_.chains)
      add("- {}: {}, {}, head {}\n", plain(chain.name),
          chain.trouble.empty() ? "intact" : "BROKEN: " + plain(chain.trouble), counted(chain.entries, "entry"),
          chain.head.empty() ? "none" : plain(chain.head));
  }

  const Report& report_;
  std::string out_;
};

// One flat table: section, name, detail, time, until, severity, count. RFC 4180.
class Csv {
 public:
  explicit Csv(const Report& report) : report_(report) {}

  std::string render() {
    const auto& r = report_;
    out_ = "section,name,detail,time,until,severity,count\r\n";
    row("report", r.title, r.scope.host, render_time(r.period.since), render_time(r.period.until), "", r.alerts);
    for (std::size_t band = bands; band-- > 0;)
      row("severity", band_name(static_cast<Band>(band)), "", "", "", "", r.by_band[band]);
    row("exercise", "alerts left out", "", "", "", "", r.exercise_alerts);
    if (r.withheld_alerts != 0) row("withheld", "alerts", withheld_text(r), "", "", "", r.withheld_alerts);
    if (r.withheld_incidents != 0) row("withheld", "incidents", withheld_text(r), "", "", "", r.withheld_incidents);
    for (const auto& bar : r.bars)
      for (std::size_t band = 0; band < bands; ++band)
        if (bar.counts[band] != 0)
          row("time", band_name(static_cast<Band>(band)), "", render_time(bar.start),
              render_time(bar.start + r.bar_width), "", bar.counts[band]);
    for (const auto& rule : r.rules)
      row("rule", rule.rule, rule.engine + ": " + rule.title, "", "", std::to_string(rule.severity), rule.alerts);
    for (const auto& tactic : r.tactics) row("tactic", tactic.name, "", "", "", "", tactic.count);
    for (const auto& host : r.hosts) row("host", host.name, "", "", "", "", host.count);
    for (const auto& i : r.incidents) {
      row("incident", i.alias, std::string(responders::state_name(i.state)) + ": " + i.title,
          render_time(i.times.first_event), render_time(i.times.last_event), std::to_string(i.severity), i.alert_count);
      for (const auto& entry : i.timeline)
        row("timeline", i.alias, std::string(responders::timeline_kind_name(entry.kind)) + ": " + entry.text,
            render_time(entry.time), "", "", 1);
    }
    for (const auto& metric : r.metrics) {
      if (metric.samples == 0) continue;
      row("metric", metric.name, "p50 " + seconds(metric.p50), "", "", "", metric.samples);
      row("metric", metric.name, "p90 " + seconds(metric.p90), "", "", "", metric.samples);
    }
    for (const auto& playbook : r.rehearsed) row("rehearsed", playbook.name, "", "", "", "", playbook.count);
    for (const auto& a : r.actions) row("action", a.action, a.mode + ": " + a.outcome, "", "", "", a.count);
    for (const auto& loss : r.losses)
      row("blind", loss.source, loss.cause, render_time(loss.since), render_time(loss.until), "", loss.count);
    for (const auto& chain : r.chains)
      row("chain", chain.name, chain.trouble.empty() ? "intact" : chain.trouble, "", "", "", chain.entries);
    return std::move(out_);
  }

 private:
  static std::string seconds(Duration duration) {
    return fmt::format("{:.3f} s", std::chrono::duration<double>(duration).count());
  }
  void row(std::string_view section, std::string_view name, std::string_view detail, std::string_view time,
           std::string_view until, std::string_view severity, std::uint64_t count) {
    for (const auto cell : {section, name, detail, time, until, severity}) {
      out_ += escape_csv(escape_terminal(cell));
      out_ += ',';
    }
    out_ += std::to_string(count) + "\r\n";
  }

  const Report& report_;
  std::string out_;
};

void append_names(JsonWriter& json, std::string_view key, const std::vector<NamedCount>& counts) {
  json.key(key).begin_array();
  for (const auto& entry : counts)
    json.begin_object().member("name", entry.name).member("count", entry.count).end_object();
  json.end_array();
}

void append_volume(JsonWriter& json, const Report& r) {
  json.key("alerts").begin_object();
  json.member("count", r.alerts)
      .member("with_repeats", r.alerts_with_repeats)
      .member("exercise_left_out", r.exercise_alerts);
  json.key("by_severity").begin_object();
  for (std::size_t band = bands; band-- > 0;) json.member(band_name(static_cast<Band>(band)), r.by_band[band]);
  json.end_object();
  json.member("interval_seconds", std::chrono::duration_cast<std::chrono::seconds>(r.bar_width).count());
  json.key("over_time").begin_array();
  for (const auto& bar : r.bars) {
    json.begin_object().member("start", render_time(bar.start));
    for (std::size_t band = bands; band-- > 0;) json.member(band_name(static_cast<Band>(band)), bar.counts[band]);
    json.end_object();
  }
  json.end_array().key("rules").begin_array();
  for (const auto& rule : r.rules)
    json.begin_object()
        .member("rule.id", rule.rule)
        .member("rule.title", rule.title)
        .member("rule.engine", rule.engine)
        .member("severity", rule.severity)
        .member("alerts", rule.alerts)
        .member("count", rule.count)
        .end_object();
  json.end_array().member("rules_left_out", r.rules_left_out);
  append_names(json, "tactics", r.tactics);
  append_names(json, "engines", r.engines);
  append_names(json, "hosts", r.hosts);
  json.end_object();
}

void append_incidents(JsonWriter& json, const Report& r) {
  json.key("incidents").begin_object();
  json.member("opened", r.opened).member("closed", r.closed).member("open_at_end", r.open_at_end);
  json.member("exercise_left_out", r.exercise_incidents).member("left_out", r.incidents_left_out);
  append_names(json, "verdicts", r.verdicts);
  json.key("items").begin_array();
  for (const auto& incident : r.incidents) json.raw(responders::render_json(incident));
  json.end_array().end_object();
  json.key("metrics").begin_array();
  for (const auto& m : r.metrics) {
    json.begin_object().member("name", m.name).member("samples", m.samples);
    if (m.samples != 0)
      json.member("p50_seconds", std::chrono::duration<double>(m.p50).count())
          .member("p90_seconds", std::chrono::duration<double>(m.p90).count());
    json.end_object();
  }
  json.end_array();
}

void append_health(JsonWriter& json, const Report& r) {
  json.key("actions").begin_array();
  for (const auto& a : r.actions)
    json.begin_object()
        .member("action", a.action)
        .member("mode", a.mode)
        .member("outcome", a.outcome)
        .member("count", a.count)
        .end_object();
  json.end_array();
  append_names(json, "rehearsed", r.rehearsed);
  json.key("blind").begin_array();
  for (const auto& loss : r.losses)
    json.begin_object()
        .member("source", loss.source)
        .member("cause", loss.cause)
        .member("since", render_time(loss.since))
        .member("until", render_time(loss.until))
        .member("count", loss.count)
        .end_object();
  json.end_array().key("chains").begin_array();
  for (const auto& chain : r.chains) {
    json.begin_object()
        .member("name", chain.name)
        .member("intact", chain.trouble.empty())
        .member("entries", chain.entries);
    json.member("head", chain.head);
    if (!chain.trouble.empty()) json.member("trouble", chain.trouble);
    json.end_object();
  }
  json.end_array().member("store_bytes", r.store_bytes);
}

}  // namespace

std::string render_markdown(const Report& report) { return Markdown(report).render(); }
std::string render_csv(const Report& report) { return Csv(report).render(); }

std::string render_json(const Report& report) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("schema_version", 1).member("report.kind", name_of(report.kind)).member("report.title", report.title);
  json.member("report.period", report.period.name).member("since", render_time(report.period.since));
  json.member("until", render_time(report.period.until)).member("time_zone", report.scope.zone_name);
  json.member("host.name", report.scope.host);
  if (!report.scope.organization.empty()) json.member("organization.id", report.scope.organization);
  json.member("made", render_time(report.scope.made));
  if (const auto text = withheld_text(report); !text.empty())
    json.key("withheld")
        .begin_object()
        .member("alerts", report.withheld_alerts)
        .member("incidents", report.withheld_incidents)
        .member("text", text)
        .end_object();
  append_volume(json, report);
  append_incidents(json, report);
  append_health(json, report);
  json.end_object();
  return out + "\n";
}

}  // namespace tocsin::daemon
