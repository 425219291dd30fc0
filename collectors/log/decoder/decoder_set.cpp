#include "collectors/log/decoder/decoder_set.h"

#include <algorithm>
#include <charconv>

#include "collectors/base/digest.h"
#include "collectors/base/scan.h"
#include "collectors/base/text.h"
#include "collectors/event/field_table.h"
#include "collectors/log/decoder/decoder_state.h"
#include "collectors/log/json/flatten.h"

namespace tocsin::collectors {

namespace {

constexpr auto npos = std::string_view::npos;

const CompiledPattern* run_group(const PatternGroup& group, std::string_view text, Captures& captures) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto& candidates = text.empty() ? group.on_empty : group.by_first[static_cast<unsigned char>(text.front())];
  for (const auto* candidate : candidates) {
    if (!candidate->needs.empty() && find_literal(begin, end, candidate->needs) == end) continue;
    if (match_pattern(candidate->pattern, text, captures)) return candidate;
  }
  return nullptr;
}

DecoderMatch accept(const CompiledPattern& found, const Captures& captures, LineContext& line, Verdict& verdict) {
  line.keys = &found.decoder->keys;
  assign_captures(line, found.decoder->keys, captures);
  apply(found.decoder->effects, line, verdict);
  apply(found.effects, line, verdict);
  return {found.decoder->name, found.name};
}

// Facility names of RFC 5424 table 1.
constexpr std::array<std::string_view, 24> facilities{"kern",   "user",   "mail",   "daemon", "auth",     "syslog",
                                                      "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
                                                      "ntp",    "audit",  "alert",  "clock",  "local0",   "local1",
                                                      "local2", "local3", "local4", "local5", "local6",   "local7"};

void set_envelope(const Envelope& envelope, LineContext& line) {
  auto& b = line.builder;
  if (envelope.stamp) line.observed = line.clock.resolve(*envelope.stamp, line.reference);
  if (envelope.priority >= 0) {
    const auto priority = static_cast<std::uint64_t>(envelope.priority);
    b.set(field::log_syslog_priority, priority);
    b.set(field::log_syslog_facility_code, priority / 8);
    b.set(field::log_syslog_facility_name, facilities[priority / 8]);
    b.set(field::log_syslog_severity_code, priority % 8);
  }
  if (!envelope.host.empty()) b.set(field::log_syslog_hostname, envelope.host);
  if (!envelope.program.empty()) {
    b.set(field::log_syslog_appname, envelope.program);
    b.set(field::process_name, envelope.program);
  }
  if (!envelope.pid.empty()) {
    b.set(field::log_syslog_procid, envelope.pid);
    if (const auto pid = parse_unsigned(envelope.pid)) b.set(field::process_pid, *pid);
  }
  if (!envelope.message_id.empty()) b.set(field::log_syslog_msgid, envelope.message_id);
  if (!envelope.structured.empty()) b.set(field::log_syslog_structured_data, envelope.structured);
  b.set(field::message, envelope.message);
}

// rsyslog and syslogd fold: "message repeated 5 times: [ Failed password … ]". The inner message is what happened.
std::string_view unfold(std::string_view message, EventBuilder& builder) {
  constexpr std::string_view head = "message repeated ";
  if (!message.starts_with(head)) return message;
  const auto rest = message.substr(head.size());
  const auto mark = rest.find(" times: [ ");
  if (mark == npos || !rest.ends_with(']')) return message;
  const auto count = parse_unsigned(rest.substr(0, mark));
  if (!count) return message;
  builder.set(field::log_repeated, *count);
  return rest.substr(mark + 10, rest.size() - mark - 11);
}

bool writes(const CompiledDecoder& decoder, std::string_view program) {
  return !program.empty() && std::ranges::any_of(decoder.programs, [&](std::string_view name) {
    return name == program || (name.ends_with('*') && program.starts_with(name.substr(0, name.size() - 1)));
  });
}

// An object is of a decoder by its writer or by its form.
bool describes(const CompiledDecoder& decoder, const LineContext& line) {
  if (writes(decoder, line.program)) return true;
  return decoder.when.empty() ? decoder.programs.empty() : holds(decoder.when, line.builder);
}

void assign_member(LineContext& line, Field member, const KeyTarget& to) {
  const Value* value = line.builder.find(member);
  if (value == nullptr || value->is_null()) return;
  const Value kept = *value;  // assigning may move the builder's storage
  const bool plain = to.meaning == Meaning::plain;
  // Text that stays text is shared.
  if (plain && (kept.is_list() || (kept.is_text() && FieldNames::type(to.field) == FieldType::text)))
    return line.builder.put(to.field, kept);
  if (kept.is_text()) return assign_text(line, to.field, to.meaning, to.host, to.stamp, kept.as_text());
  assign_text(line, to.field, to.meaning, to.host, to.stamp, render_text(kept));
}

DecoderMatch take_object(const CompiledDecoder& decoder, LineContext& line, Verdict& verdict) {
  line.keys = &decoder.keys;
  assign_renamed(line, decoder.renames);
  for (const auto& [member, target] : decoder.members) assign_member(line, member, target);
  apply(decoder.effects, line, verdict);
  return {decoder.name, "object"};
}

DecoderMatch first_that_describes(std::span<const CompiledDecoder* const> decoders, LineContext& line,
                                  Verdict& verdict) {
  DecoderMatch match;
  for (const auto* decoder : decoders) {
    if (!describes(*decoder, line)) continue;
    match = take_object(*decoder, line, verdict);
    if (!decoder->carries) break;
  }
  return match;
}

// False when a member is missing without which the decoder knows no object.
bool may_describe(const CompiledDecoder& decoder, const std::vector<Field>& members) {
  if (!decoder.programs.empty()) return true;
  return std::ranges::all_of(decoder.when, [&](const Condition& condition) {
    return condition.present == false || std::ranges::find(members, condition.field) != members.end();
  });
}

// A line without a tag is of the program that its source is said to hold.
void set_program(LineContext& line) {
  if (line.program.empty() || line.builder.find(field::log_syslog_appname) != nullptr) return;
  line.builder.set(field::log_syslog_appname, line.program);
  if (line.builder.find(field::process_name) == nullptr) line.builder.set(field::process_name, line.program);
}

}  // namespace

