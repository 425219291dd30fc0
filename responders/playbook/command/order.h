#pragma once
// The inside of a command desk. Private to this folder.

#include "responders/playbook/command/desk.h"
#include "responders/playbook/command/process_target.h"

namespace tocsin::responders {

// One place a command goes to.
struct CommandPlace {
  std::string host;
  std::uint16_t port = 0;
  std::string user;
  std::string key_file;  // ssh: of the private key
  HttpEndpoint endpoint;
  std::string authorization;  // http: the header's value
};

struct CommandDesk::Order {
  PlanRef plan;
  const PlannedStep* step = nullptr;
  const PlannedCommand* command = nullptr;
  Scope values;
  std::vector<std::pair<std::string, std::string>> environment;  // of a shell
  HttpMessage message;
  std::vector<CommandPlace> places;
  std::vector<std::string> paths;        // of YARA
  std::vector<ProcessTarget> processes;  // of YARA
  std::vector<ActionRequest> lending;    // of the processes, in their order
  Duration time{};

  Lookup lookup() const {
    return [this](std::string_view name) { return values.find(name); };
  }
};

GuardVerdict refused_by(std::string rule, std::string reason);

}  // namespace tocsin::responders
