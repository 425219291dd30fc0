#include "responders/playbook/command/policy.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

constexpr std::array<std::string_view, 6> known_types{"bash", "ssh", "powershell", "http-api", "openc2-http", "yara"};

class Loader {
 public:
  Loader(std::string_view file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}

  CommandPolicy run(std::string_view yaml) {
    try {
      const YAML::Node root = YAML::Load(std::string(yaml));
      if (root.IsNull()) return policy_;
      if (!root.IsMap()) report(root.Mark(), "the policy must be a map");
      else
        for (const auto& entry : root) read(entry.first.Scalar(), entry.second);
    } catch (const YAML::Exception& problem) {
      report(problem.mark, problem.msg);
    }
    return policy_;
  }

 private:
  void report(const YAML::Mark& mark, std::string cause) {
    diagnostics_.add({.severity = Severity::error,
                      .code = "P0951",
                      .file = file_,
                      .line = static_cast<std::uint32_t>(mark.line + 1),
                      .column = static_cast<std::uint32_t>(mark.column + 1),
                      .item = "commands",
                      .cause = std::move(cause),
                      .next_step = {}});
  }

  std::vector<std::string> list(const YAML::Node& node) {
    std::vector<std::string> out;
    if (!node.IsSequence()) report(node.Mark(), "a list is expected");
    else
      for (const auto& item : node)
        if (item.IsScalar()) out.push_back(item.Scalar());
        else report(item.Mark(), "a single value is expected");
    return out;
  }

  std::vector<std::string> hosts(const YAML::Node& node) {
    std::vector<std::string> out = list(node);
    for (const std::string& host : out) {
      const std::string_view name = host.starts_with("*.") ? std::string_view(host).substr(2) : host;
      const bool is_name = !name.empty() && name.find_first_not_of(
                                                "abcdefghijklmnopqrstuvwxyz"
                                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == std::string_view::npos;
      if (!is_name && !parse_network(host, HostBits::refuse))
        report(node.Mark(), fmt::format("\"{}\" is no host name, name with *. before it, or network", host));
    }
    return out;
  }

  std::uint64_t number(const YAML::Node& node, std::uint64_t most) {
    const auto value = node.IsScalar() ? parse_unsigned(node.Scalar()) : std::nullopt;
    if (!value || *value > most) report(node.Mark(), fmt::format("a number of at most {} is expected", most));
    return value.value_or(0);
  }

  void read_types(const YAML::Node& node) {
    for (const std::string& type : list(node))
      if (std::find(known_types.begin(), known_types.end(), type) == known_types.end())
        report(node.Mark(), fmt::format("\"{}\" is no type of command that can be run here", type));
      else policy_.types.insert(type);
  }

  void read_path(const YAML::Node& node, std::string& into) {
    if (!node.IsScalar() || !node.Scalar().starts_with('/')) report(node.Mark(), "an absolute path is expected");
    else into = node.Scalar();
  }

  void read_size(const YAML::Node& node) {
    const auto size = node.IsScalar() ? parse_byte_size(node.Scalar()) : std::nullopt;
    constexpr std::uint64_t most = 1U << 20U;
    if (!size || *size == 0 || *size > most) report(node.Mark(), "a size of at most 1MiB is expected");
    else policy_.output_most = *size;
  }

  void read_time(const YAML::Node& node) {
    const auto time = node.IsScalar() ? parse_duration(node.Scalar()) : std::nullopt;
    if (!time || *time <= Duration::zero()) report(node.Mark(), "a time such as 10m is expected");
    else policy_.time_most = *time;
  }

  void read(const std::string& name, const YAML::Node& node) {
    if (name == "types") read_types(node);
    else if (name == "signatures" && node.IsScalar() && node.Scalar() == "shells")
      policy_.signatures = CommandPolicy::Signatures::shells;
    else if (name == "signatures" && node.IsScalar() && node.Scalar() == "all")
      policy_.signatures = CommandPolicy::Signatures::all;
    else if (name == "signatures") report(node.Mark(), "signatures are asked of shells or all");
    else if (name == "keys") read_path(node, policy_.keys);
    else if (name == "credentials") read_path(node, policy_.credentials);
    else if (name == "authorities") read_path(node, policy_.authorities);
    else if (name == "hosts") policy_.hosts = hosts(node);
    else if (name == "plain_http") policy_.plain_http = hosts(node);
    else if (name == "paths") {
      policy_.paths = list(node);
      for (const std::string& path : policy_.paths)
        if (!path.starts_with('/')) report(node.Mark(), "an absolute path is expected");
    } else if (name == "users") {
      for (const auto& item : node) policy_.users.insert(static_cast<std::uint32_t>(number(item, UINT32_MAX - 1)));
    } else if (name == "time_most") read_time(node);
    else if (name == "output_most") read_size(node);
    else if (name == "redirects_most") policy_.redirects_most = static_cast<unsigned>(number(node, 10));
    else if (name == "running_most") policy_.running_most = std::max<std::size_t>(number(node, 256), 1);
    else report(node.Mark(), fmt::format("unknown key \"{}\"", name.substr(0, 60)));
  }

  const std::string file_;
  Diagnostics& diagnostics_;
  CommandPolicy policy_;
};

}  // namespace

bool CommandPolicy::needs_signature(std::string_view type) const noexcept {
  return signatures == Signatures::all || type == "bash" || type == "ssh" || type == "powershell";
}

bool CommandPolicy::covers(const std::vector<std::string>& list, std::string_view host) {
  const auto address = parse_address(host);
  return std::any_of(list.begin(), list.end(), [&](const std::string& item) {
    if (address) {
      const auto network = parse_network(item, HostBits::refuse);
      return network && network->contains(*address);
    }
    if (item.starts_with("*.")) {
      const std::string_view tail = std::string_view(item).substr(1);
      return host.size() > tail.size() && equals_ignoring_case(host.substr(host.size() - tail.size()), tail);
    }
    return equals_ignoring_case(item, host);
  });
}

CommandPolicy load_command_policy(std::string_view yaml, std::string_view file, Diagnostics& diagnostics) {
  return Loader(file, diagnostics).run(yaml);
}

}  // namespace tocsin::responders
