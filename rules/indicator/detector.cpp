#include "rules/indicator/detector.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "collectors/base/text.h"
#include "collectors/event/field_table.h"
#include "rules/indicator/finding.h"
#include "rules/indicator/traffic.h"

namespace tocsin::rules::indicator {

IndicatorDetector::IndicatorDetector(const Compiled& compiled, HitCounters& counters, AlertWindow& window,
                                     const WorkerContext& context)
    : compiled_(compiled),
      table_(compiled.table),
      counters_(counters),
      window_(window),
      context_(context),
      host_(context.host),
      roles_(std::make_unique<FieldRoles>(context.names)) {}

collectors::Observer* IndicatorDetector::observer(AlertSink& sink) {
  WorkerContext context = context_;
  context.host = host_;
  traffic_ = std::make_unique<Traffic>(compiled_, counters_, window_, context, sink);
  return traffic_.get();
}

void IndicatorDetector::inspect(const EventBatch& batch, AlertSink& sink) {
  for (const auto& event : batch.events()) inspect(event, sink);
  counters_.events.add(batch.size());
}

void IndicatorDetector::inspect(const Event& event, AlertSink& sink) {
  now_ = to_second(event.header().observed);
  hit_count_ = 0;
  for (const auto& [field, value] : event.fields()) {
    const auto role = (*roles_)(field);
    if (role == FieldRole::own) continue;
    if (value.kind() == Value::Kind::list) {
      for (const auto& item : value.as_list()) look(event, field, role, item);
    } else {
      look(event, field, role, value);
    }
  }
  for (std::size_t i = 0; i < hit_count_; ++i) raise(event, hits_[i], sink);
}

void IndicatorDetector::look(const Event& event, Field field, FieldRole role, const Value& value) {
  if (value.kind() == Value::Kind::ip) return look_at_address(event, field, value, value.as_ip());
  if (!value.is_text()) return;
  const auto text = value.as_text();
  switch (role) {
    case FieldRole::address:
      if (const auto address = parse_address(text)) look_at_address(event, field, value, *address);
      break;
    case FieldRole::host: look_at_host(event, field, value, text); break;
    case FieldRole::answers: {
      const auto name = canonical_domain(text, buffer_);
      if (!name.empty()) found(table_.find_domain(name, now_), field, value);
      break;
    }
    case FieldRole::url: look_at_url(event, field, value, text); break;
    case FieldRole::digest: look_at_digests(field, value, text); break;
    case FieldRole::ja4: found(table_.find_ja4(text, now_), field, value); break;
    default: break;
  }
}

void IndicatorDetector::look_at_address(const Event& event, Field field, const Value& value, const IpAddress& address) {
  found(table_.find_address(address, now_), field, value);
  if (!table_.has(Kind::endpoint)) return;
  const auto port_field = field == field::source_ip        ? field::source_port
                          : field == field::destination_ip ? field::destination_port
                                                           : Field{};
  if (port_field == Field{}) return;
  const auto* port = event.find(port_field);
  if (port != nullptr && port->as_unsigned() <= 65535)
    found(table_.find_endpoint(address, static_cast<std::uint16_t>(port->as_unsigned()), now_), field, value);
}

void IndicatorDetector::look_at_host(const Event& event, Field field, const Value& value, std::string_view text) {
  if (text.empty()) return;
  const char last = text.back();
  const bool digit = (last >= '0' && last <= '9') || text.find(':') != std::string_view::npos;
  if (digit)
    if (const auto address = parse_address(text)) return look_at_address(event, field, value, *address);
  const auto name = canonical_domain(text, buffer_);
  if (!name.empty()) found(table_.find_domain(name, now_), field, value);
}

void IndicatorDetector::look_at_url(const Event& event, Field field, const Value& value, std::string_view text) {
  const auto domain = event.text(field::url_domain);
  if (text.starts_with('/')) {
    // A path: what it is below stands beside it.
    if (domain.empty() || event.find(field::url_full) != nullptr || !table_.has(Kind::url)) return;
    const auto end = std::ranges::copy(domain.substr(0, domain_most), joined_.begin()).out;
    const auto room = static_cast<std::size_t>(joined_.end() - end);
    if (text.size() > room) return;
    const auto size = static_cast<std::size_t>(std::ranges::copy(text, end).out - joined_.begin());
    text = {joined_.data(), size};
  }
  const auto url = canonical_url(text, buffer_);
  if (url.empty()) return;
  found(table_.find_url(url, now_), field, value);
  if (!domain.empty()) return;  // looked at as a field of its own
  const auto host = url_host(url);
  if (const auto address = parse_address(host)) return found(table_.find_address(*address, now_), field, value);
  found(table_.find_domain(host, now_), field, value);
}

void IndicatorDetector::look_at_digests(Field field, const Value& value, std::string_view text) {
  if (text.find('=') == std::string_view::npos) return look_at_digest(field, value, text);
  constexpr int parts_most = 8;
  for (int part = 0; part < parts_most && !text.empty(); ++part) {
    const auto one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    look_at_digest(field, value, one.substr(one.find('=') + 1));
  }
}

void IndicatorDetector::look_at_digest(Field field, const Value& value, std::string_view text) {
  constexpr std::size_t hex_most = 64;
  std::array<char, hex_most> hex;
  std::size_t size = 0;
  for (const char c : text) {
    if (c == ':' || c == ' ') continue;
    if (size == hex.size()) return;
    hex[size++] = c;
  }
  const auto kind = digest_kind(size);
  if (!kind || !table_.has(*kind)) return;
  std::array<std::uint8_t, hex_most / 2> bytes;
  const std::span<std::uint8_t> digest(bytes.data(), size / 2);
  if (parse_digest_into({hex.data(), size}, digest)) found(table_.find_digest(*kind, digest, now_), field, value);
}

// Of an indicator that stands in several fields one is told: the first, or that of a native address.
void IndicatorDetector::found(EntryId entry, Field field, const Value& value) noexcept {
  if (entry == no_entry || hit_count_ == hits_.size()) return;
  for (std::size_t i = 0; i < hit_count_; ++i)
    if (hits_[i].entry == entry) {
      if (value.kind() == Value::Kind::ip && hits_[i].value->is_text()) hits_[i] = {entry, field, &value};
      return;
    }
  hits_[hit_count_++] = {entry, field, &value};
}

void IndicatorDetector::count(const Entry& entry) noexcept {
  for (const auto source : table_.sources_of(entry)) counters_.matches[source].add();
}

void IndicatorDetector::raise(const Event& event, const Hit& hit, AlertSink& sink) {
  const auto& entry = table_.entries()[hit.entry];
  const auto seen = render_text(*hit.value);
  if (compiled_.allow_list.allows_text(seen)) return;
  const auto field = context_.names.name(hit.field);
  const bool from_source = field.starts_with("source.");
  // Who talked to it; where it came to us itself, it is one alert however many it spoke to.
  const auto party = from_source ? IpAddress{} : event.ip(field::source_ip);
  const auto& header = event.header();
  const auto key = hit_key(entry.kind, table_.key(entry), header.host, party);
  count(entry);
  if (window_.quiet(key, header.observed)) return;
  Alert alert;
  const bool inbound = from_source && (entry.kind == Kind::address || entry.kind == Kind::network);
  alert.rule = make_rule(compiled_, entry, field, inbound ? Contact::inbound : Contact::other);
  describe(alert, event, context_.names);
  if (alert.host.empty()) alert.host = host_;
  if (context_.exercise == Exercise::yes) alert.exercise = Exercise::yes;
  explain(compiled_, entry, field, seen, alert);
  alert.carried = std::make_shared<const HitKey>(key);
  alert.order = hit.entry;
  seal(alert);
  sink.raise(std::move(alert));
}

void IndicatorDetector::inspect(const FileView& file, AlertSink& sink) {
  now_ = to_second(file.observed);
  const auto look = [&](Kind kind, std::string_view field, const auto& make) {
    if (!table_.has(kind)) return;
    const auto digest = make(file.bytes);
    const auto entry = table_.find_digest(kind, digest, now_);
    if (entry != no_entry) raise(file, entry, field, render_digest(digest), sink);
  };
  look(Kind::sha256, "file.hash.sha256", sha256);
  look(Kind::sha1, "file.hash.sha1", sha1);
  look(Kind::md5, "file.hash.md5", md5);
}

void IndicatorDetector::raise(const FileView& file, EntryId id, std::string_view field, const std::string& digest,
                              AlertSink& sink) {
  const auto& entry = table_.entries()[id];
  const auto host = file.host.empty() ? std::string_view(host_) : file.host;
  const auto key = hash_key(hit_key(entry.kind, table_.key(entry), host, {}), file.path);
  count(entry);
  if (window_.quiet(key, file.observed)) return;
  Alert alert;
  alert.rule = make_rule(compiled_, entry, field, Contact::other);
  alert.time = file.observed;
  alert.host = host;
  alert.exercise = file.exercise == Exercise::yes ? Exercise::yes : context_.exercise;
  alert.events.push_back(file.id ? file.id : hash128(std::string(file.path) + '\n' + digest));
  alert.add_entity(EntityKind::host, EntityRole::target, alert.host);
  alert.add_entity(EntityKind::file, EntityRole::related, file.path);
  if (!file.name.empty()) alert.fields.emplace_back("file.name", file.name);
  if (!file.owner.empty()) alert.fields.emplace_back("file.owner", file.owner);
  alert.fields.emplace_back("file.path", file.path);
  alert.fields.emplace_back("file.size", std::to_string(file.bytes.size()));
  alert.fields.emplace_back(std::string(field), digest);
  explain(compiled_, entry, field, digest, alert);
  alert.carried = std::make_shared<const HitKey>(key);
  alert.order = id;
  seal(alert);
  sink.raise(std::move(alert));
}

}  // namespace tocsin::rules::indicator
