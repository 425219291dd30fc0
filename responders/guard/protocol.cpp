#include "responders/guard/protocol.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/json.h"

namespace tocsin::responders {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 10> kinds{"rehearse", "apply",  "approve", "verify", "undo",
                                                 "halt",     "resume", "status",  "list",   "take"};
constexpr std::array<std::string_view, 5> outcome_states{"applied", "already", "undone", "pending", "unknown"};
constexpr std::array<std::string_view, 3> presences{"in_effect", "absent", "changed"};
constexpr std::array<std::string_view, 4> verdicts{"allowed", "needs_approval", "refused", "unasked"};
constexpr std::array<std::string_view, 3> proofs{"unstated", "handshake", "spoofable"};
constexpr std::size_t pairs_most = 64;

template <std::size_t N>
std::optional<std::size_t> index_of(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == name) return i;
  return std::nullopt;
}

void write_pairs(JsonWriter& writer, std::string_view name,
                 const std::vector<std::pair<std::string, std::string>>& pairs) {
  writer.key(name).begin_array();
  for (const auto& [key, value] : pairs) writer.begin_array().value(key).value(value).end_array();
  writer.end_array();
}
void write_texts(JsonWriter& writer, std::string_view name, const std::vector<std::string>& texts) {
  writer.key(name).begin_array();
  for (const std::string& text : texts) writer.value(text);
  writer.end_array();
}

// One object of the other side's JSON. Missing fields read as empty; wrong kinds spoil it.
class Fields {
 public:
  explicit Fields(const json::object& object) : object_(object) {}
  bool good() const noexcept { return good_; }

  std::string text(const char* name) {
    const json::value* value = get(name, json::kind::string);
    return value == nullptr ? std::string() : std::string(std::string_view(value->get_string()));
  }
  bool flag(const char* name) {
    const json::value* value = get(name, json::kind::bool_);
    return value != nullptr && value->get_bool();
  }
  std::optional<std::int64_t> whole(const char* name) {
    const json::value* value = object_.if_contains(name);
    if (value == nullptr) return std::nullopt;
    boost::system::error_code problem;
    const auto number = value->to_number<std::int64_t>(problem);
    if (problem) good_ = false;
    return number;
  }
  std::vector<std::string> texts(const char* name) {
    std::vector<std::string> out;
    for (const json::value& item : list(name)) {
      if (!item.is_string()) good_ = false;
      else out.emplace_back(std::string_view(item.get_string()));
    }
    return out;
  }
  std::vector<std::pair<std::string, std::string>> pairs(const char* name) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const json::value& item : list(name)) {
      const auto* pair = item.if_array();
      if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string()) good_ = false;
      else
        out.emplace_back(std::string(std::string_view((*pair)[0].get_string())),
                         std::string(std::string_view((*pair)[1].get_string())));
    }
    return out;
  }
  const json::object* object(const char* name) {
    const json::value* value = get(name, json::kind::object);
    return value == nullptr ? nullptr : &value->get_object();
  }

 private:
  const json::value* get(const char* name, json::kind kind) {
    const json::value* value = object_.if_contains(name);
    if (value != nullptr && value->kind() != kind) {
      good_ = false;
      return nullptr;
    }
    return value;
  }
  const json::array& list(const char* name) {
    static const json::array none;
    const json::value* value = get(name, json::kind::array);
    if (value == nullptr) return none;
    if (value->get_array().size() > pairs_most) {
      good_ = false;
      return none;
    }
    return value->get_array();
  }

  const json::object& object_;
  bool good_ = true;
};

Requester read_behalf(Fields& action) {
  const auto number = [&](const char* name) {
    const auto value = action.whole(name);
    return value && *value >= 0 && *value <= UINT32_MAX ? static_cast<std::uint32_t>(*value) : UINT32_MAX;
  };
  Requester out;
  out.uid = number("behalf_uid");
  out.login_uid = number("behalf_login_uid");
  const auto pid = action.whole("behalf_pid");
  out.pid = pid && *pid > 0 && *pid <= INT32_MAX ? static_cast<int>(*pid) : 0;
  return out;
}

Result<json::value> parse_object(std::string_view text) {
  json::parse_options options;
  options.max_depth = 16;
  boost::system::error_code problem;
  json::value value = json::parse(json::string_view(text.data(), text.size()), problem, {}, options);
  if (problem || !value.is_object()) return fail(Code::invalid, "the message is not a JSON object");
  return value;
}