const PatternGroup* DecoderSet::State::group_of(std::string_view program) const {
  if (program.empty()) return nullptr;
  if (const auto found = programs.find(program); found != programs.end()) return found->second.get();
  for (const auto& [prefix, candidate] : program_prefixes)
    if (program.starts_with(prefix)) return candidate;
  return nullptr;
}

DecoderSet::DecoderSet() : state_(std::make_unique<State>()) {}
DecoderSet::~DecoderSet() = default;

bool looks_like_json(std::string_view text) noexcept {
  const auto at = text.find_first_not_of(" \t");
  if (at == npos || text[at] != '{') return false;
  const auto next = text.find_first_not_of(" \t\r\n", at + 1);
  return next != npos && (text[next] == '"' || text[next] == '}');
}

DecoderMatch DecoderSet::decode_message(std::string_view program, std::string_view message, LineContext& line,
                                        Verdict& verdict) const {
  const auto& s = *state_;
  const PatternGroup* group = s.group_of(program);
  while (message.ends_with(' ') || message.ends_with('\r') || message.ends_with('\t')) message.remove_suffix(1);
  message = unfold(message, line.builder);
  __attribute__((uninitialized)) Captures captures;
  if (group != nullptr)
    if (const auto* found = run_group(*group, message, captures)) return accept(*found, captures, line, verdict);
  if (const auto* found = run_group(s.message, message, captures)) return accept(*found, captures, line, verdict);
  if (group != nullptr && group->owner != nullptr) {
    verdict.dataset = group->owner->effects.dataset;
    return {group->owner->name, {}};
  }
  if (looks_like_json(message)) {
    static const KeyMap plain;
    if (!program.empty()) line.program = program;
    JsonFlattener flattener;
    if (!flattener.flatten(line, plain, message)) return {};
    const auto match = decode_object(line, verdict);
    line.members = line.shape = nullptr;
    return match;
  }
  return {};
}

DecoderMatch DecoderSet::decode_object(LineContext& line, Verdict& verdict) const {
  return first_that_describes(state_->objects, line, verdict);
}

