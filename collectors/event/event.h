#pragma once
// What collectors make of bytes: a frozen record of native values. Events live in batches; a batch owns the memory of
// all its events, has one owner and moves between threads whole.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/arena.h"
#include "collectors/base/digest.h"
#include "collectors/base/json.h"
#include "collectors/base/time.h"
#include "collectors/event/field.h"
#include "collectors/event/value.h"

namespace tocsin {

// Deterministic: hash of source identity and position (file identity and byte offset, journal cursor, audit serial,
// packet number), so that reading the same thing twice gives the same id.
using EventId = Digest128;

// Which log-source view an event belongs to. Engines route by it; more detail is in event.dataset.
enum class EventClass : std::uint8_t {
  generic,         // kept whole and searchable, no decoder knew it
  authentication,  // sshd, sudo, su, PAM
  process,         // a program was started or ended
  file,
  network,  // a connection or flow
  http,     // from packets
  dns,
  tls,
  web,     // web server access log
  audit,   // one audit record
  syslog,  // a syslog line no decoder knew better
  loss,    // a collector was blind: tocsin.loss.*
};
std::string_view event_class_name(EventClass event_class) noexcept;

enum class Exercise : std::uint8_t { no, yes };

struct EventHeader {
  EventId id;
  Time observed{};  // when it happened, by the source's own clock
  Time ingested{};  // when we read it
  EventClass event_class = EventClass::generic;
  Exercise exercise = Exercise::no;  // demonstration: shown as such, left out of reports, never lets an action apply
  std::string_view dataset;  // event.dataset, e.g. "sshd", "nginx.access", "auditd"; in the batch's arena or static
  std::string_view host;     // host.name; in the batch's arena
  std::string_view source;   // the collector's name for its source, e.g. "file:/var/log/auth.log"
};

struct FieldValue {
  Field field;
  Value value;
};

class Event {
 public:
  Event(const EventHeader& header, std::span<const FieldValue> fields, std::string_view original)
      : header_(header), fields_(fields), original_(original) {}

  const EventHeader& header() const noexcept { return header_; }
  // Sorted by field, one entry per field.
  std::span<const FieldValue> fields() const noexcept { return fields_; }
  // Null pointer when absent. Binary search.
  const Value* find(Field field) const noexcept;
  std::string_view text(Field field) const noexcept;  // empty when absent or not text
  IpAddress ip(Field field) const noexcept;
  // The untouched bytes of the source; empty for events made from packets.
  std::string_view original() const noexcept { return original_; }

 private:
  EventHeader header_;
  std::span<const FieldValue> fields_;
  std::string_view original_;
};

class EventBatch {
 public:
  static constexpr std::size_t most_events = 512;

  EventBatch() = default;
  EventBatch(EventBatch&&) noexcept = default;
  EventBatch& operator=(EventBatch&&) noexcept = default;

  Arena& arena() noexcept { return arena_; }
  std::span<const Event> events() const noexcept { return events_; }
  std::size_t size() const noexcept { return events_.size(); }
  bool empty() const noexcept { return events_.empty(); }
  bool full() const noexcept { return events_.size() >= most_events; }
  void clear() noexcept {
    events_.clear();
    arena_.clear();
  }

 private:
  friend class EventBuilder;
  Arena arena_;
  std::vector<Event> events_;
};

// Builds one event after the other into a batch. Values of text, bytes and lists are copied into the arena, unless they
// stand in the line that is there.
class EventBuilder {
 public:
  explicit EventBuilder(EventBatch& batch) : batch_(batch) {}

  // Starts over; fields set so far are dropped.
  void reset() noexcept {
    fields_.clear();
    marks_ = {};
    line_ = {};
  }
  // The line that the event will be made of, copied ahead: what is set of it is a view into it, and finish() takes it
  // as it is. May be written to (masks) until the first field is set. Until finish() or reset().
  std::span<char> keep_line(std::string_view line) {
    const auto kept = batch_.arena_.copy(std::span(line));
    line_ = {kept.data(), kept.size()};
    return kept;
  }
  // A second set of the same field replaces the first.
  void set(Field field, std::string_view text);
  void set(Field field, const char* text) { set(field, std::string_view(text)); }
  void set(Field field, const IpAddress& address);
  void set(Field field, Time time) { put(field, Value::time(time)); }
  void set(Field field, Duration duration) { put(field, Value::duration(duration)); }
  void set(Field field, bool boolean) { put(field, Value::boolean(boolean)); }
  void set(Field field, std::uint64_t number) { put(field, Value::number(number)); }
  void set(Field field, std::int64_t number) { put(field, Value::integer(number)); }
  void set(Field field, double number) { put(field, Value::real(number)); }
  void set_bytes(Field field, Bytes bytes);
  void set_null(Field field) { put(field, Value()); }
  // Text items; the views are copied.
  void set_list(Field field, std::span<const std::string_view> items);
  // The value and what it points to must already live in the batch's arena (or be static).
  void put(Field field, const Value& value);
  // Makes a value of the field's known type from text: an address, a number, a time; text stays text when it does not
  // parse.
  void set_typed(Field field, std::string_view text);
  // Turns a present value into a list and appends, or sets the first.
  void append(Field field, std::string_view text);

  const Value* find(Field field) const noexcept { return marked(field) ? search(field) : nullptr; }
  void erase(std::span<const Field> fields) noexcept;

  // Freezes the event into the batch; header views and `original` are copied. The builder is empty again.
  const Event& finish(const EventHeader& header, std::string_view original);

 private:
  // Most fields that are asked for are not there: one bit each, by number, says so without a search.
  static constexpr std::size_t mark_bits = 512;
  using Marks = std::array<std::uint64_t, mark_bits / 64>;
  static bool marked(const Marks& marks, Field field) noexcept {
    const auto bit = static_cast<std::size_t>(field) % mark_bits;
    return ((marks[bit / 64] >> (bit % 64)) & 1U) != 0;
  }
  static void mark(Marks& marks, Field field) noexcept {
    const auto bit = static_cast<std::size_t>(field) % mark_bits;
    marks[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
  bool marked(Field field) const noexcept { return marked(marks_, field); }
  void mark(Field field) noexcept { mark(marks_, field); }
  const Value* search(Field field) const noexcept;
  // In the arena: where it stands, or a copy.
  std::string_view placed(std::string_view text);

  EventBatch& batch_;
  std::string_view line_;
  std::vector<FieldValue> fields_;
  Marks marks_{};
};

// One flat JSON object: @timestamp, event.id, host.name, event.dataset, then fields by name, then event.original.
// Secrets must have been masked before (collectors/log masks at decode).
void append_json(JsonWriter& json, const Event& event, const FieldNames& names);

}  // namespace tocsin
