#include "rules/indicator/finding.h"

#include <algorithm>

#include <fmt/format.h>

#include "rules/indicator/value.h"

namespace tocsin::rules::indicator {
namespace {

constexpr std::size_t id_value_most = 160;
constexpr std::size_t title_value_most = 100;
constexpr std::size_t sources_named_most = 16;
constexpr std::size_t fields_most = 64;

// Who says so, then the lists it stands in.
std::vector<std::string> source_names(const IndicatorTable& table, const Entry& entry) {
  std::vector<std::string> out;
  if (entry.origin != 0) out.emplace_back(table.text(entry.origin));
  for (const auto source : table.sources_of(entry)) {
    if (out.size() >= sources_named_most) break;
    out.push_back(table.sources()[source]);
  }
  return out;
}

// As ECS names them (https://www.elastic.co/guide/en/ecs/8.11/ecs-threat.html).
std::string_view ecs_type(const Entry& entry) noexcept {
  switch (entry.kind) {
    case Kind::address:
    case Kind::endpoint:
    case Kind::network: return entry.key_size >= 16 ? "ipv6-addr" : "ipv4-addr";
    case Kind::domain: return "domain-name";
    case Kind::url: return "url";
    case Kind::md5:
    case Kind::sha1:
    case Kind::sha256: return "file";
    case Kind::ja4: break;
  }
  return "software";
}

std::string shortened(std::string text, std::size_t most) {
  if (text.size() > most) text = text.substr(0, most) + "…";
  return text;
}

Time time_of(Second second) { return Time{std::chrono::seconds{second}}; }

}  // namespace

std::uint8_t severity_of(std::uint8_t confidence, Contact contact) noexcept {
  const auto full = 20 + confidence * 6 / 10;
  return static_cast<std::uint8_t>(contact == Contact::inbound ? full * 2 / 3 : full);
}

std::string rule_id(Kind kind, std::string_view key) {
  auto value = render_value(kind, key);
  if (value.size() > id_value_most) value = render_digest(hash128(key));
  return fmt::format("indicator:{}:{}", kind_name(kind), value);
}

RuleRef make_rule(const Compiled& compiled, const Entry& entry, std::string_view field, Contact contact) {
  const auto& table = compiled.table;
  const auto key = table.key(entry);
  auto rule = std::make_shared<RuleInfo>();
  rule->engine = Engine::indicator;
  rule->id = rule_id(entry.kind, key);
  rule->revision = "1";  // the value is all there is to it: what a list says about it may change with each load
  const auto about = table.text(entry.title);
  rule->title = fmt::format("Listed {} {} in {}", kind_name(entry.kind),
                            shortened(render_value(entry.kind, key), title_value_most), field);
  if (!about.empty()) rule->title += fmt::format(": {}", shortened(std::string(about), title_value_most));
  const auto first = table.sources_of(entry).front();
  rule->file = compiled.files[first];
  rule->line = entry.line;
  rule->confidence = entry.confidence;
  rule->severity = severity_of(entry.confidence, contact);
  rule->tags.push_back(fmt::format("indicator.{}", kind_name(entry.kind)));
  if (entry.tlp != Tlp::none) rule->tags.push_back(fmt::format("tlp:{}", tlp_name(entry.tlp)));
  if (const auto reference = table.text(entry.reference); !reference.empty()) rule->references.emplace_back(reference);
  rule->description = about;
  return rule;
}

void explain(const Compiled& compiled, const Entry& entry, std::string_view field, std::string_view seen,
             Alert& alert) {
  const auto& table = compiled.table;
  const auto value = render_value(entry.kind, table.key(entry));
  const auto sources = fmt::format("{}", fmt::join(source_names(table, entry), ", "));
  alert.severity = alert.rule->severity;
  alert.confidence = alert.rule->confidence;
  alert.tlp = entry.tlp;
  constexpr std::size_t seen_most = 256;
  Reason reason;
  reason.condition = fmt::format("{} {} ({})", kind_name(entry.kind), value, sources);
  reason.where = field;
  reason.value = seen.substr(0, seen_most);
  alert.why.push_back(std::move(reason));
  std::vector<std::pair<std::string, std::string>> threat;
  const auto add = [&](const char* name, std::string text) {
    if (!text.empty()) threat.emplace_back(name, std::move(text));
  };
  add("threat.enrichments.matched.atomic", std::string(seen.substr(0, seen_most)));
  add("threat.enrichments.matched.field", std::string(field));
  add("threat.indicator.confidence", std::to_string(entry.confidence));
  add("threat.indicator.description", std::string(table.text(entry.title)));
  add("threat.indicator.marking.tlp", std::string(tlp_name(entry.tlp)));
  add("threat.indicator.name", value);
  add("threat.indicator.provider", sources);
  add("threat.indicator.reference", std::string(table.text(entry.reference)));
  add("threat.indicator.type", std::string(ecs_type(entry)));
  if (entry.until != 0) add("threat.indicator.valid_until", render_time(time_of(entry.until)));
  if (alert.fields.size() + threat.size() > fields_most) alert.fields.resize(fields_most - threat.size());
  for (auto& member : threat) alert.fields.push_back(std::move(member));
  std::ranges::sort(alert.fields);
  if (entry.kind == Kind::domain) alert.add_entity(EntityKind::domain, EntityRole::related, value);
  if (entry.kind == Kind::url) {
    const auto host = url_host(table.key(entry));
    const auto kind = parse_address(host) ? EntityKind::address : EntityKind::domain;
    alert.add_entity(kind, EntityRole::related, host);
  }
  const bool address = entry.kind == Kind::address || entry.kind == Kind::endpoint || entry.kind == Kind::network;
  if (address)
    if (const auto met = parse_address(seen)) {
      const auto text = render_address(*met);
      const bool known = std::ranges::any_of(
          alert.entities, [&](const Entity& e) { return e.kind == EntityKind::address && e.value == text; });
      if (!known) alert.add_entity(EntityKind::address, EntityRole::related, text);
    }
}

Digest128 hash_key(const Digest128& key, std::string_view more) noexcept {
  auto out = hash128(more, key.low);
  out.high ^= key.high;
  return out;
}

Digest128 hit_key(Kind kind, std::string_view key, std::string_view host, const IpAddress& party) noexcept {
  const auto of_value = hash128(key, static_cast<std::uint64_t>(kind) + 1);
  return hash_key(hash_key(of_value, host), as_text(party.bytes()));
}

}  // namespace tocsin::rules::indicator
