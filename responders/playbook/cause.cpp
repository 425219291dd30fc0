#include "responders/playbook/cause.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/address.h"
#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

constexpr std::string_view source_mark = "source ";
constexpr std::string_view process_mark = "process ";
constexpr std::array<std::string_view, 3> proof_names{"unstated", "handshake", "spoofable"};

SourceProof proof_of(SourceTrust trust) noexcept {
  return trust == SourceTrust::answered    ? SourceProof::handshake
         : trust == SourceTrust::forgeable ? SourceProof::spoofable
                                           : SourceProof::unstated;
}

// By what it takes away: an address that somebody may have forged once is not sure any more.
int weight(SourceProof proof) noexcept {
  return proof == SourceProof::spoofable ? 2 : proof == SourceProof::handshake ? 1 : 0;
}

void add_source(Cause& cause, const std::string& address, SourceProof proof) {
  const auto at = std::ranges::find(cause.sources, address, [](const auto& pair) { return pair.first; });
  if (at != cause.sources.end()) {
    if (weight(proof) > weight(at->second)) at->second = proof;
  } else if (cause.sources.size() < Cause::known_most && proof != SourceProof::unstated) {
    cause.sources.emplace_back(address, proof);
  }
}

SourceProof proof_for(const Cause& cause, const Network& network) {
  if (network.prefix != (network.base.is_v4() ? 32 : 128)) return SourceProof::unstated;
  for (const auto& [text, proof] : cause.sources)
    if (const auto address = parse_address(text); address && address->unmapped() == network.base.unmapped())
      return proof;
  return SourceProof::unstated;
}

std::uint8_t level_in(const std::string& text) {
  return static_cast<std::uint8_t>(std::min<std::uint64_t>(parse_unsigned(text).value_or(0), UINT8_MAX));
}

}  // namespace

void Cause::fill(ActionRequest& request, const ActionSpec& spec, const Parameters& parameters) const {
  request.rule = rule;
  request.asset_level = asset_level;
  request.depth = depth;
  // From sure to not: one address of several that is not sure makes all of it so.
  constexpr auto less_sure = [](SourceProof a, SourceProof b) {
    const auto rank = [](SourceProof proof) {
      return proof == SourceProof::handshake ? 0 : proof == SourceProof::unstated ? 1 : 2;
    };
    return rank(a) > rank(b);
  };
  bool first = true;
  for (const ParameterSpec& parameter : spec.parameters) {
    if (!parameters.has(parameter.name)) continue;
    if (parameter.type == ParameterType::network) {
      const SourceProof proof = proof_for(*this, parameters.network(parameter.name));
      if (first || less_sure(proof, request.source)) request.source = proof;
      first = false;
    }
    if (parameter.type != ParameterType::process || spec.find("executable") == nullptr || parameters.has("executable"))
      continue;
    const auto known =
        std::ranges::find(processes, parameters.number(parameter.name), [](const auto& pair) { return pair.first; });
    if (known != processes.end()) request.parameters.emplace_back("executable", known->second);
  }
}

Cause cause_of(const Incident& incident, std::string_view here) {
  Cause out;
  for (const IncidentAlert& alert : incident.alerts) {
    for (const rules::Entity& entity : alert.entities)
      if (entity.kind == rules::EntityKind::address && entity.role == rules::EntityRole::actor)
        add_source(out, entity.value, proof_of(alert.facts.source));
    const bool known =
        std::ranges::any_of(out.processes, [&](const auto& pair) { return pair.first == alert.facts.process; });
    if (alert.facts.process != 0 && alert.host == here && !known && out.processes.size() < Cause::known_most)
      out.processes.emplace_back(alert.facts.process, alert.facts.executable);
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> render_cause(const Cause& cause) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!cause.rule.empty()) out.emplace_back("rule", cause.rule);
  if (cause.asset_level != 0) out.emplace_back("asset_level", std::to_string(cause.asset_level));
  if (cause.depth != 0) out.emplace_back("depth", std::to_string(cause.depth));
  for (const auto& [address, proof] : cause.sources)
    out.emplace_back(fmt::format("{}{}", source_mark, address), proof_names[static_cast<std::size_t>(proof)]);
  for (const auto& [process, executable] : cause.processes)
    out.emplace_back(fmt::format("{}{}", process_mark, process), executable);
  return out;
}

void read_cause(std::string_view name, const std::string& value, Cause& cause) {
  if (name == "rule") cause.rule = value;
  else if (name == "asset_level") cause.asset_level = level_in(value);
  else if (name == "depth") cause.depth = level_in(value);
  else if (name.starts_with(source_mark)) {
    const auto at = std::ranges::find(proof_names, value);
    if (at != proof_names.end() && cause.sources.size() < Cause::known_most)
      cause.sources.emplace_back(name.substr(source_mark.size()), static_cast<SourceProof>(at - proof_names.begin()));
  } else if (name.starts_with(process_mark) && cause.processes.size() < Cause::known_most) {
    if (const auto process = parse_unsigned(name.substr(process_mark.size())))
      cause.processes.emplace_back(*process, value);
  }
}

}  // namespace tocsin::responders
