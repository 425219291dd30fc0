// Changes as lines of JSON and back: what the journal keeps and hashes.
#include <algorithm>
#include <array>

#include <simdjson.h>

#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "responders/incident/change.h"

namespace tocsin::responders {
namespace {

constexpr std::uint64_t version = 1;
// In the order of the variant.
constexpr std::array<std::string_view, std::variant_size_v<ChangeBody>> change_names{
    "opened",         "alert_added",  "alert_repeated",   "state_changed",
    "reopened",       "noted",        "assigned",         "retitled",
    "rated",          "absorbed",     "merged",           "split_off",
    "evidence_added", "run_recorded", "handover_offered", "handover_ended"};
constexpr std::array<std::string_view, 3> phase_names{"started", "step", "finished"};
constexpr std::array<std::string_view, 4> handover_ends{"accepted", "returned", "withdrawn", "unanswered"};

void append_id(JsonWriter& json, std::string_view key, const Uuid& uuid) { json.member(key, render_uuid(uuid)); }

void append_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& items) {
  json.key(key).begin_array();
  for (const auto& item : items) json.value(item);
  json.end_array();
}

void append_alert(JsonWriter& json, const IncidentAlert& a) {
  json.begin_object();
  json.member("id", render_digest(a.id)).member("time", render_time(a.time)).member("last", render_time(a.last));
  json.member("count", a.count).member("engine", rules::engine_name(a.engine)).member("rule", a.rule);
  json.member("title", a.title).member("severity", a.severity).member("host", a.host);
  if (a.tlp != rules::Tlp::none) json.member("tlp", rules::tlp_name(a.tlp));
  append_texts(json, "attack", a.attack);
  json.key("entities").begin_array();
  for (const auto& e : a.entities) {
    json.begin_array().value(static_cast<unsigned>(e.kind)).value(static_cast<unsigned>(e.role)).value(e.value);
    json.end_array();
  }
  json.end_array();
  if (a.facts.process != 0) json.member("process", a.facts.process).member("executable", a.facts.executable);
  if (!a.facts.unit.empty()) json.member("unit", a.facts.unit);
  if (!a.facts.key.empty()) json.member("key", a.facts.key);
  if (a.facts.source != SourceTrust::unknown) json.member("source", source_trust_name(a.facts.source));
  json.end_object();
}

void append_evidence(JsonWriter& json, const EvidenceRef& e) {
  json.begin_object();
  json.member("sha256", render_digest(e.digest)).member("name", e.name).member("size", e.size);
  json.member("collected", render_time(e.collected));
  json.end_object();
}

void append_actor(JsonWriter& json, const Actor& actor) {
  json.begin_object();
  json.member("uid", actor.uid).member("login_uid", actor.login_uid).member("name", actor.name);
  json.end_object();
}

struct Writer {
  JsonWriter& json;

