#pragma once
// One case of a rule's test through the engines. Each case starts with fresh state.

#include <string>
#include <vector>

#include "daemon/app/rule_test/conversation.h"
#include "daemon/app/workbench.h"

namespace YAML {
class Node;
}

namespace tocsin::daemon {

class CaseRunner {
 public:
  explicit CaseRunner(Workbench& bench) : bench_(bench) {}
  // Ids of the rules that alerted. usage: a form of case that does not exist.
  Result<std::vector<std::string>> run(const YAML::Node& node);

 private:
  class Round;
  Workbench& bench_;
};

}  // namespace tocsin::daemon
