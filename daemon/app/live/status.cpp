// What `tocsin status` shows: one object a section, in the order people read them.

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "daemon/app/live/daemon.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

json::object source_row(std::string_view name, std::string_view state, std::uint64_t events, std::uint64_t lost,
                        std::string_view detail) {
  json::object one;
  one["source"] = name;
  one["state"] = state;
  one["events"] = events;
  one["lost"] = lost;
  one["detail"] = detail;
  return one;
}

json::array lost_rows(const std::vector<CaptureWatch::Row>& rows) {
  json::array out;
  for (const auto& cause : rows) {
    const auto& known = describe(cause.cause);
    json::object one;
    one["cause"] = known.name;
    one["counts"] = known.counts;
    one["last_second"] = cause.last_second;
    one["last_minute"] = cause.last_minute;
    one["total"] = cause.total;
    one["interface"] = cause.worst;
    one["meaning"] = cause.total == 0 ? std::string_view() : known.meaning;
    out.push_back(std::move(one));
  }
  return out;
}

json::array notice_rows(const std::vector<CaptureNotice>& notices) {
  json::array out;
  for (const auto& notice : notices) {
    json::object one;
    one["interface"] = notice.interface;
    one["notice"] = notice.kind;
    one["state"] = notice.warning ? "warning" : "ok";
    one["since"] = render_time(notice.since);
    one["detail"] = notice.text;
    one["next_step"] = notice.next_step;
    out.push_back(std::move(one));
  }
  return out;
}

json::object owner_row(const FlowOwners::Share& share) {
  const auto percent = [&](std::uint64_t part) {
    return fmt::format("{} %", share.flows == 0 ? 0 : part * 100 / share.flows);
  };
  json::object out;
  out["flows"] = share.flows;
  out["user"] = percent(share.users);
  out["unit"] = percent(share.units);
  out["process"] = percent(share.processes);
  return out;
}

json::array sandbox_rows(const collectors::SandboxReport& report) {
  json::array out;
  for (const auto& layer : report.layers) {
    json::object one;
    one["name"] = layer.name;
    one["state"] = collectors::layer_state_name(layer.state);
    one["detail"] = layer.detail;
    out.push_back(std::move(one));
  }
  return out;
}

json::object tuning_status(const rules::Tuning& tuning, const std::string& file, Time now) {
  std::size_t active = 0, expired = 0;
  std::uint64_t alerts = 0;
  for (const auto& tuned : tuning.entries()) {
    if (tuned->entry().expired(now)) ++expired;
    else if (tuned->entry().in_force(now)) ++active;
    if (tuned->entry().act != rules::TuningAct::modify) alerts += tuned->alerts();
  }
  json::object out;
  out["state"] = tuning.empty() ? "nothing is tuned" : "in force";
  out["path"] = file;
  out["entries"] = tuning.entries().size();
  out["active"] = active;
  out["expired"] = expired;
  out["alerts_taken"] = alerts;
  return out;
}

json::object indicator_status(const rules::indicator::IndicatorSet& set, std::uint64_t folded, Time now) {
  std::size_t refused = 0;
  for (const auto& load : set.loads()) refused += load.refused;
  json::object out;
  out["state"] = set.size() == 0 ? "no indicator is loaded" : "in force";
  out["lists"] = set.loads().size();
  out["indicators"] = set.size();
  out["expired"] = set.expired(now);
  out["refused"] = refused;
  out["bytes"] = set.memory();
  out["folded"] = folded;
  return out;
}

json::object eve_row(const EveSink& eve, const std::string& path, std::uint64_t withheld) {
  json::object out;
  const auto why = eve.trouble();
  out["state"] = why.empty() ? "writing" : "not writing";
  out["path"] = path;
  if (!why.empty()) out["trouble"] = why;
  if (withheld != 0) out["withheld"] = withheld;
  return out;
}

}  // namespace

// The rings of an interface as one; the worst state is shown.
std::vector<Daemon::Watched> Daemon::interfaces() const {
  std::vector<Watched> out;
  for (const auto& ring : packets_) {
    const auto state = ring->state();
    auto found = std::ranges::find(out, state.source, &Watched::name);
    if (found == out.end()) found = out.insert(out.end(), Watched{state.source, state.state, 0, 0, 0});
    if (state.state != "watching") found->state = state.state;
    found->packets += state.packets;
    found->lost += state.lost;
    ++found->rings;
  }
  return out;
}

std::string Daemon::status_json() const {
  json::object row;
  auto& daemon = (row["daemon"] = json::object{}).as_object();
  daemon["state"] = "watching";
  daemon["version"] = TOCSIN_VERSION;
  daemon["since"] = render_time(started_);
  daemon["pid"] = ::getpid();
  daemon["host"] = host_;
  daemon["mode"] = name_of(config_.respond.mode);
  json::array collect;
  for (const auto& one : interfaces())
    collect.push_back(source_row(one.name, one.state, one.packets, one.lost,
                                 one.rings == 1 ? "packets, 1 ring" : fmt::format("packets, {} rings", one.rings)));
  for (const auto& logs : logs_)
    for (const auto& state : logs->states())
      collect.push_back(source_row(state.source, state.state, state.events, state.lost, state.detail));
  for (const auto& quiet : casework_->silent())
    collect.push_back(source_row(quiet.source, "silent", 0, 0,
                                 fmt::format("{}: nothing since {}", quiet.host, render_time(quiet.since))));
  for (const auto& remark : remarks_) collect.push_back(source_row("not opened", "off", 0, 0, remark));
  row["collect"] = std::move(collect);
  if (!packets_.empty()) row["lost"] = lost_rows(watch_.rows(clock_.now()));
  if (const auto notices = watch_.notices(); !notices.empty()) row["capture"] = notice_rows(notices);
  json::array rules;
  const auto generation = generations_->current();
  for (const auto& active : generation->engines->active()) {
    json::object one;
    one["engine"] = rules::engine_name(active.set->engine());
    one["loaded"] = active.set->rules().size();
    one["held_back"] = active.state->held_back();
    if (const auto* set = dynamic_cast<const rules::indicator::IndicatorSet*>(active.set.get()))
      row["indicators"] = indicator_status(*set, active.state->held_back(), clock_.now());
    rules.push_back(std::move(one));
  }
  row["rules"] = std::move(rules);
  row["tuning"] = tuning_status(*generation->engines->tuning(), config_.rules.tuning, clock_.now());
  json::object store;
  const auto trouble = casework_->store_trouble();
  store["state"] = trouble.empty() ? "storing" : "full";
  if (!trouble.empty()) store["trouble"] = trouble + "; detection goes on, alerts wait for room";
  store["path"] = config_.store.directory;
  store["waiting"] = inbox_.size();
  row["store"] = std::move(store);
  if (evidence_)
    row["evidence"] = json::object{
        {"state", "keeping"}, {"bytes", casework_->evidence_bytes()}, {"most", config_.evidence.most.bytes}};
  if (owners_) row["flow_owners"] = owner_row(owners_->share());
  if (eve_) row["eve"] = eve_row(*eve_, config_.eve.file, eve_withheld_.value());
  row["sandbox"] = sandbox_rows(sandbox_);
  return json::serialize(row);
}

}  // namespace tocsin::daemon