  void operator()(const change::Opened& c) const {
    json.member("alias", c.alias).member("title", c.title).member("host", c.host);
    json.member("organization", c.organization).member("exercise", c.exercise == Exercise::yes);
  }
  void operator()(const change::AlertAdded& c) const {
    json.key("alert");
    append_alert(json, c.alert);
    json.member("severity", c.severity);
  }
  void operator()(const change::AlertRepeated& c) const {
    json.member("first", render_digest(c.first)).member("id", render_digest(c.id));
    json.member("at", render_time(c.time)).member("count", c.count);
  }
  void operator()(const change::StateChanged& c) const {
    json.member("to", state_name(c.to));
    if (c.verdict) json.member("verdict", verdict_name(*c.verdict));
    json.member("ended", render_time(c.ended)).member("reason", c.reason);
  }
  void operator()(const change::Reopened& c) const { json.member("reason", c.reason); }
  void operator()(const change::Noted& c) const { json.member("text", c.text); }
  void operator()(const change::Assigned& c) const { json.member("owner", c.owner); }
  void operator()(const change::HandoverOffered& c) const {
    json.member("to", c.offer.to).member("answer_by", render_time(c.offer.answer_by));
    json.member("seconds", static_cast<std::uint64_t>(c.offer.answer_within / std::chrono::seconds(1)));
    append_texts(json, "next", c.offer.next);
    json.member("reason", c.offer.reason).member("silent", c.silent);
  }
  void operator()(const change::HandoverEnded& c) const {
    json.member("how", handover_ends[static_cast<std::size_t>(c.how)]).member("who", c.who).member("reason", c.reason);
  }
  void operator()(const change::Retitled& c) const { json.member("title", c.title); }
  void operator()(const change::Rated& c) const { json.member("severity", c.severity).member("reason", c.reason); }
  void operator()(const change::Absorbed& c) const {
    append_id(json, "other", c.other.uuid);
    json.member("other_alias", c.other_alias);
    json.key("alerts").begin_array();
    for (const auto& a : c.alerts) append_alert(json, a);
    json.end_array().key("evidence").begin_array();
    for (const auto& e : c.evidence) append_evidence(json, e);
    json.end_array().key("timeline").begin_array();
    for (const auto& t : c.timeline) {
      json.begin_object();
      json.member("time", render_time(t.time)).member("kind", timeline_kind_name(t.kind)).member("text", t.text);
      json.key("actor");
      append_actor(json, t.actor);
      json.end_object();
    }
    json.end_array();
    json.member("alert_count", c.alert_count).member("severity", c.severity).member("reason", c.reason);
  }
  void operator()(const change::Merged& c) const {
    append_id(json, "into", c.into.uuid);
    json.member("into_alias", c.into_alias).member("reason", c.reason);
  }
  void operator()(const change::SplitOff& c) const {
    append_id(json, "into", c.into.uuid);
    json.member("into_alias", c.into_alias).key("alerts").begin_array();
    for (const auto& id : c.alerts) json.value(render_digest(id));
    json.end_array();
    json.member("severity", c.severity).member("reason", c.reason);
  }
  void operator()(const change::EvidenceAdded& c) const {
    json.key("evidence");
    append_evidence(json, c.evidence);
  }
  void operator()(const change::RunRecorded& c) const {
    append_id(json, "run", c.run.uuid);
    json.member("playbook", c.playbook).member("phase", phase_names[static_cast<std::size_t>(c.phase)]);
    json.member("step", c.step).member("action", c.action).member("mode", c.mode).member("outcome", c.outcome);
    json.member("text", c.text).member("contained", c.contained);
  }
};

using simdjson::dom::element;

// Reads members; whatever is missing or of the wrong kind makes the whole change unreadable.
class Reader {
 public:
  explicit Reader(element object, bool present = true) : object_(object), present_(present) {}
  bool ok() const noexcept { return ok_; }

  std::string text(std::string_view key) {
    std::string_view value;
    check(find(key, value));
    return std::string(value);
  }
  std::uint64_t number(std::string_view key) {
    std::uint64_t value = 0;
    check(find(key, value));
    return value;
  }
  std::uint8_t percent(std::string_view key) {
    const auto value = number(key);
    check(value <= 100);
    return static_cast<std::uint8_t>(value);
  }
  bool boolean(std::string_view key) {
    bool value = false;
    check(find(key, value));
    return value;
  }
  Time time(std::string_view key) { return demand(parse_time(text(key))); }
  Uuid uuid(std::string_view key) { return demand(parse_uuid(text(key))); }
  Digest128 digest(std::string_view key) { return demand(parse_digest128(text(key))); }
  Reader child(std::string_view key) {
    element value;
    const bool present = find(key, value);
    check(present);
    return Reader(value, present);
  }
  bool has(std::string_view key) {
    element value;
    return find(key, value);
  }
  template <class Each>
  void each(std::string_view key, Each&& each_item) {
    simdjson::dom::array items;
    check(find(key, items));
    if (!ok_) return;
    for (const element item : items) {
      Reader reader(item);
      each_item(reader, item);
      check(reader.ok());
    }
  }
  template <class T>
  T demand(std::optional<T> value) {
    check(value.has_value());
    return value.value_or(T{});
  }
  void check(bool good) noexcept { ok_ = ok_ && good; }

 private:
  // An element of no document may not be asked anything.
  template <class T>
  bool find(std::string_view key, T& out) const {
    return present_ && object_[key].get(out) == simdjson::SUCCESS;
  }

