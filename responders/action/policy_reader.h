#pragma once
// What readers of the responders' policies share: a YAML map of settings, each mistake a diagnostic with its place.
// What is wrong is left out of the policy; whoever loads one decides what a policy with errors is worth. One thread.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "collectors/base/diagnostic.h"
#include "collectors/base/time.h"
#include "rules/marking.h"

namespace YAML {
class Node;
struct Mark;
}  // namespace YAML

namespace tocsin::responders {

class PolicyReader {
 public:
  PolicyReader(const PolicyReader&) = delete;
  PolicyReader& operator=(const PolicyReader&) = delete;

 protected:
  using Take = std::function<void(const YAML::Node&)>;
  using TakeEntry = std::function<void(const YAML::Node& name, const YAML::Node& value)>;

  // `code` and `item` are those of every error.
  PolicyReader(std::string_view code, std::string_view item, std::string_view file, Diagnostics& diagnostics)
      : code_(code), item_(item), file_(file), diagnostics_(diagnostics) {}
  ~PolicyReader() = default;

  // Each setting of the text; nothing for an empty one.
  void read_settings(std::string_view yaml, const TakeEntry& take);

  void report(const YAML::Node& node, std::string cause);
  // Worth knowing, no error.
  void warn(const YAML::Node& node, std::string_view code, std::string_view item, std::string cause);

  // What is something else is reported, and comes to nothing.
  std::string scalar(const YAML::Node& node);
  void each(const YAML::Node& list, const Take& take);
  void entries(const YAML::Node& map, const TakeEntry& take);
  std::optional<std::uint64_t> number(const YAML::Node& node, std::uint64_t least, std::uint64_t most);
  template <class Integer>
  void whole(const YAML::Node& node, std::uint64_t least, std::uint64_t most, Integer& out) {
    if (const auto value = number(node, least, most)) out = static_cast<Integer>(*value);
  }
  void duration(const YAML::Node& node, Duration& out);     // more than none
  std::optional<std::string> path(const YAML::Node& node);  // absolute, without '/' at its end
  void marking(const YAML::Node& node, rules::Tlp& out);    // the highest that a way out lets through

 private:
  void add(const YAML::Mark& mark, Severity severity, std::string_view code, std::string_view item, std::string cause);

  const std::string code_, item_, file_;
  Diagnostics& diagnostics_;
};

}  // namespace tocsin::responders
