#pragma once
// A small playbook to bend: every test changes one thing of it.

#include <string>
#include <string_view>

namespace tocsin::responders {

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

// start → (steps) → end; `steps` begins at action--a…01 and leads to the end. Ids: 'a' action, 'c' condition, 'e' end.
inline std::string playbook_with(std::string_view steps,
                                 std::string_view variables = R"("__ip__":{"type":"ipv4-addr","value":"192.0.2.1"})",
                                 std::string_view extra = "",
                                 std::string_view first = "action--aaaaaaaa-0000-4000-8000-000000000001") {
  std::string out =
      R"({"type":"playbook","spec_version":"cacao-2.0","id":"playbook--aaaaaaaa-0000-4000-8000-0000000000aa",
"name":"Example","created_by":"identity--aaaaaaaa-0000-4000-8000-0000000000bb","created":"2026-01-01T00:00:00.000Z",
"modified":"2026-01-01T00:00:00.000Z",)";
  out += extra;
  out += R"("playbook_variables":{)" + std::string(variables) + R"(},
"workflow_start":"start--aaaaaaaa-0000-4000-8000-0000000000cc","workflow":{
"start--aaaaaaaa-0000-4000-8000-0000000000cc":{"type":"start","on_completion":")";
  out += first;
  out += R"("},
)";
  out += steps;
  out += R"(,
"end--aaaaaaaa-0000-4000-8000-0000000000dd":{"type":"end"}},
"agent_definitions":{"individual--aaaaaaaa-0000-4000-8000-0000000000ee":{"type":"individual","name":"Ann"}}})";
  return out;
}

inline constexpr std::string_view end_id = "end--aaaaaaaa-0000-4000-8000-0000000000dd";

inline std::string step_id(std::string_view type, int number) {
  std::string digits = std::to_string(number);
  return std::string(type) + "--aaaaaaaa-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

// A manual action with the number, going to `next` ("on_completion":"…" and so on).
inline std::string manual_step(int number, std::string_view next) {
  return "\"" + step_id("action", number) + R"(":{"type":"action","name":"step )" + std::to_string(number) +
         R"(","commands":[{"type":"manual","command":"look at __ip__:value"}],"agent":"individual--aaaaaaaa-0000-4000-8000-0000000000ee",)" +
         std::string(next) + "}";
}
inline std::string to(std::string_view property, std::string_view id) {
  return "\"" + std::string(property) + "\":\"" + std::string(id) + "\"";
}
inline std::string end_step(int number) { return "\"" + step_id("end", number) + R"(":{"type":"end"})"; }

inline std::string simple_playbook() { return playbook_with(manual_step(1, to("on_completion", end_id))); }

}  // namespace tocsin::responders
