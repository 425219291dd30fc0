#include "responders/playbook/trigger.h"

#include <algorithm>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t triggers_most = 1000;

class Loader {
 public:
  Loader(std::string_view file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}

  std::vector<Trigger> run(std::string_view yaml) {
    std::vector<Trigger> out;
    try {
      const YAML::Node root = YAML::Load(std::string(yaml));
      const YAML::Node list = root.IsMap() ? root["triggers"] : YAML::Node(YAML::NodeType::Undefined);
      if (!list || !list.IsSequence()) {
        report("P0801", root.Mark(), "the file must hold a list named \"triggers\"");
        return out;
      }
      for (const YAML::Node& item : list) {
        if (out.size() == triggers_most) {
          report("P0801", item.Mark(), "there are more than 1000 triggers");
          break;
        }
        Trigger trigger;
        if (read(item, trigger)) out.push_back(std::move(trigger));
      }
    } catch (const YAML::Exception& problem) {
      report("P0801", problem.mark, problem.msg);
    }
    return out;
  }

 private:
  void report(std::string_view code, const YAML::Mark& mark, std::string cause) {
    diagnostics_.add({.severity = Severity::error,
                      .code = std::string(code),
                      .file = file_,
                      .line = static_cast<std::uint32_t>(mark.line + 1),
                      .column = static_cast<std::uint32_t>(mark.column + 1),
                      .item = "triggers",
                      .cause = std::move(cause),
                      .next_step = {}});
  }

  bool read(const YAML::Node& item, Trigger& out) {
    if (!item.IsMap()) {
      report("P0802", item.Mark(), "a trigger must be a map");
      return false;
    }
    for (const auto& entry : item) {
      const auto key = entry.first.as<std::string>();
      if (key == "playbook" && entry.second.IsScalar()) out.playbook = entry.second.as<std::string>();
      else if (key == "name" && entry.second.IsScalar()) out.name = entry.second.as<std::string>();
      else if (key == "attack" && entry.second.IsSequence()) out.attack = entry.second.as<std::vector<std::string>>();
      else if (key == "rules" && entry.second.IsSequence()) out.rules = entry.second.as<std::vector<std::string>>();
      else if (key == "tags" && entry.second.IsSequence()) out.tags = entry.second.as<std::vector<std::string>>();
      else if (key == "severity" && entry.second.IsScalar()) {
        const auto number = parse_unsigned(entry.second.as<std::string>());
        if (!number || *number > 100) {
          report("P0802", entry.second.Mark(), "\"severity\" must be between 0 and 100");
          return false;
        }
        out.severity = static_cast<std::uint8_t>(*number);
      } else if (key == "mode" && entry.second.IsScalar()) {
        const auto mode = entry.second.as<std::string>();
        if (mode != "rehearse" && mode != "apply") {
          report("P0802", entry.second.Mark(), "\"mode\" must be rehearse or apply");
          return false;
        }
        out.mode = mode == "apply" ? TriggerMode::apply : TriggerMode::rehearse;
      } else {
        report("P0802", entry.first.Mark(), fmt::format("\"{}\" is unknown, or not of the right kind", key));
        return false;
      }
    }
    if (out.playbook.empty() || (out.attack.empty() && out.rules.empty() && out.tags.empty() && out.severity == 0)) {
      report("P0802", item.Mark(), "a trigger needs \"playbook\" and at least one condition");
      return false;
    }
    return true;
  }

  const std::string file_;
  Diagnostics& diagnostics_;
};

bool fits_technique(const std::vector<std::string>& wanted, const std::vector<std::string>& there) {
  for (const std::string& want : wanted)
    for (const std::string& have : there)
      if (equals_ignoring_case(have, want) ||
          (have.size() > want.size() && have[want.size()] == '.' &&
           equals_ignoring_case(std::string_view(have).substr(0, want.size()), want)))
        return true;
  return false;
}

bool fits(const Trigger& trigger, const Incident& incident) {
  if (incident.severity < trigger.severity) return false;
  const auto any = [&](auto test) { return std::any_of(incident.alerts.begin(), incident.alerts.end(), test); };
  if (!trigger.attack.empty() &&
      !any([&](const IncidentAlert& alert) { return fits_technique(trigger.attack, alert.attack); }))
    return false;
  if (!trigger.tags.empty() &&
      !any([&](const IncidentAlert& alert) { return fits_technique(trigger.tags, alert.attack); }))
    return false;
  return trigger.rules.empty() || any([&](const IncidentAlert& alert) {
           return std::find(trigger.rules.begin(), trigger.rules.end(), alert.rule) != trigger.rules.end();
         });
}

// One list may hold of one alert and the next of another: the latest that any of them is about.
const IncidentAlert* decisive(const Trigger& trigger, const Incident& incident) {
  const bool any = trigger.attack.empty() && trigger.tags.empty() && trigger.rules.empty();
  const IncidentAlert* out = nullptr;
  for (const IncidentAlert& alert : incident.alerts)
    if ((any || fits_technique(trigger.attack, alert.attack) || fits_technique(trigger.tags, alert.attack) ||
         std::ranges::find(trigger.rules, alert.rule) != trigger.rules.end()) &&
        (out == nullptr || alert.last >= out->last))
      out = &alert;
  return out;
}

}  // namespace

Triggers Triggers::load(std::string_view yaml, std::string_view file, Diagnostics& diagnostics) {
  Triggers out;
  out.triggers_ = Loader(file, diagnostics).run(yaml);
  return out;
}

std::vector<CalledPlaybook> Triggers::match(const Incident& incident) const {
  std::vector<CalledPlaybook> out;
  for (const Trigger& trigger : triggers_)
    if (fits(trigger, incident) && std::ranges::find(out, trigger.playbook, &CalledPlaybook::playbook) == out.end())
      out.push_back({trigger.playbook, trigger.name, trigger.mode, decisive(trigger, incident)});
  return out;
}

}  // namespace tocsin::responders
