#include "collectors/event/event.h"

#include <algorithm>
#include <array>
#include <functional>

#include "collectors/base/assert.h"
#include "collectors/base/text.h"
#include "collectors/event/field_table.h"

namespace tocsin {
namespace {

// Sorted copies. Field and place in one number are what is sorted: numbers are moved with less ado than values.
std::span<const FieldValue> sorted(std::span<const FieldValue> fields, Arena& arena) {
  const auto out = arena.array<FieldValue>(fields.size());
  __attribute__((uninitialized)) std::array<std::uint32_t, 128> order;  // NOLINT: clearing it costs more than sorting
  if (fields.size() > order.size()) {
    std::ranges::copy(fields, out.begin());
    std::ranges::sort(out, {}, &FieldValue::field);
    return out;
  }
  for (std::uint32_t i = 0; i < fields.size(); ++i) order[i] = (static_cast<std::uint32_t>(fields[i].field) << 16) | i;
  std::sort(order.begin(), order.begin() + fields.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = fields[order[i] & 0xFFFFU];
  return out;
}

}  // namespace

std::string_view event_class_name(EventClass event_class) noexcept {
  static constexpr std::array<std::string_view, 12> names{"generic", "authentication", "process", "file",
                                                          "network", "http",           "dns",     "tls",
                                                          "web",     "audit",          "syslog",  "loss"};
  return names[static_cast<std::size_t>(event_class)];
}

const Value* Event::find(Field field) const noexcept {
  const auto found = std::ranges::lower_bound(fields_, field, {}, &FieldValue::field);
  return found == fields_.end() || found->field != field ? nullptr : &found->value;
}

std::string_view Event::text(Field field) const noexcept {
  const auto* value = find(field);
  return value == nullptr ? std::string_view{} : value->as_text();
}

IpAddress Event::ip(Field field) const noexcept {
  const auto* value = find(field);
  return value == nullptr ? IpAddress{} : value->as_ip();
}

const Value* EventBuilder::search(Field field) const noexcept {
  for (const auto& f : fields_)
    if (f.field == field) return &f.value;
  return nullptr;
}

void EventBuilder::erase(std::span<const Field> fields) noexcept {
  Marks unwanted{};
  __attribute__((uninitialized)) std::array<Field, mark_bits> of;  // each mark, whose it is
  bool shared = false;
  for (const auto field : fields) {
    auto& owner = of[static_cast<std::size_t>(field) % mark_bits];
    shared = shared || (marked(unwanted, field) && owner != field);
    mark(unwanted, field);
    owner = field;
  }
  std::erase_if(fields_, [&](const FieldValue& f) {
    if (!marked(unwanted, f.field)) return false;
    return of[static_cast<std::size_t>(f.field) % mark_bits] == f.field ||
           (shared && std::ranges::find(fields, f.field) != fields.end());
  });
}

void EventBuilder::put(Field field, const Value& value) {
  if (field == Field{}) return;  // the interner's cap was reached; it counted
  if (marked(field)) {
    const auto same = std::ranges::find(fields_, field, &FieldValue::field);
    if (same != fields_.end()) {
      same->value = value;
      return;
    }
  }
  mark(field);
  if (fields_.size() == fields_.capacity()) {
    fields_.push_back({field, Value(value)});  // the value may be one of these fields
    return;
  }
  auto& added = fields_.emplace_back();  // no copy of a value put together just before
  added.field = field;
  added.value = value;
}

std::string_view EventBuilder::placed(std::string_view text) {
  constexpr std::less_equal<const char*> not_behind;
  const bool there =
      not_behind(line_.data(), text.data()) && not_behind(text.data() + text.size(), line_.data() + line_.size());
  return there ? text : batch_.arena_.copy(text);
}

// Flat, as most fields come this way: the value is put together where it stays.
[[gnu::flatten]] void EventBuilder::set(Field field, std::string_view text) { put(field, Value::text(placed(text))); }

[[gnu::flatten]] void EventBuilder::set(Field field, const IpAddress& address) {
  put(field, Value::ip(batch_.arena_.copy(std::span(&address, 1)).data()));
}

void EventBuilder::set_bytes(Field field, Bytes bytes) { put(field, Value::bytes(batch_.arena_.copy(bytes))); }

void EventBuilder::set_list(Field field, std::span<const std::string_view> items) {
  auto values = batch_.arena_.array<Value>(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) values[i] = Value::text(placed(items[i]));
  put(field, Value::list(values));
}

void EventBuilder::append(Field field, std::string_view text) {
  const Value* present = find(field);
  if (present == nullptr) return set(field, text);
  const auto old = present->items();
  auto values = batch_.arena_.array<Value>(old.size() + 1);
  std::ranges::copy(old, values.begin());
  values.back() = Value::text(placed(text));
  put(field, Value::list(values));
}

void EventBuilder::set_typed(Field field, std::string_view text) {
  switch (FieldNames::type(field)) {
    case FieldType::ip:
      if (const auto a = parse_address(text)) return set(field, *a);
      break;
    case FieldType::unsigned_:
      if (const auto n = parse_unsigned(text)) return set(field, *n);
      break;
    case FieldType::integer:
      if (const auto n = parse_signed(text)) return set(field, *n);
      break;
    case FieldType::real:
      if (const auto n = parse_real(text)) return set(field, *n);
      break;
    case FieldType::time:
      if (const auto t = parse_time(text)) return set(field, *t);
      break;
    case FieldType::boolean:
      if (text == "true" || text == "false") return set(field, text == "true");
      break;
    default: break;
  }
  set(field, text);
}

const Event& EventBuilder::finish(const EventHeader& header, std::string_view original) {
  TOCSIN_ASSERT(!batch_.full());
  EventHeader kept = header;
  auto& arena = batch_.arena_;
  kept.dataset = arena.copy(header.dataset);
  kept.host = arena.copy(header.host);
  kept.source = arena.copy(header.source);
  batch_.events_.emplace_back(kept, sorted(fields_, arena), placed(original));
  reset();
  return batch_.events_.back();
}

void append_json(JsonWriter& json, const Event& event, const FieldNames& names) {
  const auto& header = event.header();
  json.begin_object();
  json.member("@timestamp", render_time(header.observed));
  json.member("event.id", render_digest(header.id));
  json.member("event.class", event_class_name(header.event_class));
  json.member("event.dataset", header.dataset);
  json.member("event.ingested", render_time(header.ingested));
  json.member("host.name", header.host);
  if (header.exercise == Exercise::yes) json.member("tocsin.exercise", true);
  // Known fields are numbered in name order; interned ones follow in order of first sight, so sort by name here.
  std::vector<std::pair<std::string_view, const Value*>> sorted;
  sorted.reserve(event.fields().size());
  for (const auto& f : event.fields()) {
    if (f.field == field::timestamp || f.field == field::event_id || f.field == field::event_dataset ||
        f.field == field::host_name)
      continue;
    sorted.emplace_back(names.name(f.field), &f.value);
  }
  std::ranges::sort(sorted, {}, &std::pair<std::string_view, const Value*>::first);
  for (const auto& [name, value] : sorted) {
    json.key(name);
    append_json(json, *value);
  }
  if (!event.original().empty()) json.member("event.original", event.original());
  json.end_object();
}

}  // namespace tocsin
