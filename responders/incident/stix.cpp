// The bundle as it is written. Property names and their order follow the standard's tables; section numbers are its
// own.
#include "responders/incident/stix.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "collectors/base/json.h"
#include "collectors/base/name_uuid.h"
#include "collectors/base/text.h"
#include "responders/incident/stix_model.h"
#include "rules/marking_id.h"

namespace tocsin::responders {
namespace {

using rules::Tlp;

constexpr std::uint64_t count_most = 999'999'999;  // section 4.14, 5.2

// Of ids that are the same whatever incident names them; not the standard's own, which is for observables alone.
const Uuid& tocsin_space() {
  static const Uuid space = *parse_uuid("8a5ccf9a-c700-55ea-ac6d-d153b2039fca");
  return space;
}

// Created and modified have three digits of a second (section 3.2).
std::string stamp(Time time) {
  return render_time(std::chrono::time_point_cast<Duration>(std::chrono::floor<std::chrono::milliseconds>(time)));
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

class Writer {
 public:
  explicit Writer(const stix::Model& model)
      : model_(model),
        incident_(model.material->incident),
        created_(stamp(incident_.times.opened)),
        modified_(stamp(std::max(incident_.times.opened, incident_.updated))),
        incident_id_(own_id("incident", "")),
        author_(incident_.organization.empty() ? identity_id("system", escape_terminal(incident_.host))
                                               : identity_id("organization", escape_terminal(incident_.organization))) {
  }

  std::string run() {
    write_objects();
    std::string out;
    JsonWriter json(out);
    json.begin_object().member("type", "bundle").member("id", own_id("bundle", modified_)).key("objects").begin_array();
    for (const Tlp tlp : used_) json.raw(marking_definition(tlp));
    for (const auto& object : objects_) json.raw(object);
    json.end_array().end_object();
    return out;
  }

 private:
  std::string own_id(std::string_view type, std::string_view name) const {
    return fmt::format("{}--{}", type, render_uuid(make_uuid5(incident_.id.uuid, fmt::format("{}:{}", type, name))));
  }
  static std::string identity_id(std::string_view kind, std::string_view name) {
    return fmt::format("identity--{}",
                       render_uuid(make_uuid5(tocsin_space(), fmt::format("identity:{}:{}", kind, name))));
  }
  static std::string technique_id(std::string_view technique) {
    return fmt::format("attack-pattern--{}",
                       render_uuid(make_uuid5(tocsin_space(), fmt::format("attack-pattern:{}", technique))));
  }
  static std::string marking_id(Tlp tlp) { return fmt::format("marking-definition--{}", rules::tlp_uuid(tlp)); }

  // Names, created and content are those that OASIS published with the extension for TLP 2.0.
  static std::string marking_definition(Tlp tlp) {
    return fmt::format(
        R"({{"type":"marking-definition","spec_version":"2.1","id":"{}","created":"2022-10-01T00:00:00.000Z","name":"{}",)"
        R"("extensions":{{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":)"
        R"({{"extension_type":"property-extension","tlp_2_0":"{}"}}}}}})",
        marking_id(tlp), rules::tlp_label(tlp), rules::tlp_name(tlp));
  }

  // The properties that all have in common, then those of `members`.
  void object(std::string_view type, const std::string& id, Tlp tlp, std::string_view times, std::string_view members) {
    std::string out = fmt::format(R"({{"type":"{}","spec_version":"2.1","id":"{}")", type, id);
    if (!times.empty()) out += fmt::format(R"(,"created_by_ref":"{}",{})", author_, times);
    if (tlp != Tlp::none) {
      used_.insert(tlp);
      out += fmt::format(R"(,"object_marking_refs":["{}"])", marking_id(tlp));
    }
    if (!members.empty()) out += fmt::format(",{}", members);
    objects_.push_back(out + '}');
  }
  void versioned(std::string_view type, const std::string& id, Tlp tlp, std::string_view members) {
    object(type, id, tlp, fmt::format(R"("created":"{}","modified":"{}")", created_, modified_), members);
  }
  // What its id says is all there is to it, so there is one version of it, whoever writes it.
  void constant(std::string_view type, const std::string& id, std::string_view members) {
    objects_.push_back(
        fmt::format(R"({{"type":"{}","spec_version":"2.1","id":"{}","created":"2021-06-10T00:00:00.000Z",)"
                    R"("modified":"2021-06-10T00:00:00.000Z",{}}})",
                    type, id, members));
  }
  void relate(const std::string& from, std::string_view how, const std::string& to, Tlp tlp) {
    versioned("relationship", own_id("relationship", fmt::format("{} {} {}", from, how, to)), tlp,
              fmt::format(R"("relationship_type":"{}","source_ref":"{}","target_ref":"{}")", how, from, to));
  }

  template <class Range, class Each>
  static std::string list(const Range& range, Each each) {
    std::string out = "[";
    for (const auto& item : range) out += fmt::format("{}{}", out.size() == 1 ? "" : ",", quoted(each(item)));
    return out + ']';
  }

  void write_objects() {
    write_identities();
    write_incident();
    for (const auto& [technique, tlp] : model_.techniques) write_technique(technique);
    for (const auto& [pattern, indicator] : model_.indicators) write_indicator(pattern, indicator);
    for (const auto& [id, observable] : model_.observables)
      object(observable.type, id, observable.tlp, {}, observable.members);
    for (const auto& observation : model_.observations) write_observation(observation);
    for (const auto& [about, sighting] : model_.sightings) write_sighting(about.first, about.second, sighting);
    for (const auto& [about, tlp] : model_.indicates)
      relate(own_id("indicator", about.first), "indicates", technique_id(about.second), tlp);
    for (std::size_t i = 0; i < model_.deeds.size(); ++i) write_deed(model_.deeds[i]);
  }

  void write_identities() {
    if (!incident_.organization.empty())
      constant(
          "identity", author_,
          fmt::format(R"("name":{},"identity_class":"organization")", quoted(escape_terminal(incident_.organization))));
    for (const auto& host : model_.hosts)
      constant("identity", identity_id("system", host),
               fmt::format(R"("name":{},"identity_class":"system")", quoted(host)));
  }

  void write_incident() {
    std::string told =
        fmt::format("{} alerts from {} to {}, severity {} of 100.", incident_.alert_count,
                    stamp(incident_.times.first_event), stamp(incident_.times.last_event), incident_.severity);
    if (model_.alerts_left_out != 0)
      told += fmt::format(" {} less severe ones are left out here.", model_.alerts_left_out);
    if (model_.deeds_left_out != 0) told += fmt::format(" {} measures are left out here.", model_.deeds_left_out);
    std::vector<std::string> labels{std::string(state_name(incident_.state))};
    if (incident_.verdict) labels.emplace_back(verdict_name(*incident_.verdict));
    if (incident_.exercise == Exercise::yes) labels.emplace_back("exercise");
    versioned(
        "incident", incident_id_, incident_.tlp,
        fmt::format(R"("labels":{},"external_references":[{{"source_name":"tocsin","external_id":{}}}],"name":{},)"
                    R"("description":{})",
                    list(labels, [](const auto& label) { return label; }), quoted(incident_.alias),
                    quoted(escape_terminal(incident_.title)), quoted(told)));
    for (const auto& host : model_.hosts)
      relate(incident_id_, "related-to", identity_id("system", host),
             host == escape_terminal(incident_.host) ? Tlp::none : incident_.tlp);
    for (const auto& [technique, tlp] : model_.techniques)
      relate(incident_id_, "related-to", technique_id(technique), tlp);
    for (const auto& [pattern, indicator] : model_.indicators)
      relate(incident_id_, "related-to", own_id("indicator", pattern), indicator.tlp);
  }

  void write_technique(const std::string& technique) {
    auto path = technique;
    std::ranges::replace(path, '.', '/');
    constant("attack-pattern", technique_id(technique),
             fmt::format(R"("name":"{0}","external_references":[{{"source_name":"mitre-attack","external_id":"{0}",)"
                         R"("url":"https://attack.mitre.org/techniques/{1}/"}}])",
                         technique, path));
  }

  // Section 10.6: what a list or a person called malicious is; what only we saw is out of the ordinary.
  void write_indicator(const std::string& pattern, const stix::Indicator& indicator) {
    Time first{};
    for (const auto& [about, sighting] : model_.sightings)
      if (about.first == pattern && (first == Time{} || sighting.first < first)) first = sighting.first;
    const bool told = indicator.listed && *indicator.listed <= indicator.tlp;  // that it is listed may be told
    const bool sure = told || incident_.verdict == Verdict::true_positive;
    versioned("indicator", own_id("indicator", pattern), indicator.tlp,
              fmt::format(R"("name":{},"indicator_types":["{}"],"pattern":{},"pattern_type":"stix",)"
                          R"("pattern_version":"2.1","valid_from":"{}")",
                          quoted(indicator.name), sure ? "malicious-activity" : "anomalous-activity", quoted(pattern),
                          stamp(first)));
  }

  std::string observation_id(std::string_view alert) const { return own_id("observed-data", alert); }

  void write_observation(const stix::Observation& observation) {
    const auto& alert = *observation.alert;
    const auto digest = render_digest(alert.id);
    observed_.insert(digest);
    versioned("observed-data", observation_id(digest), alert.tlp,
              fmt::format(R"("first_observed":"{}","last_observed":"{}","number_observed":{},"object_refs":{})",
                          stamp(alert.time), stamp(std::max(alert.time, alert.last)),
                          std::clamp<std::uint64_t>(alert.count, 1, count_most),
                          list(observation.observables, [](const auto& id) { return id; })));
    relate(incident_id_, "related-to", observation_id(digest), alert.tlp);
  }

  void write_sighting(const std::string& pattern, Tlp tlp, const stix::Sighting& sighting) {
    auto members = fmt::format(R"("first_seen":"{}","last_seen":"{}","count":{},"sighting_of_ref":"{}")",
                               stamp(sighting.first), stamp(sighting.last),
                               std::min<std::uint64_t>(sighting.count, count_most), own_id("indicator", pattern));
    std::vector<std::string> seen;
    for (const auto& alert : sighting.observations)
      if (observed_.contains(alert)) seen.push_back(observation_id(alert));
    if (!seen.empty())
      members += fmt::format(R"(,"observed_data_refs":{})", list(seen, [](const auto& id) { return id; }));
    if (!sighting.hosts.empty())
      members += fmt::format(R"(,"where_sighted_refs":{})",
                             list(sighting.hosts, [](const auto& host) { return identity_id("system", host); }));
    versioned("sighting", own_id("sighting", fmt::format("{} {}", pattern, rules::tlp_name(tlp))), tlp, members);
  }

  // What it did may tell of anything in the incident.
  void write_deed(const StixDeed& deed) {
    const auto id =
        own_id("course-of-action", fmt::format("{} {} {} {}", stamp(deed.time), deed.playbook, deed.step, deed.action));
    if (!written_.insert(id).second) return;
    versioned("course-of-action", id, incident_.tlp,
              fmt::format(R"("name":{},"description":{})", quoted(deed.action),
                          quoted(escape_terminal(
                              fmt::format("{}: {} ({}, {})", stamp(deed.time), deed.text, deed.step, deed.playbook)))));
    relate(id, "related-to", incident_id_, incident_.tlp);
  }

  const stix::Model& model_;
  const Incident& incident_;
  const std::string created_, modified_, incident_id_, author_;
  std::set<Tlp> used_;
  std::set<std::string> observed_;  // alerts
  std::set<std::string> written_;   // deeds
  std::vector<std::string> objects_;
};

}  // namespace

std::string render_stix(const StixMaterial& material, std::size_t alerts_most) {
  const auto model = stix::gather(material, alerts_most);
  return Writer(model).run();
}

}  // namespace tocsin::responders
