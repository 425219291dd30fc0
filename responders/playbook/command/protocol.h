#pragma once
// What passes over the socket of tocsin-runner: frames (collectors/base/frame.h) of JSON, one answer for each request,
// in order. Version 1. Hostile input on both sides: sizes are capped, every field is typed. Pure; any thread.

#include <optional>
#include <string>
#include <string_view>

#include "responders/playbook/command/command.h"

namespace tocsin::responders {

inline constexpr std::size_t command_frame_bytes_most = 12U << 20U;

struct RunnerRequest {
  enum class Kind : std::uint8_t { judge, run, cancel, status };
  Kind kind = Kind::status;
  CommandRequest request;  // of cancel its key only
};
std::string render_request(const RunnerRequest& request);
Result<RunnerRequest> parse_runner_request(std::string_view json);

std::string render_command_error(const Error& error);  // {"ok":false,"code":…,"message":…}
std::string render_answer(const CommandAnswer& answer);
std::string render_answer(const GuardVerdict& verdict);
// The error the other side sent, or the answer; invalid when it is neither.
Result<CommandAnswer> parse_command_answer(std::string_view json);
Result<GuardVerdict> parse_command_verdict(std::string_view json);

}  // namespace tocsin::responders