  element object_;
  bool present_;
  bool ok_ = true;
};

std::string item_text(Reader& reader, const element& item) {
  std::string_view text;
  reader.check(item.get(text) == simdjson::SUCCESS);
  return std::string(text);
}

rules::Entity read_entity(Reader& reader, const element& item) {
  std::uint64_t kind = 0;
  std::uint64_t role = 0;
  std::string_view value;
  const auto part = [&](std::size_t index, auto& out) {
    element found;
    reader.check(item.is_array() && item.at(index).get(found) == simdjson::SUCCESS &&
                 found.get(out) == simdjson::SUCCESS);
  };
  part(0, kind);
  part(1, role);
  part(2, value);
  reader.check(kind <= 5 && role <= 2);
  return {static_cast<rules::EntityKind>(kind % 6), static_cast<rules::EntityRole>(role % 3), std::string(value)};
}

IncidentAlert read_alert(Reader& in) {
  IncidentAlert a;
  a.id = in.digest("id");
  a.time = in.time("time");
  a.last = in.time("last");
  a.count = in.number("count");
  a.engine = in.demand(rules::parse_engine(in.text("engine")));
  a.rule = in.text("rule");
  a.title = in.text("title");
  a.severity = in.percent("severity");
  a.host = in.text("host");
  if (in.has("tlp")) a.tlp = in.demand(rules::parse_tlp(in.text("tlp")));
  in.each("attack", [&](Reader& r, const element& item) { a.attack.push_back(item_text(r, item)); });
  in.each("entities", [&](Reader& r, const element& item) { a.entities.push_back(read_entity(r, item)); });
  if (in.has("process")) {
    const auto process = in.number("process");
    in.check(process <= INT32_MAX);
    a.facts.process = static_cast<std::uint32_t>(process);
    a.facts.executable = in.text("executable");
  }
  if (in.has("unit")) a.facts.unit = in.text("unit");
  if (in.has("key")) a.facts.key = in.text("key");
  if (in.has("source")) a.facts.source = in.demand(parse_source_trust(in.text("source")));
  return a;
}

EvidenceRef read_evidence(Reader& in) {
  EvidenceRef e;
  const auto raw = parse_hex(in.text("sha256"));
  in.check(raw && raw->size() == e.digest.size());
  if (in.ok()) std::copy(raw->begin(), raw->end(), e.digest.begin());
  e.name = in.text("name");
  e.size = in.number("size");
  e.collected = in.time("collected");
  return e;
}

Actor read_actor(Reader in, Reader& outer) {
  Actor actor{static_cast<std::uint32_t>(in.number("uid")), static_cast<std::uint32_t>(in.number("login_uid")),
              in.text("name")};
  outer.check(in.ok());
  return actor;
}

change::Absorbed read_absorbed(Reader& in) {
  change::Absorbed c;
  c.other = {in.uuid("other")};
  c.other_alias = in.text("other_alias");
  in.each("alerts", [&](Reader& r, const element&) { c.alerts.push_back(read_alert(r)); });
  in.each("evidence", [&](Reader& r, const element&) { c.evidence.push_back(read_evidence(r)); });
  in.each("timeline", [&](Reader& r, const element&) {
    TimelineEntry t;
    t.time = r.time("time");
    t.kind = r.demand(parse_timeline_kind(r.text("kind")));
    t.text = r.text("text");
    t.actor = read_actor(r.child("actor"), r);
    c.timeline.push_back(std::move(t));
  });
  c.alert_count = in.number("alert_count");
  c.severity = in.percent("severity");
  c.reason = in.text("reason");
  return c;
}

change::RunRecorded read_run(Reader& in) {
  change::RunRecorded c;
  c.run = {in.uuid("run")};
  c.playbook = in.text("playbook");
  const auto phase = std::ranges::find(phase_names, in.text("phase"));
  in.check(phase != phase_names.end());
  if (in.ok()) c.phase = static_cast<change::RunPhase>(phase - phase_names.begin());
  c.step = in.text("step");
  c.action = in.text("action");
  c.mode = in.text("mode");
  c.outcome = in.text("outcome");
  c.text = in.text("text");
  c.contained = in.boolean("contained");
  return c;
}

change::HandoverOffered read_offer(Reader& in) {
  constexpr std::uint64_t seconds_most = std::uint64_t{366} * 24 * 3600;
  change::HandoverOffered c;
  c.offer.to = in.text("to");
  c.offer.answer_by = in.time("answer_by");
  const auto seconds = in.number("seconds");
  in.check(seconds <= seconds_most);
  if (in.ok()) c.offer.answer_within = std::chrono::seconds(seconds);
  in.each("next", [&](Reader& r, const element& item) { c.offer.next.push_back(item_text(r, item)); });
  c.offer.reason = in.text("reason");
  c.silent = in.text("silent");
  return c;
}

change::HandoverEnded read_handover_end(Reader& in) {
  change::HandoverEnded c;
  const auto how = std::ranges::find(handover_ends, in.text("how"));
  in.check(how != handover_ends.end());
  if (in.ok()) c.how = static_cast<change::HandoverEnd>(how - handover_ends.begin());
  c.who = in.text("who");
  c.reason = in.text("reason");
  return c;
}

change::StateChanged read_state(Reader& in) {
  change::StateChanged c;
  c.to = in.demand(parse_state(in.text("to")));
  if (in.has("verdict")) c.verdict = in.demand(parse_verdict(in.text("verdict")));
  c.ended = in.time("ended");
  c.reason = in.text("reason");
  return c;
}

change::SplitOff read_split(Reader& in) {
  change::SplitOff c;
  c.into = {in.uuid("into")};
  c.into_alias = in.text("into_alias");
  in.each("alerts",
          [&](Reader& r, const element& item) { c.alerts.push_back(r.demand(parse_digest128(item_text(r, item)))); });
  c.severity = in.percent("severity");
  c.reason = in.text("reason");
  return c;
}

// g++ evaluates the members of a braced list left to right, as the standard says.
std::optional<ChangeBody> read_body(std::string_view name, Reader& in) {
  if (name == "opened")
    return change::Opened{in.text("alias"), in.text("title"), in.text("host"), in.text("organization"),
                          in.boolean("exercise") ? Exercise::yes : Exercise::no};
  if (name == "alert_added") {
    auto child = in.child("alert");
    change::AlertAdded c{read_alert(child), in.percent("severity")};
    in.check(child.ok());
    return c;
  }
  if (name == "alert_repeated")
    return change::AlertRepeated{in.digest("first"), in.digest("id"), in.time("at"), in.number("count")};
  if (name == "state_changed") return read_state(in);
  if (name == "reopened") return change::Reopened{in.text("reason")};
  if (name == "noted") return change::Noted{in.text("text")};
  if (name == "assigned") return change::Assigned{in.text("owner")};
  if (name == "retitled") return change::Retitled{in.text("title")};
  if (name == "rated") return change::Rated{in.percent("severity"), in.text("reason")};
  if (name == "absorbed") return read_absorbed(in);
  if (name == "merged") return change::Merged{{in.uuid("into")}, in.text("into_alias"), in.text("reason")};
  if (name == "split_off") return read_split(in);
  if (name == "evidence_added") {
    auto child = in.child("evidence");
    change::EvidenceAdded c{read_evidence(child)};
    in.check(child.ok());
    return c;
  }
  if (name == "run_recorded") return read_run(in);
  if (name == "handover_offered") return read_offer(in);
  if (name == "handover_ended") return read_handover_end(in);
  return std::nullopt;
}

}  // namespace

