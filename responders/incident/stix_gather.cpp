// From an incident to the objects that tell of it.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/address.h"
#include "collectors/base/json.h"
#include "collectors/base/name_uuid.h"
#include "collectors/base/text.h"
#include "responders/incident/stix_model.h"

namespace tocsin::responders::stix {
namespace {

using rules::Entity;
using rules::EntityKind;
using rules::EntityRole;
using rules::Tlp;

// Section 2.9 of the standard.
const Uuid& observable_space() {
  static const Uuid space = *parse_uuid("00abedb4-aa42-466c-9c01-fed23315a9b7");
  return space;
}

// RFC 8785 of a text without control characters.
std::string canonical(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// Section 9.2: a string constant of a pattern.
std::string constant(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// Nobody outside can do anything with these: RFC 1918, 3927, 4193, 4291, 6598, 6890.
bool is_inside(const IpAddress& address) {
  static constexpr std::array<std::string_view, 12> inside{
      "0.0.0.0/8",      "10.0.0.0/8",  "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
      "192.168.0.0/16", "224.0.0.0/3", "::/127",        "fc00::/7",    "fe80::/10",      "ff00::/8"};
  return std::ranges::any_of(inside, [&](std::string_view text) {
    const auto network = parse_network(text, HostBits::refuse);
    return network && network->contains(address);
  });
}

std::string_view address_type(const IpAddress& address) { return address.is_v4() ? "ipv4-addr" : "ipv6-addr"; }

std::string_view field(const rules::Alert& alert, std::string_view name) {
  for (const auto& [key, value] : alert.fields)
    if (key == name) return value;
  return {};
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

struct Pattern {
  std::string text;
  std::string name;
};

Pattern simple(std::string_view type, std::string_view property, std::string_view value) {
  return {fmt::format("[{}:{} = {}]", type, property, constant(value)), fmt::format("{} {}", type, value)};
}

// "192.0.2.1:443", "[2001:db8::1]:443"
std::optional<Pattern> endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = parse_address(host);
  const auto port = parse_unsigned(text.substr(colon + 1));
  if (!address || !port) return std::nullopt;
  return Pattern{fmt::format("[network-traffic:dst_ref.type = '{}' AND network-traffic:dst_ref.value = {} AND "
                             "network-traffic:dst_port = {}]",
                             address_type(*address), constant(host), *port),
                 fmt::format("network-traffic {}", text)};
}

// Of what an indicator list names: its kind as the rule's tag says, its value as rules/indicator writes it.
std::optional<Pattern> listed_pattern(std::string_view kind, const std::string& value) {
  if (kind == "address") {
    const auto address = parse_address(value);
    return address ? std::optional(simple(address_type(*address), "value", value)) : std::nullopt;
  }
  if (kind == "network") {
    const auto network = parse_network(value, HostBits::refuse);
    return network ? std::optional(simple(address_type(network->base), "value", value)) : std::nullopt;
  }
  if (kind == "endpoint") return endpoint(value);
  if (kind == "domain") return simple("domain-name", "value", value);
  // It stands for both schemes.
  if (kind == "url")
    return Pattern{
        fmt::format("[url:value = {} OR url:value = {}]", constant("http://" + value), constant("https://" + value)),
        fmt::format("url {}", value)};
  if (kind == "md5") return simple("file", "hashes.MD5", value);
  if (kind == "sha1") return simple("file", "hashes.'SHA-1'", value);
  if (kind == "sha256") return simple("file", "hashes.'SHA-256'", value);
  return std::nullopt;
}

class Gatherer {
 public:
  explicit Gatherer(const StixMaterial& material) { model_.material = &material; }

  Model run(std::size_t alerts_most) {
    const auto& [incident, details, deeds] = *model_.material;
    for (const auto& detail : details) details_.emplace(detail.id, &detail);
    std::vector<const IncidentAlert*> alerts;
    alerts.reserve(incident.alerts.size());
    for (const auto& alert : incident.alerts) alerts.push_back(&alert);
    std::ranges::stable_sort(alerts, [](const auto* a, const auto* b) { return a->severity > b->severity; });
    if (alerts.size() > alerts_most) {
      model_.alerts_left_out = alerts.size() - alerts_most;
      alerts.resize(alerts_most);
    }
    std::ranges::stable_sort(
        alerts, [](const auto* a, const auto* b) { return std::tie(a->time, a->id) < std::tie(b->time, b->id); });
    if (!incident.host.empty()) model_.hosts.insert(escape_terminal(incident.host));
    for (const auto* alert : alerts) add(*alert);
    model_.deeds.assign(deeds.begin(),
                        deeds.begin() + static_cast<std::ptrdiff_t>(std::min(deeds.size(), alerts_most)));
    model_.deeds_left_out = deeds.size() - model_.deeds.size();
    return std::move(model_);
  }

 private:
  void add(const IncidentAlert& alert) {
    Observation observation{&alert, {}};
    const auto detail = details_.find(alert.id);
    const auto* whole = detail == details_.end() ? nullptr : detail->second;
    for (const auto& entity : alert.entities) add_entity(entity, alert.tlp, observation);
    if (whole != nullptr) add_file_digest(*whole, alert.tlp, observation);
    for (const auto& technique : alert.attack)
      if (is_technique(technique)) loosen(model_.techniques.try_emplace(technique, alert.tlp).first->second, alert.tlp);
    for (const auto& found : patterns_of(alert, whole)) add_indicator(found, alert);
    if (!observation.observables.empty()) model_.observations.push_back(std::move(observation));
  }

  static bool is_technique(std::string_view text) {
    return text.size() >= 5 && text.front() == 'T' &&
           text.find_first_not_of("0123456789.", 1) == std::string_view::npos;
  }

  static void loosen(Tlp& marking, Tlp by) { marking = std::min(marking, by); }

  std::string observe(std::string_view type, const std::string& contributing, std::string members, Tlp tlp,
                      Observation& observation) {
    auto id = fmt::format("{}--{}", type, render_uuid(make_uuid5(observable_space(), contributing)));
    auto& known = model_.observables[id];
    known.type = type;
    known.members = std::move(members);
    loosen(known.tlp, tlp);
    observation.observables.insert(id);
    return id;
  }
  void observe_value(std::string_view type, std::string_view property, const std::string& value, Tlp tlp,
                     Observation& observation) {
    observe(type, fmt::format("{{\"{}\":{}}}", property, canonical(value)),
            fmt::format("\"{}\":{}", property, quoted(value)), tlp, observation);
  }

  void add_entity(const Entity& entity, Tlp tlp, Observation& observation) {
    const auto value = escape_terminal(entity.value);
    switch (entity.kind) {
      case EntityKind::host: model_.hosts.insert(value); break;
      case EntityKind::user: observe_value("user-account", "account_login", value, tlp, observation); break;
      case EntityKind::domain: observe_value("domain-name", "value", value, tlp, observation); break;
      case EntityKind::address:
        if (const auto address = parse_address(entity.value))
          observe_value(address_type(*address), "value", render_address(*address), tlp, observation);
        break;
      case EntityKind::process:
      case EntityKind::file: add_file(value, tlp, observation); break;
    }
  }

  void add_file(const std::string& path, Tlp tlp, Observation& observation) {
    const auto slash = path.rfind('/');
    const auto name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (name.empty()) return;
    if (slash == std::string::npos || !path.starts_with('/'))
      return observe_value("file", "name", name, tlp, observation);
    const auto folder = slash == 0 ? std::string("/") : path.substr(0, slash);
    const auto directory = observe("directory", fmt::format("{{\"path\":{}}}", canonical(folder)),
                                   fmt::format("\"path\":{}", quoted(folder)), tlp, observation);
    observe("file", fmt::format("{{\"name\":{},\"parent_directory_ref\":\"{}\"}}", canonical(name), directory),
            fmt::format("\"name\":{},\"parent_directory_ref\":\"{}\"", quoted(name), directory), tlp, observation);
  }

  void add_file_digest(const rules::Alert& alert, Tlp tlp, Observation& observation) {
    const auto digest = field(alert, "file.hash.sha256");
    if (!is_sha256(digest)) return;
    const auto hashes = fmt::format("\"hashes\":{{\"SHA-256\":\"{}\"}}", digest);
    observe("file", "{" + hashes + "}", hashes, tlp, observation);
  }

  struct Found {
    Pattern pattern;
    bool listed = false;
  };
  // What was found to be no attack is nothing to look for.
  std::vector<Found> patterns_of(const IncidentAlert& alert, const rules::Alert* whole) const {
    std::vector<Found> out;
    if (model_.material->incident.verdict == Verdict::false_positive) return out;
    if (whole != nullptr && alert.engine == rules::Engine::indicator)
      for (const auto& tag : whole->rule->tags) {
        constexpr std::string_view prefix = "indicator.";
        if (!tag.starts_with(prefix)) continue;
        const std::string value(field(*whole, "threat.indicator.name"));
        if (auto pattern = listed_pattern(std::string_view(tag).substr(prefix.size()), value))
          out.push_back({std::move(*pattern), true});
      }
    if (whole != nullptr && alert.engine == rules::Engine::yara)
      if (const auto digest = field(*whole, "file.hash.sha256"); is_sha256(digest))
        out.push_back({simple("file", "hashes.'SHA-256'", digest), false});
    // Anybody can write a sender's address where no answer is needed.
    if (alert.facts.source == SourceTrust::forgeable) return out;
    for (const auto& entity : alert.entities) {
      const auto address = entity.kind == EntityKind::address && entity.role == EntityRole::actor
                               ? parse_address(entity.value)
                               : std::nullopt;
      if (address && !is_inside(*address))
        out.push_back({simple(address_type(*address), "value", render_address(*address)), false});
    }
    return out;
  }

  void add_indicator(const Found& found, const IncidentAlert& alert) {
    const auto& pattern = found.pattern.text;
    auto& indicator = model_.indicators[pattern];
    indicator.name = found.pattern.name;
    if (found.listed) indicator.listed = std::min(alert.tlp, indicator.listed.value_or(Tlp::red));
    loosen(indicator.tlp, alert.tlp);
    auto& sighting = model_.sightings[{pattern, alert.tlp}];
    const auto id = render_digest(alert.id);
    if (sighting.observations.insert(id).second) {
      if (sighting.count == 0 || alert.time < sighting.first) sighting.first = alert.time;
      sighting.last = std::max(sighting.last, std::max(alert.time, alert.last));
      sighting.count += alert.count;
      if (!alert.host.empty()) sighting.hosts.insert(escape_terminal(alert.host));
    }
    for (const auto& technique : alert.attack)
      if (is_technique(technique))
        loosen(model_.indicates.try_emplace({pattern, technique}, alert.tlp).first->second, alert.tlp);
    for (const auto& host : sighting.hosts) model_.hosts.insert(host);
  }

  Model model_;
  std::map<rules::AlertId, const rules::Alert*> details_;
};

}  // namespace

Model gather(const StixMaterial& material, std::size_t alerts_most) { return Gatherer(material).run(alerts_most); }

}  // namespace tocsin::responders::stix
