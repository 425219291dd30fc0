#pragma once
// What passes over the responder's socket: frames (collectors/base/frame.h) of JSON, one answer for each request, in
// order, with descriptors beside that of a take. Version 1. Hostile input on both sides: sizes are capped, every field
// is typed. Pure; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/frame.h"
#include "responders/action/request.h"

namespace tocsin::responders {

inline constexpr std::uint32_t protocol_version = 1;
inline constexpr std::size_t frame_bytes_most = 1U << 20U;  // a document, escaped, and what is around it

struct GuardRequest {
  enum class Kind : std::uint8_t { rehearse, apply, approve, verify, undo, halt, resume, status, list, take };
  Kind kind = Kind::status;
  ActionRequest request;  // of rehearse and apply
  std::string key;        // of approve, verify, undo, take
  std::string reason;     // of approve, undo, halt, resume
};

std::string render_request(const GuardRequest& request);
Result<GuardRequest> parse_request(std::string_view json);

// Answers: {"ok":true,…} or {"ok":false,"code":…,"message":…}.
std::string render_error(const Error& error);
std::string render_answer(const Rehearsed& rehearsed);
std::string render_answer(const Applied& applied);
std::string render_answer(const Verification& verification);
std::string render_answer(const Outcome& outcome);

// The error the other side sent, or the answer; invalid when it is neither.
Result<Rehearsed> parse_rehearsed(std::string_view json);
Result<Applied> parse_applied(std::string_view json);
Result<Verification> parse_verification(std::string_view json);
Result<Outcome> parse_outcome(std::string_view json);
// ok or the error; the rest of the answer is the caller's to print.
Result<void> parse_status(std::string_view json);

// Header and body; exhausted above the cap.
Result<std::string> make_frame(std::string_view body);

}  // namespace tocsin::responders
