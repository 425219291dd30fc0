#pragma once
// What every engine raises: one shape, and it says why. Built on the rare path, so it owns its texts.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/base/address.h"
#include "collectors/base/digest.h"
#include "collectors/base/json.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "collectors/event/event.h"
#include "rules/marking.h"

namespace tocsin::rules {

enum class Engine : std::uint8_t { signature, sigma, yara, indicator, self };
std::string_view engine_name(Engine engine) noexcept;
std::optional<Engine> parse_engine(std::string_view name) noexcept;

// Hash of rule, revision and contributing event ids: reading the same input twice raises the same alert.
using AlertId = Digest128;

// What is known of a rule once compiled. Shared, immutable.
struct RuleInfo {
  Engine engine = Engine::sigma;
  std::string id;        // Sigma id, "gid:sid", or the YARA rule's name
  std::string revision;  // rev, Sigma `modified`, or a hash of the source
  std::string title;
  std::string file;
  std::uint32_t line = 0;
  std::uint8_t severity = 50;       // 0-100
  std::uint8_t confidence = 50;     // 0-100
  std::vector<std::string> attack;  // ATT&CK techniques and tactics: "T1110.001", "credential-access"
  std::vector<std::string> tags;    // all others
  std::vector<std::string> references;
  std::string description;
  std::string false_positives;
  std::string classification;  // classtype
};
using RuleRef = std::shared_ptr<const RuleInfo>;

enum class EntityKind : std::uint8_t { host, user, address, process, file, domain };
std::string_view entity_kind_name(EntityKind kind) noexcept;
enum class EntityRole : std::uint8_t { actor, target, related };  // who did it, whom it was done to, neither
std::string_view entity_role_name(EntityRole role) noexcept;

struct Entity {
  EntityKind kind = EntityKind::host;
  EntityRole role = EntityRole::related;
  std::string value;
  friend auto operator<=>(const Entity&, const Entity&) = default;
};

// One reason: which condition held, over which field or buffer, with which bytes.
struct Reason {
  std::string condition;     // selection name, content, pattern identifier: "selection", "content:\"cmd=\"", "$a"
  std::string where;         // field or buffer: "process.command_line", "http.uri", "file", "stream to_server"
  std::string value;         // what was there, at most 256 bytes, raw
  std::int64_t offset = -1;  // of the match in the buffer; -1 = the whole value
  std::uint64_t length = 0;
  // What the rule's data knows of the value: a name, and JSON. Empty: nothing.
  std::string context_key = {};
  std::string context = {};
};

// The flow of a packet-side alert, as far as it had gone.
struct FlowFigures {
  Time start{};
  IpAddress client;
  IpAddress server;
  std::uint16_t client_port = 0;
  std::uint16_t server_port = 0;
  std::uint64_t packets_to_server = 0;
  std::uint64_t packets_to_client = 0;
  std::uint64_t bytes_to_server = 0;
  std::uint64_t bytes_to_client = 0;
};

// Of packet-side alerts.
struct PacketContext {
  std::uint64_t packet = 0;  // number in the capture; 0 on a time-out
  std::uint64_t flow_id = 0;
  std::string community_id;
  IpAddress source;  // of the packet that alerted
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t transport = 0;
  std::string application;  // protocol found by content; empty if none
  std::optional<std::uint64_t> transaction;
  bool to_server = true;
  std::optional<std::uint8_t> icmp_type;
  std::optional<std::uint8_t> icmp_code;
  std::optional<FlowFigures> flow;
};

// Further members of an alert's EVE record and of the `alert` object in it, ready as JSON without braces.
struct AlertAnnotation {
  std::string of_record;
  std::string of_alert;
};

struct Alert {
  AlertId id;
  RuleRef rule;
  Time time{};       // of the deciding event, by the source's clock
  std::string host;  // host.name the alert is about
  std::uint8_t severity = 50;
  std::uint8_t confidence = 50;
  Exercise exercise = Exercise::no;
  Tlp tlp = Tlp::none;           // of the intelligence it came from: to whom it may be passed on
  std::vector<Entity> entities;  // sorted, unique
  std::vector<Reason> why;       // at least one, at most 32
  std::vector<EventId> events;   // contributing, at most 64, deciding one last
  std::vector<std::pair<std::string, std::string>> fields;  // of the deciding event, name → text, sorted; at most 64
  std::string original;                                     // the deciding line, at most 4 KiB
  std::optional<PacketContext> packet;
  std::uint64_t count = 1;  // repeats folded into this one
  // Order among alerts of the same time, so that output does not depend on threads: source, position in it, rule order.
  std::uint64_t order = 0;
  // What an engine's detector hands its own SharedState (group keys of correlations); nobody else looks, never stored.
  std::shared_ptr<const void> carried;
  // Made where it was raised and only when somebody asked (WorkerContext::annotator); never stored.
  std::shared_ptr<const AlertAnnotation> annotation;

  void add_entity(EntityKind kind, EntityRole role, std::string_view value);  // ignores empty and repeated ones
};

// Sets `id` from rule, revision and events.
void seal(Alert& alert);
// Fills host, fields, original, entities and events from the deciding event.
void describe(Alert& alert, const Event& event, const FieldNames& names);

// One flat object with stable names ("@timestamp", "alert.id", "rule.id", …), as `-o ndjson` prints and the store
// keeps.
std::string render_json(const Alert& alert);
Result<Alert> parse_alert(std::string_view json);
// Two lines an analyst reads: title with entities, then why. No control characters pass.
std::string render_why(const Alert& alert);

}  // namespace tocsin::rules
