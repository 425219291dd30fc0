#include "daemon/app/rule_test/rule_test.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "daemon/app/rule_files.h"
#include "daemon/app/rule_test/case_runner.h"
#include "daemon/app/workbench.h"

namespace tocsin::daemon {
namespace fs = std::filesystem;
namespace {

std::vector<std::string> test_files(const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  for (const auto& path : paths) {
    std::error_code error;
    for (fs::recursive_directory_iterator it(path, fs::directory_options::follow_directory_symlink, error), end;
         !error && it != end; it.increment(error))
      if (it->path().string().ends_with(".test.yaml")) out.push_back(it->path());
    if (path.ends_with(".test.yaml")) out.push_back(path);
  }
  std::ranges::sort(out);
  return out;
}

class Runner {
 public:
  Runner(Workbench& bench, RuleTestOutcome& outcome) : cases_(bench), outcome_(outcome) {}

  void file(const std::string& path) {
    auto text = read_file(path, 4U << 20);
    if (!text) return fail(path, "", "file", text.error().text());
    try {
      const YAML::Node root = YAML::Load(*text);
      if (!root["tests"]) return block(path, root);
      for (const auto& node : root["tests"]) block(path, node);
    } catch (const YAML::Exception& e) {
      fail(path, "", "file", e.what());
    }
  }

 private:
  void fail(const std::string& path, const std::string& rule, std::string which, std::string reason) {
    outcome_.failures.push_back({path, rule, std::move(which), std::move(reason)});
  }

  void block(const std::string& path, const YAML::Node& node) {
    const auto rule = node["rule"].as<std::string>();
    if (!node["hit"] || node["hit"].size() == 0) fail(path, rule, "hit", "a test needs at least one hit");
    if (!node["near_miss"] || node["near_miss"].size() == 0)
      fail(path, rule, "near miss", "a test needs at least one near miss");
    std::size_t number = 0;
    for (const auto& one : node["hit"]) judge(path, rule, fmt::format("hit {}", ++number), one, true);
    number = 0;
    for (const auto& one : node["near_miss"]) judge(path, rule, fmt::format("near miss {}", ++number), one, false);
  }

  void judge(const std::string& path, const std::string& rule, std::string which, const YAML::Node& node, bool wanted) {
    auto alerts = cases_.run(node);
    if (!alerts) return fail(path, rule, std::move(which), alerts.error().text());
    const bool fired =
        std::ranges::any_of(*alerts, [&](const std::string& id) { return id == rule || id == "1:" + rule; });
    if (fired == wanted) ++outcome_.passed;
    else fail(path, rule, std::move(which), wanted ? "did not alert" : "alerted");
  }

  CaseRunner cases_;
  RuleTestOutcome& outcome_;
};

}  // namespace

Result<RuleTestOutcome> run_rule_tests(const Config& config, const std::vector<std::string>& paths) {
  TOCSIN_TRY(const auto bench, open_workbench(config, paths));
  RuleTestOutcome outcome;
  for (const auto& d : bench->diagnostics.all())
    if (d.severity == Severity::error) outcome.failures.push_back({d.file, d.item, "load", d.cause});
  Runner runner(*bench, outcome);
  for (const auto& path : test_files(paths)) runner.file(path);
  return outcome;
}

}  // namespace tocsin::daemon
