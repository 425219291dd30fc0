#include "responders/action/action.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/assert.h"
#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t text_bytes_most = 16U << 10U;

std::optional<std::string> path_problem(std::string_view path) {
  if (!path.starts_with('/')) return "must be absolute";
  if (path.size() > 4095) return "is longer than 4095 bytes";
  if (path.find('\0') != std::string_view::npos) return "holds a NUL byte";
  for (const std::string_view part : split(path, '/'))
    if (part == "..") return "must not go up with \"..\"";
  return std::nullopt;
}

bool is_name(std::string_view text, std::size_t most, std::string_view more) {
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

// useradd(8), without the names that a tool could take for an option.
bool is_account(std::string_view text) {
  return is_name(text, 32, "_.-") && text.front() != '-' && text.front() != '.';
}

// systemd.unit(5)
bool is_unit(std::string_view text) {
  const std::size_t dot = text.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || !is_name(text, 255, ":_.-@\\") || text.front() == '-') return false;
  static constexpr std::array<std::string_view, 4> kinds{"service", "socket", "timer", "path"};
  return std::find(kinds.begin(), kinds.end(), text.substr(dot + 1)) != kinds.end();
}

std::string render_value(const Parameters::Value& value) {
  if (const auto* network = std::get_if<Network>(&value)) {
    const std::uint8_t whole = network->base.is_v4() ? 32 : 128;
    return network->prefix == whole ? render_address(network->base) : render_network(*network);
  }
  if (const auto* duration = std::get_if<Duration>(&value)) return render_duration(*duration);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return std::to_string(*number);
  return std::get<std::string>(value);
}

}  // namespace

const ParameterSpec* ActionSpec::find(std::string_view parameter) const noexcept {
  for (const ParameterSpec& spec : parameters)
    if (spec.name == parameter) return &spec;
  return nullptr;
}

const ParameterSpec* ActionSpec::document() const noexcept {
  for (const ParameterSpec& spec : parameters)
    if (spec.type == ParameterType::document) return &spec;
  return nullptr;
}

