#include "rules/alert.h"

#include <algorithm>
#include <array>

#include <simdjson.h>

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"

namespace tocsin::rules {
namespace {

constexpr std::array<std::string_view, 5> engine_names{"signature", "sigma", "yara", "indicator", "self"};
constexpr std::array<std::string_view, 6> kind_names{"host", "user", "address", "process", "file", "domain"};
constexpr std::array<std::string_view, 3> role_names{"actor", "target", "related"};

constexpr std::size_t events_most = 64;
constexpr std::size_t fields_most = 64;
constexpr std::size_t original_most = 4096;
constexpr std::size_t excerpt_most = 256;

template <class Enum, std::size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names, std::string_view name) noexcept {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string_view engine_name(Engine engine) noexcept { return engine_names[static_cast<std::size_t>(engine)]; }
std::optional<Engine> parse_engine(std::string_view name) noexcept { return find_name<Engine>(engine_names, name); }
std::string_view entity_kind_name(EntityKind kind) noexcept { return kind_names[static_cast<std::size_t>(kind)]; }
std::string_view entity_role_name(EntityRole role) noexcept { return role_names[static_cast<std::size_t>(role)]; }

void Alert::add_entity(EntityKind kind, EntityRole role, std::string_view value) {
  if (value.empty()) return;
  Entity entity{kind, role, std::string(value)};
  const auto place = std::ranges::lower_bound(entities, entity);
  if (place != entities.end() && *place == entity) return;
  entities.insert(place, std::move(entity));
}

void seal(Alert& alert) {
  std::string identity = alert.rule->id + '\n' + alert.rule->revision;
  for (const auto& id : alert.events) identity += '\n' + render_digest(id);
  alert.id = hash128(identity);
}

void describe(Alert& alert, const Event& event, const FieldNames& names) {
  const auto& header = event.header();
  alert.time = header.observed;
  alert.host = header.host;
  alert.exercise = header.exercise;
  alert.original = event.original().substr(0, original_most);
  if (alert.events.size() >= events_most) alert.events.erase(alert.events.begin());
  if (alert.events.empty() || alert.events.back() != header.id) alert.events.push_back(header.id);
  alert.add_entity(EntityKind::host, EntityRole::target, header.host);
  struct Mapping {
    Field field;
    EntityKind kind;
    EntityRole role;
  };
  static constexpr std::array<Mapping, 9> mappings{{
      {field::source_ip, EntityKind::address, EntityRole::actor},
      {field::destination_ip, EntityKind::address, EntityRole::target},
      {field::user_name, EntityKind::user, EntityRole::related},
      {field::user_effective_name, EntityKind::user, EntityRole::target},
      {field::user_target_name, EntityKind::user, EntityRole::target},
      {field::process_executable, EntityKind::process, EntityRole::related},
      {field::file_path, EntityKind::file, EntityRole::related},
      {field::dns_question_name, EntityKind::domain, EntityRole::related},
      {field::tls_client_server_name, EntityKind::domain, EntityRole::related},
  }};
  for (const auto& m : mappings)
    if (const auto* value = event.find(m.field))
      for (const auto& item : value->items()) alert.add_entity(m.kind, m.role, render_text(item));
  alert.fields.clear();
  for (const auto& f : event.fields()) {
    if (alert.fields.size() >= fields_most) break;
    alert.fields.emplace_back(names.name(f.field), render_text(f.value).substr(0, 1024));
  }
  std::ranges::sort(alert.fields);
}

namespace {

void append_list(JsonWriter& json, std::string_view key, const std::vector<std::string>& items) {
  if (items.empty()) return;
  json.key(key).begin_array();
  for (const auto& item : items) json.value(item);
  json.end_array();
}

void append_rule(JsonWriter& json, const RuleInfo& rule) {
  json.member("rule.engine", engine_name(rule.engine));
  json.member("rule.id", rule.id);
  json.member("rule.revision", rule.revision);
  json.member("rule.title", rule.title);
  if (!rule.file.empty()) json.member("rule.file", rule.file);
  if (rule.line != 0) json.member("rule.line", rule.line);
  append_list(json, "rule.attack", rule.attack);
  append_list(json, "rule.tags", rule.tags);
  append_list(json, "rule.references", rule.references);
  if (!rule.description.empty()) json.member("rule.description", rule.description);
  if (!rule.false_positives.empty()) json.member("rule.false_positives", rule.false_positives);
  if (!rule.classification.empty()) json.member("rule.classification", rule.classification);
}

void append_packet(JsonWriter& json, const PacketContext& packet) {
  json.key("packet").begin_object();
  json.member("number", packet.packet).member("flow_id", packet.flow_id);
  json.member("community_id", packet.community_id);
  json.member("source_ip", render_address(packet.source)).member("source_port", packet.source_port);
  json.member("destination_ip", render_address(packet.destination)).member("destination_port", packet.destination_port);
  json.member("transport", packet.transport);
  if (!packet.application.empty()) json.member("application", packet.application);
  if (packet.transaction) json.member("transaction", *packet.transaction);
  json.member("direction", packet.to_server ? "to_server" : "to_client");
  json.end_object();
}

}  // namespace

std::string render_json(const Alert& alert) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("@timestamp", render_time(alert.time));
  json.member("alert.id", render_digest(alert.id));
  append_rule(json, *alert.rule);
  json.member("alert.severity", alert.severity).member("alert.confidence", alert.confidence);
  json.member("alert.count", alert.count);
  if (alert.exercise == Exercise::yes) json.member("tocsin.exercise", true);
  if (alert.tlp != Tlp::none) json.member("alert.tlp", tlp_name(alert.tlp));
  json.member("host.name", alert.host);
  json.key("entities").begin_array();
  for (const auto& e : alert.entities) {
    json.begin_object();
    json.member("kind", entity_kind_name(e.kind)).member("role", entity_role_name(e.role)).member("value", e.value);
    json.end_object();
  }
  json.end_array();
  json.key("why").begin_array();
  for (const auto& r : alert.why) {
    json.begin_object();
    json.member("condition", r.condition)
        .member("where", r.where)
        .member("value", std::string_view(r.value).substr(0, excerpt_most));
    if (r.offset >= 0) json.member("offset", r.offset).member("length", r.length);
    json.end_object();
  }
  json.end_array();
  if (alert.packet) append_packet(json, *alert.packet);
  json.key("events").begin_array();
  for (const auto& id : alert.events) json.value(render_digest(id));
  json.end_array();
  json.key("fields").begin_object();
  for (const auto& [name, text] : alert.fields) json.member(name, text);
  json.end_object();
  if (!alert.original.empty()) json.member("event.original", alert.original);
  json.end_object();
  return out;
}

namespace {

using simdjson::dom::element;

std::string text_at(const element& object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string{};
}

std::uint64_t number_at(const element& object, std::string_view key, std::uint64_t otherwise = 0) {
  std::uint64_t number = 0;
  return object[key].get(number) == simdjson::SUCCESS ? number : otherwise;
}

std::vector<std::string> list_at(const element& object, std::string_view key) {
  std::vector<std::string> out;
  simdjson::dom::array items;
  if (object[key].get(items) != simdjson::SUCCESS) return out;
  for (const auto item : items) {
    std::string_view text;
    if (item.get(text) == simdjson::SUCCESS) out.emplace_back(text);
  }
  return out;
}

RuleRef parse_rule(const element& object, Engine engine) {
  auto rule = std::make_shared<RuleInfo>();
  rule->engine = engine;
  rule->id = text_at(object, "rule.id");
  rule->revision = text_at(object, "rule.revision");
  rule->title = text_at(object, "rule.title");
  rule->file = text_at(object, "rule.file");
  rule->line = static_cast<std::uint32_t>(number_at(object, "rule.line"));
  rule->attack = list_at(object, "rule.attack");
  rule->tags = list_at(object, "rule.tags");
  rule->references = list_at(object, "rule.references");
  rule->description = text_at(object, "rule.description");
  rule->false_positives = text_at(object, "rule.false_positives");
  rule->classification = text_at(object, "rule.classification");
  return rule;
}

PacketContext parse_packet(const element& object) {
  PacketContext packet;
  packet.packet = number_at(object, "number");
  packet.flow_id = number_at(object, "flow_id");
  packet.community_id = text_at(object, "community_id");
  packet.source = parse_address(text_at(object, "source_ip")).value_or(IpAddress{});
  packet.destination = parse_address(text_at(object, "destination_ip")).value_or(IpAddress{});
  packet.source_port = static_cast<std::uint16_t>(number_at(object, "source_port"));
  packet.destination_port = static_cast<std::uint16_t>(number_at(object, "destination_port"));
  packet.transport = static_cast<std::uint8_t>(number_at(object, "transport"));
  packet.application = text_at(object, "application");
  std::uint64_t transaction = 0;
  if (object["transaction"].get(transaction) == simdjson::SUCCESS) packet.transaction = transaction;
  packet.to_server = text_at(object, "direction") != "to_client";
  return packet;
}

void parse_reasons(const element& object, Alert& alert) {
  simdjson::dom::array items;
  if (object["why"].get(items) != simdjson::SUCCESS) return;
  for (const element item : items) {
    Reason reason{text_at(item, "condition"), text_at(item, "where"), text_at(item, "value"), -1,
                  number_at(item, "length")};
    std::int64_t offset = -1;
    if (item["offset"].get(offset) == simdjson::SUCCESS) reason.offset = offset;
    alert.why.push_back(std::move(reason));
  }
}

}  // namespace

Result<Alert> parse_alert(std::string_view text) {
  simdjson::dom::parser parser;
  element object;
  if (parser.parse(text.data(), text.size()).get(object) != simdjson::SUCCESS || !object.is_object())
    return fail(Code::invalid, "an alert record is not a JSON object; the store may be damaged: run `tocsin doctor`");
  const auto engine = parse_engine(text_at(object, "rule.engine"));
  const auto id = parse_digest128(text_at(object, "alert.id"));
  const auto time = parse_time(text_at(object, "@timestamp"));
  if (!engine || !id || !time) return fail(Code::invalid, "an alert record lacks rule.engine, alert.id or @timestamp");
  Alert alert;
  alert.id = *id;
  alert.time = *time;
  alert.rule = parse_rule(object, *engine);
  alert.severity = static_cast<std::uint8_t>(number_at(object, "alert.severity"));
  alert.confidence = static_cast<std::uint8_t>(number_at(object, "alert.confidence"));
  alert.count = number_at(object, "alert.count", 1);
  bool exercise = false;
  if (object["tocsin.exercise"].get(exercise) == simdjson::SUCCESS && exercise) alert.exercise = Exercise::yes;
  // One that is there and cannot be read is taken for the strictest.
  if (const auto marking = text_at(object, "alert.tlp"); !marking.empty())
    alert.tlp = parse_tlp(marking).value_or(Tlp::red);
  alert.host = text_at(object, "host.name");
  alert.original = text_at(object, "event.original");
  parse_reasons(object, alert);
  simdjson::dom::array entities;
  if (object["entities"].get(entities) == simdjson::SUCCESS)
    for (const element item : entities)
      alert.add_entity(find_name<EntityKind>(kind_names, text_at(item, "kind")).value_or(EntityKind::host),
                       find_name<EntityRole>(role_names, text_at(item, "role")).value_or(EntityRole::related),
                       text_at(item, "value"));
  for (const auto& hex : list_at(object, "events"))
    if (const auto event = parse_digest128(hex)) alert.events.push_back(*event);
  simdjson::dom::object fields;
  if (object["fields"].get(fields) == simdjson::SUCCESS)
    for (const auto& [key, value] : fields) {
      std::string_view field_text;
      if (value.get(field_text) == simdjson::SUCCESS) alert.fields.emplace_back(key, field_text);
    }
  element packet;
  if (object["packet"].get(packet) == simdjson::SUCCESS) alert.packet = parse_packet(packet);
  return alert;
}

std::string render_why(const Alert& alert) {
  std::string out = escape_terminal(alert.rule->title) + " [" + escape_terminal(alert.rule->id) + "]";
  for (const auto& e : alert.entities) {
    out += ' ';
    out += entity_kind_name(e.kind);
    out += '=' + escape_terminal(e.value);
  }
  out += "\n  why:";
  for (const auto& r : alert.why) {
    out += ' ' + escape_terminal(r.condition) + " in " + escape_terminal(r.where) + ": " +
           escape_terminal(r.value.substr(0, excerpt_most)) + ';';
  }
  out.pop_back();
  return out;
}

}  // namespace tocsin::rules