Result<json::value> parse_answer(std::string_view text) {
  TOCSIN_TRY(json::value value, parse_object(text));
  Fields fields(value.get_object());
  if (fields.flag("ok")) return value;
  const std::string code = fields.text("code");
  return fail(parse_code(code), fields.text("message"));
}

Result<Outcome> read_outcome(Fields& fields) {
  Outcome out;
  const auto state = index_of(outcome_states, fields.text("state"));
  out.summary = fields.text("summary");
  out.undo_token = fields.text("undo_token");
  out.outputs = fields.pairs("outputs");
  if (const auto expires = fields.whole("expires_in")) out.expires_in = Duration(*expires);
  if (!state || !fields.good()) return fail(Code::invalid, "the responder's answer is not understood");
  out.state = static_cast<Outcome::State>(*state);
  return out;
}

Result<Verification> read_verification(Fields& fields) {
  const auto presence = index_of(presences, fields.text("presence"));
  Verification out;
  out.detail = fields.text("detail");
  if (!presence || !fields.good()) return fail(Code::invalid, "the responder's answer is not understood");
  out.presence = static_cast<Presence>(*presence);
  return out;
}

void write_outcome(JsonWriter& writer, const Outcome& outcome) {
  writer.member("state", outcome_states[static_cast<std::size_t>(outcome.state)])
      .member("summary", outcome.summary)
      .member("undo_token", outcome.undo_token);
  write_pairs(writer, "outputs", outcome.outputs);
  if (outcome.expires_in) writer.member("expires_in", outcome.expires_in->count());
}

void write_verification(JsonWriter& writer, const Verification& verification) {
  writer.member("presence", presences[static_cast<std::size_t>(verification.presence)])
      .member("detail", verification.detail);
}

}  // namespace

std::string render_request(const GuardRequest& request) {
  std::string out;
  JsonWriter writer(out);
  const ActionRequest& action = request.request;
  writer.begin_object()
      .member("version", protocol_version)
      .member("kind", kinds[static_cast<std::size_t>(request.kind)])
      .member("key", request.key)
      .member("reason", request.reason)
      .key("request")
      .begin_object()
      .member("action", action.action)
      .member("key", action.key);
  write_pairs(writer, "parameters", action.parameters);
  if (!action.document.empty()) writer.member("document", action.document);
  writer.member("incident", action.incident)
      .member("playbook", action.playbook)
      .member("step", action.step)
      .member("reason", action.reason)
      .member("exercise", action.marked == Marked::exercise)
      .member("behalf_uid", action.behalf.uid)
      .member("behalf_login_uid", action.behalf.login_uid)
      .member("behalf_pid", action.behalf.pid)
      .member("rule", action.rule)
      .member("asset_level", action.asset_level)
      .member("depth", action.depth)
      .member("source", proofs[static_cast<std::size_t>(action.source)])
      .end_object()
      .end_object();
  return out;
}

Result<GuardRequest> parse_request(std::string_view text) {
  TOCSIN_TRY(const json::value value, parse_object(text));
  Fields fields(value.get_object());
  const auto version = fields.whole("version");
  if (version != protocol_version)
    return fail(Code::invalid, fmt::format("protocol version {} is spoken here", protocol_version));
  const auto kind = index_of(kinds, fields.text("kind"));
  if (!kind) return fail(Code::invalid, "unknown kind of request");
  GuardRequest out;
  out.kind = static_cast<GuardRequest::Kind>(*kind);
  out.key = fields.text("key");
  out.reason = fields.text("reason");
  bool good = fields.good();
  if (const json::object* object = fields.object("request")) {
    Fields action(*object);
    out.request.action = action.text("action");
    out.request.key = action.text("key");
    out.request.parameters = action.pairs("parameters");
    out.request.document = action.text("document");
    out.request.incident = action.text("incident");
    out.request.playbook = action.text("playbook");
    out.request.step = action.text("step");
    out.request.reason = action.text("reason");
    out.request.marked = action.flag("exercise") ? Marked::exercise : Marked::real;
    out.request.behalf = read_behalf(action);
    out.request.rule = action.text("rule");
    out.request.asset_level =
        static_cast<std::uint8_t>(std::clamp<std::int64_t>(action.whole("asset_level").value_or(0), 0, 5));
    // What is out of range is the worst it can be.
    const auto depth = action.whole("depth").value_or(0);
    out.request.depth = static_cast<std::uint8_t>(depth < 0 || depth > UINT8_MAX ? UINT8_MAX : depth);
    const std::string source = action.text("source");
    const auto proof = source.empty() ? std::optional<std::size_t>(0) : index_of(proofs, source);
    if (!proof) return fail(Code::invalid, "the request's source is none of unstated, handshake, spoofable");
    out.request.source = static_cast<SourceProof>(*proof);
    good = good && action.good();
  }
  if (!good || !fields.good()) return fail(Code::invalid, "a field of the request is of the wrong kind");
  return out;
}