std::string_view change_name(const ChangeBody& body) noexcept { return change_names[body.index()]; }

std::string render_json(const Change& change) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("v", version).member("incident", render_uuid(change.incident.uuid));
  json.member("time", render_time(change.time)).key("actor");
  append_actor(json, change.actor);
  json.member("change", change_name(change.body)).key("body").begin_object();
  std::visit(Writer{json}, change.body);
  json.end_object().end_object();
  return out;
}

Result<Change> parse_change(std::string_view text) {
  simdjson::dom::parser parser;
  element object;
  if (parser.parse(text.data(), text.size()).get(object) != simdjson::SUCCESS || !object.is_object())
    return fail(Code::invalid, "a journal entry is not a JSON object; run `tocsin audit verify`");
  Reader in(object);
  const auto written = in.number("v");
  if (in.ok() && written > version)
    return fail(Code::conflict, "the journal was written by a newer tocsin; upgrade this one to read it");
  Change change;
  change.incident = {in.uuid("incident")};
  change.time = in.time("time");
  change.actor = read_actor(in.child("actor"), in);
  const auto name = in.text("change");
  auto child = in.child("body");
  std::optional<ChangeBody> body;
  if (in.ok()) body = read_body(name, child);
  if (!body || !in.ok() || !child.ok())
    return fail(Code::invalid, "a journal entry (" + name + ") cannot be understood; run `tocsin audit verify`");
  change.body = std::move(*body);
  return change;
}

}  // namespace tocsin::responders
