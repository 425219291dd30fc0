#pragma once
// Commands of playbooks that are no action of ours: bash, ssh, powershell, http-api, openc2-http, yara, sigma. A
// request names a command of a playbook and brings values for its variables, never the text to run: whoever carries it
// out reads that text from the playbook itself. Values only; the gateway is for one caller at a time.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "responders/action/request.h"
#include "responders/playbook/cause.h"
#include "responders/playbook/variable/value.h"
#include "rules/marking.h"

namespace tocsin::responders {

struct CommandValue {
  std::string name;  // "__name__"
  VariableType type = VariableType::string;
  std::string text;
};

struct CommandRequest {
  std::string key;                              // the same key is run once
  std::shared_ptr<const std::string> playbook;  // as written and signed
  std::string step;                             // its id
  std::size_t command = 0;                      // which of the step's
  std::string type;                             // "sigma": whom it goes to; nobody else believes it, it is never sent
  std::vector<CommandValue> values;             // of the variables that have one
  std::string incident;
  rules::Tlp tlp = rules::Tlp::none;  // of the incident
  std::string reason;
  Requester behalf;
  Marked marked = Marked::real;
  Cause cause;                            // what a guard judges by that is asked on the way
  Duration time = std::chrono::hours(1);  // at most
};

struct CommandAnswer {
  enum class State : std::uint8_t { running, done, failed, unknown } state = State::running;
  std::string summary;
  std::string output;                                        // what it wrote, or the body it got
  std::vector<std::pair<std::string, std::string>> outputs;  // "status", "matches", …
};
std::string_view command_state_name(CommandAnswer::State state) noexcept;

class CommandGateway {
 public:
  virtual ~CommandGateway() = default;
  // Are there commands of this type that it would carry out? Where not, a playbook with one is not begun.
  virtual bool carries_out(std::string_view /*type*/) const noexcept { return true; }
  // Would it be run now? `rule` of the verdict: "type", "signature", "host", "marking", "path", "unsafe", "role"; of
  // memory that is lent, the guard's own.
  virtual Result<GuardVerdict> judge(const CommandRequest& request) = 0;
  // Does not wait for the command: while it runs the answer is `running`, and the same request asked again tells more.
  // denied: it may not be run; nothing was done.
  virtual Result<CommandAnswer> run(const CommandRequest& request) = 0;
  // Nobody waits for it any more.
  virtual void cancel(const std::string& key) = 0;
};

// What an answer sets: a variable takes the output of its name (`__status__`: "status"), or the member of its name when
// the output is a JSON object; the only one of a step takes the whole output, without the newlines at its end.
std::vector<std::pair<std::string, std::string>> values_of(const std::vector<std::string>& out_args,
                                                           const CommandAnswer& answer);

}  // namespace tocsin::responders