DecoderMatch DecoderSet::decode_object(LineContext& line, Verdict& verdict, ObjectShapes& shapes) const {
  if (line.shape == nullptr || line.shape->size() > ObjectShapes::members_most) return decode_object(line, verdict);
  const auto& members = *line.shape;
  if (shapes.places_.empty()) shapes.places_.resize(ObjectShapes::places);
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(members.data()), members.size() * sizeof(Field));
  auto& shape = shapes.places_[hash64(bytes) % ObjectShapes::places];
  if (shape.members != members || members.empty()) {
    shape.members = members;
    shape.decoders.clear();
    for (const auto* decoder : state_->objects)
      if (may_describe(*decoder, members)) shape.decoders.push_back(decoder);
  }
  for (const auto* decoder : shape.decoders) {
    if (!describes(*decoder, line)) continue;
    const auto match = take_object(*decoder, line, verdict);
    if (!decoder->carries) return match;
    // What it held is there now: those behind it are asked anew.
    const auto place = std::ranges::find(state_->objects, decoder);
    const auto inner = first_that_describes({place + 1, state_->objects.end()}, line, verdict);
    return inner.decoder.empty() ? match : inner;
  }
  return {};
}

DecoderMatch DecoderSet::decode_line(std::string_view text, LineOrder order, LineContext& line,
                                     Verdict& verdict) const {
  const auto& s = *state_;
  while (text.ends_with(' ') || text.ends_with('\r') || text.ends_with('\t')) text.remove_suffix(1);
  __attribute__((uninitialized)) Captures captures;
  Envelope envelope;
  verdict.event_class = EventClass::generic;
  if (const auto* group = s.group_of(line.program))
    if (const auto* found = run_group(*group, text, captures)) {
      set_program(line);
      return accept(*found, captures, line, verdict);
    }
  if (order == LineOrder::whole_first)
    if (const auto* found = run_group(s.whole, text, captures)) return accept(*found, captures, line, verdict);
  if (read_envelope(text, envelope)) {
    verdict.event_class = EventClass::syslog;
    verdict.dataset = "syslog";
    if (envelope.program.empty()) envelope.program = line.program;
    const bool tagged = envelope.program.data() != line.program.data();
    set_envelope(envelope, line);
    auto match = decode_message(envelope.program, envelope.message, line, verdict);
    if (match.decoder.empty() && tagged && !envelope.program.empty()) {
      // A "tag" may be the product's own word ("%ASA-6-106015: Deny …", "id: …"): try with it.
      const auto whole = text.substr(static_cast<std::size_t>(envelope.program.data() - text.data()));
      match = decode_message({}, whole, line, verdict);
    }
    if (match.decoder.empty() && order == LineOrder::syslog_first)
      if (const auto* found = run_group(s.whole, text, captures)) return accept(*found, captures, line, verdict);
    return match;
  }
  if (order == LineOrder::syslog_first)
    if (const auto* found = run_group(s.whole, text, captures)) return accept(*found, captures, line, verdict);
  line.builder.set(field::message, text);
  set_program(line);
  if (const auto match = decode_message({}, text, line, verdict); !match.decoder.empty()) return match;
  Envelope tag;
  read_tag(text, tag);  // "sshd[1]: …" with no stamp at all
  if (tag.program.empty()) return {};
  const auto match = decode_message(tag.program, tag.message, line, verdict);
  if (!match.decoder.empty()) set_envelope(tag, line);
  return match;
}

void DecoderSet::supplement(std::string_view text, LineContext& line) const {
  for (const auto known : {field::event_category, field::source_ip, field::source_address})
    if (line.builder.find(known) != nullptr) return;
  const Value* message = line.builder.find(field::message);
  if (message != nullptr && message->is_text()) text = message->as_text();
  __attribute__((uninitialized)) Captures captures;
  if (const auto* found = run_group(state_->rest, text, captures))
    assign_captures(line, found->decoder->keys, captures);
}

const std::vector<DecoderSet::Sample>& DecoderSet::samples() const noexcept { return state_->samples; }

std::vector<std::string> DecoderSet::names() const {
  std::vector<std::string> out;
  for (const auto& decoder : state_->decoders) out.push_back(decoder.name);
  return out;
}

}  // namespace tocsin::collectors