std::string render_error(const Error& error) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object()
      .member("ok", false)
      .member("code", code_name(error.code))
      .member("message", error.text())
      .end_object();
  return out;
}

std::string render_answer(const Rehearsed& rehearsed) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().member("ok", true);
  write_texts(writer, "would", rehearsed.forecast.would);
  writer.key("touches").begin_array();
  for (const Touch& touch : rehearsed.forecast.touches)
    writer.begin_array().value(touch.kind).value(touch.value).end_array();
  writer.end_array().member("undo", rehearsed.forecast.undo);
  write_texts(writer, "now", rehearsed.forecast.now);
  writer.member("already", rehearsed.forecast.already)
      .member("obstacle", rehearsed.forecast.obstacle)
      .member("verdict", guard_verdict_name(rehearsed.verdict.kind))
      .member("rule", rehearsed.verdict.rule)
      .member("reason", rehearsed.verdict.reason)
      .end_object();
  return out;
}

std::string render_answer(const Applied& applied) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().member("ok", true);
  write_outcome(writer, applied.outcome);
  if (applied.verification) {
    writer.key("verification").begin_object();
    write_verification(writer, *applied.verification);
    writer.end_object();
  }
  writer.end_object();
  return out;
}

std::string render_answer(const Verification& verification) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().member("ok", true);
  write_verification(writer, verification);
  writer.end_object();
  return out;
}

std::string render_answer(const Outcome& outcome) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object().member("ok", true);
  write_outcome(writer, outcome);
  writer.end_object();
  return out;
}

Result<Rehearsed> parse_rehearsed(std::string_view text) {
  TOCSIN_TRY(const json::value value, parse_answer(text));
  Fields fields(value.get_object());
  Rehearsed out;
  out.forecast.would = fields.texts("would");
  for (auto& [kind, name] : fields.pairs("touches")) out.forecast.touches.push_back({kind, name});
  out.forecast.undo = fields.text("undo");
  out.forecast.now = fields.texts("now");
  out.forecast.already = fields.flag("already");
  out.forecast.obstacle = fields.text("obstacle");
  const auto verdict = index_of(verdicts, fields.text("verdict"));
  out.verdict.rule = fields.text("rule");
  out.verdict.reason = fields.text("reason");
  if (!verdict || !fields.good()) return fail(Code::invalid, "the responder's answer is not understood");
  out.verdict.kind = static_cast<GuardVerdict::Kind>(*verdict);
  return out;
}

Result<Applied> parse_applied(std::string_view text) {
  TOCSIN_TRY(const json::value value, parse_answer(text));
  Fields fields(value.get_object());
  Applied out;
  TOCSIN_TRY(out.outcome, read_outcome(fields));
  if (const json::object* object = fields.object("verification")) {
    Fields inner(*object);
    TOCSIN_TRY(out.verification, read_verification(inner));
  }
  return out;
}

Result<Verification> parse_verification(std::string_view text) {
  TOCSIN_TRY(const json::value value, parse_answer(text));
  Fields fields(value.get_object());
  return read_verification(fields);
}

Result<Outcome> parse_outcome(std::string_view text) {
  TOCSIN_TRY(const json::value value, parse_answer(text));
  Fields fields(value.get_object());
  return read_outcome(fields);
}

Result<void> parse_status(std::string_view text) {
  TOCSIN_CHECK(parse_answer(text));
  return {};
}

Result<std::string> make_frame(std::string_view body) {
  if (body.size() > frame_bytes_most) return fail(Code::exhausted, "the message is larger than 1 MiB");
  return encode_frame(body);
}

}  // namespace tocsin::responders