namespace {

// RFC 1035 section 2.3.4, with the underscores that services use. An address is none: no top-level name is a number.
bool is_domain(std::string_view name) noexcept {
  constexpr std::size_t name_most = 253, label_most = 63;
  if (name.empty() || name.size() > name_most) return false;
  std::size_t labels = 0;
  std::string_view label;
  for (std::string_view rest = name; ++labels; rest.remove_prefix(label.size() + 1)) {
    label = rest.substr(0, rest.find('.'));
    if (label.empty() || label.size() > label_most) return false;
    if (label.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") != std::string_view::npos) return false;
    if (label.size() == rest.size()) break;
  }
  return labels >= 2 && label.find_first_not_of("0123456789") != std::string_view::npos;
}

}  // namespace

std::string_view capability_name(Capability capability) noexcept {
  static constexpr std::array<std::string_view, 6> names{
      "none", "network_admin", "file_owner", "process_control", "service_manager", "process_memory"};
  return names[static_cast<std::size_t>(capability)];
}
std::string_view reversibility_name(Reversibility reversibility) noexcept {
  static constexpr std::array<std::string_view, 3> names{"expires", "undoable", "irreversible"};
  return names[static_cast<std::size_t>(reversibility)];
}
std::string_view blast_radius_name(BlastRadius radius) noexcept {
  static constexpr std::array<std::string_view, 8> names{"message", "file",    "process", "peer",
                                                         "account", "service", "network", "host"};
  return names[static_cast<std::size_t>(radius)];
}

const Parameters::Value* Parameters::find(std::string_view name) const noexcept {
  for (const auto& [key, value] : values_)
    if (key == name) return &value;
  return nullptr;
}
const std::string& Parameters::text(std::string_view name) const {
  static const std::string none;
  const Value* value = find(name);
  if (value == nullptr) return none;
  const auto* text = std::get_if<std::string>(value);
  TOCSIN_ASSERT(text != nullptr);
  return *text;
}
const Network& Parameters::network(std::string_view name) const {
  const Value* value = find(name);
  TOCSIN_ASSERT(value != nullptr && std::holds_alternative<Network>(*value));
  return std::get<Network>(*value);
}
Duration Parameters::duration(std::string_view name) const {
  const Value* value = find(name);
  TOCSIN_ASSERT(value != nullptr && std::holds_alternative<Duration>(*value));
  return std::get<Duration>(*value);
}
std::uint64_t Parameters::number(std::string_view name) const {
  const Value* value = find(name);
  TOCSIN_ASSERT(value != nullptr && std::holds_alternative<std::uint64_t>(*value));
  return std::get<std::uint64_t>(*value);
}
bool Parameters::has(std::string_view name) const noexcept { return find(name) != nullptr; }

Parameters::Texts Parameters::texts() const {
  Texts out;
  for (const auto& [name, value] : values_) out.emplace_back(std::string(name), render_value(value));
  return out;
}

Result<Parameters::Value> parse_parameter(const ParameterSpec& spec, std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(Code::invalid, fmt::format("{}: \"{}\" {}", spec.name, escape_terminal(text.substr(0, 100)), why));
  };
  switch (spec.type) {
    case ParameterType::network: {
      const auto network = parse_network(text, HostBits::refuse);
      if (!network) return refuse("is not an IP address, nor a network without host bits");
      return *network;
    }
    case ParameterType::duration: {
      const auto duration = parse_duration(text);
      if (!duration || *duration <= Duration::zero()) return refuse("is not a duration such as 90s, 10m, 2h");
      return *duration;
    }
    case ParameterType::number:
    case ParameterType::port:
    case ParameterType::process: {
      const std::uint64_t least = spec.type == ParameterType::number ? 0 : 1;
      const std::uint64_t most = spec.type == ParameterType::port      ? 65'535
                                 : spec.type == ParameterType::process ? 4'194'304  // PID_MAX_LIMIT
                                                                       : 1ULL << 53U;
      const auto value = parse_unsigned(text);
      if (!value || *value < least || *value > most)
        return refuse(fmt::format("is not a whole number from {} to {}", least, most));
      return *value;
    }
    case ParameterType::account:
      if (!is_account(text)) return refuse("is not a login name");
      return std::string(text);
    case ParameterType::unit:
      if (!is_unit(text)) return refuse("is not the name of a service, socket, timer or path unit");
      return std::string(text);
    case ParameterType::domain: {
      std::string name = lower_ascii(text);
      if (name.ends_with('.')) name.pop_back();
      if (!is_domain(name)) return refuse("is not a name in DNS of two labels at least (write others as xn--…)");
      return name;
    }
    case ParameterType::path:
      if (const auto problem = path_problem(text)) return refuse(*problem);
      return std::string(text);
    case ParameterType::choice:
      if (std::find(spec.choices.begin(), spec.choices.end(), text) == spec.choices.end())
        return refuse(fmt::format("is not one of {}", fmt::join(spec.choices, ", ")));
      return std::string(text);
    case ParameterType::document:
      if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string_view::npos)
        return refuse("is not a SHA-256 in hexadecimal");
      return std::string(text);
    case ParameterType::text:
      if (text.size() > text_bytes_most) return refuse("is longer than 16 KiB");
      if (text.find('\0') != std::string_view::npos) return refuse("holds a NUL byte");
      return std::string(text);
  }
  return refuse("has no type");
}

Result<Parameters> parse_parameters(const ActionSpec& spec, const Parameters::Texts& texts) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (spec.find(texts[i].first) == nullptr) {
      std::vector<std::string_view> names;
      for (const ParameterSpec& p : spec.parameters) names.push_back(p.name);
      return fail(Code::invalid, fmt::format("{} has no parameter \"{}\"; it takes {}", spec.name,
                                             escape_terminal(texts[i].first.substr(0, 60)), fmt::join(names, ", ")));
    }
    for (std::size_t k = 0; k < i; ++k)
      if (texts[k].first == texts[i].first)
        return fail(Code::invalid, fmt::format("{}: the parameter {} is given twice", spec.name, texts[i].first));
  }
  Parameters out;
  for (const ParameterSpec& parameter : spec.parameters) {
    std::string_view text = parameter.fallback;
    for (const auto& [name, given] : texts)
      if (name == parameter.name) text = given;
    if (text.empty() && parameter.presence == ParameterSpec::Presence::optional) continue;
    if (text.empty()) return fail(Code::invalid, fmt::format("{} needs the parameter {}", spec.name, parameter.name));
    TOCSIN_TRY(auto value, parse_parameter(parameter, text));
    out.values_.emplace_back(parameter.name, std::move(value));
  }
  return out;
}

bool is_action_key(std::string_view key) noexcept {
  return !key.empty() && key.size() <= 128 && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == ':' || c == '-';
  });
}

}  // namespace tocsin::responders
