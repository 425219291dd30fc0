#include "collectors/log/line/line_decoder.h"

#include <algorithm>
#include <array>

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"
#include "collectors/log/audit/audit_event.h"
#include "collectors/log/json/event_xml.h"

namespace tocsin::collectors {

namespace {

const KeyMap& plain_keys() {
  static const KeyMap map;
  return map;
}

constexpr std::array<std::string_view, 12> time_keys{"@timestamp", "timestamp",  "time",          "eventTime",
                                                     "ts",         "date",       "timeStamp",     "TimeCreated",
                                                     "UtcTime",    "created_at", "TimeGenerated", "datetime"};

// The first member that reads as a time. Numbers are seconds (or milliseconds when they have 13 digits).
void find_time(LineContext& line) {
  if (line.observed) return;
  for (const auto key : time_keys) {
    const Value* value = line.builder.find(line.fields.find(key));
    if (value == nullptr) continue;
    if (value->is_number()) {
      const double seconds = value->as_real() > 1e11 ? value->as_real() / 1000 : value->as_real();
      if (seconds < 1e8 || seconds > 9e9) continue;
      line.observed = Time{std::chrono::microseconds{static_cast<std::int64_t>(seconds * 1e6)}};
      return;
    }
    const auto text = value->as_text();
    if (const auto time = parse_time(text)) line.observed = *time;
    for (const auto form : {StampForm::iso, StampForm::epoch, StampForm::common, StampForm::syslog, StampForm::ctime}) {
      if (line.observed) return;
      if (const auto stamp = read_stamp(form, text)) line.observed = line.clock.resolve(*stamp, line.reference);
    }
    if (line.observed) return;
  }
}

}  // namespace

std::string_view log_kind_name(LogKind kind) noexcept {
  static constexpr std::array<std::string_view, 5> names{"auto", "syslog", "access", "audit", "json"};
  return names[static_cast<std::size_t>(kind)];
}

std::optional<LogKind> parse_log_kind(std::string_view name) noexcept {
  for (const auto kind : {LogKind::automatic, LogKind::syslog, LogKind::access, LogKind::audit, LogKind::json})
    if (log_kind_name(kind) == name) return kind;
  return std::nullopt;
}

LineDecoder::LineDecoder(std::shared_ptr<const DecoderSet> decoders, FieldNames& names, LineSource source)
    : decoders_(std::move(decoders)), fields_(names), source_(std::move(source)) {}

void LineDecoder::choose_host(EventHeader& header, const EventBuilder& builder) const {
  header.host = source_.host;
  if (!header.host.empty()) return;
  for (const auto field : {field::host_name, field::log_syslog_hostname}) {
    const Value* named = builder.find(field);
    if (named != nullptr) header.host = named->as_text();
    if (!header.host.empty()) return;
  }
  header.host = source_.default_host;
}

// Access logs of nginx and Apache look alike: the file's own name tells them apart where it can.
std::string_view LineDecoder::refine(std::string_view dataset) const noexcept {
  if (dataset != "web.access") return dataset;
  if (source_.name.find("nginx") != std::string::npos) return "nginx.access";
  if (source_.name.find("apache") != std::string::npos || source_.name.find("httpd") != std::string::npos)
    return "apache.access";
  return dataset;
}

bool LineDecoder::read_audit(std::string_view text, LineContext& context, Draft& draft, const Digest128& id) {
  const auto record = read_audit_record(text);
  if (!record) return false;
  assign_audit(context, *record, audit_fields_);
  draft.verdict = {EventClass::audit, "auditd"};
  matched_ = {"auditd", "record"};
  assembler_.add(*record, audit_fields_, id, place_);
  return true;
}

bool LineDecoder::read_json(std::string_view text, LineContext& context, Draft& draft, ObjectShapes* shapes) {
  const bool flat =
      looks_like_event_xml(text) ? flatten_event_xml(context, text) : json_.flatten(context, plain_keys(), text);
  if (!flat) return false;
  draft.verdict = {EventClass::generic, "json"};
  matched_ = shapes == nullptr ? decoders_->decode_object(context, draft.verdict)
                               : decoders_->decode_object(context, draft.verdict, *shapes);
  if (const Value* given = context.builder.find(field::event_dataset);
      given != nullptr && draft.verdict.dataset == "json" && given->is_text())
    draft.verdict.dataset = given->as_text();
  find_time(context);
  return true;
}

// A line of a log with a header of columns: part of the header, or a row, which is an object like any other.
bool LineDecoder::read_table(std::string_view text, LineContext& context, Draft& draft) {
  if (table_.header(fields_, text)) {
    draft.verdict = {EventClass::generic, "table.header"};
    matched_ = {"table", "header"};
    return true;
  }
  if (!table_.row(context, text)) return false;
  draft.verdict = {EventClass::generic, "table"};
  matched_ = decoders_->decode_object(context, draft.verdict);
  find_time(context);
  return true;
}

void LineDecoder::resume(std::string_view head, std::string_view before) {
  table_.forget();
  while (!head.empty()) {
    const auto end = std::min(head.find('\n'), head.size());
    if (!table_.header(fields_, trim(head.substr(0, end)))) break;
    head.remove_prefix(std::min(end + 1, head.size()));
  }
  // A header that came again further down; what is cut at the front is no line.
  before.remove_prefix(std::min(before.find('\n'), before.size()));
  for (auto mark = before.find("\n#"); mark != std::string_view::npos; mark = before.find("\n#", mark + 1)) {
    const auto line = before.substr(mark + 1);
    table_.header(fields_, trim(line.substr(0, line.find('\n'))));
  }
}

void LineDecoder::read_text(std::string_view text, LineContext& context, Draft& draft, const Digest128& id) {
  const auto order = source_.kind == LogKind::access ? LineOrder::whole_first : LineOrder::syslog_first;
  matched_ = decoders_->decode_line(text, order, context, draft.verdict);
  decoders_->supplement(text, context);
  // The kernel's and journald's own audit lines carry a record behind an envelope.
  const Value* message = matched_.decoder.empty() ? context.builder.find(field::message) : nullptr;
  if (message != nullptr && message->as_text().find("audit(") != std::string_view::npos)
    read_audit(std::string(message->as_text()), context, draft, id);
}

// A container's runtime wraps the lines of its program: what is inside is decoded as a line, once.
void LineDecoder::read_nested(LineContext& context, Draft& draft, const Digest128& id) {
  const Value* value = context.builder.find(*draft.verdict.nested);
  draft.verdict.nested.reset();
  if (value == nullptr || !value->is_text()) return;
  const std::string_view text = trim(value->as_text());  // in the batch's arena: it stays
  const auto outer = matched_;
  const auto outer_verdict = draft.verdict;
  const auto outer_time = context.observed;
  const bool object = looks_like_json(text) || looks_like_event_xml(text);
  if (object ? !read_json(text, context, draft, nullptr) : (read_text(text, context, draft, id), false)) return;
  if (outer_time) context.observed = outer_time;  // the runtime's stamp is exact
  if (!matched_.decoder.empty()) return;
  matched_ = outer;
  draft.verdict = outer_verdict;
}

std::string_view LineDecoder::keep(std::string_view line, EventBuilder& builder) {
  const auto kept = builder.keep_line(line);
  if (source_.masking == Masking::on) masked_ += mask_secrets(kept);
  return {kept.data(), kept.size()};
}

bool LineDecoder::decode(std::string_view line, const Digest128& id, Time ingested, EventBuilder& builder) {
  const std::string_view whole = keep(line, builder);
  LineContext context{builder, fields_, source_.clock, ingested, std::nullopt, source_.program};
  Draft draft;
  matched_ = {};
  std::string_view text = whole;
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  bool done = read_table(whole, context, draft);
  if (!done && source_.kind != LogKind::json && (text.starts_with("type=") || text.starts_with("node=")))
    done = read_audit(text, context, draft, id);
  if (!done && (source_.kind == LogKind::json || looks_like_json(text) || looks_like_event_xml(text))) {
    done = read_json(text, context, draft, &shapes_);
    draft.good = done;
  }
  if (!done) {
    read_text(text, context, draft, id);
    if (source_.kind == LogKind::json) draft.good = false;
  }
  if (draft.verdict.nested) read_nested(context, draft, id);
  if (!source_.program.empty() && builder.find(field::log_syslog_appname) == nullptr)
    builder.set(field::log_syslog_appname, source_.program);
  // A line without a stamp happened when the line before it did, as far as anyone can tell.
  const Time observed = context.observed.value_or(last_ == Time{} ? ingested : last_);
  last_ = observed;
  draft.header = EventHeader{.id = id,
                             .observed = observed,
                             .ingested = ingested == Time{} ? observed : ingested,
                             .event_class = draft.verdict.event_class,
                             .exercise = source_.exercise,
                             .dataset = refine(draft.verdict.dataset),
                             .source = source_.name};
  choose_host(draft.header, builder);
  const Value* repeated = builder.find(field::log_repeated);
  const std::size_t times =
      repeated == nullptr ? 1 : static_cast<std::size_t>(std::clamp(repeated->as_real(), 1.0, 15.0));
  const Event once = builder.finish(draft.header, whole);
  // "message repeated 5 times" is five attempts to whoever counts them: the fields are shared, the ids are not.
  for (std::size_t again = 1; again < times; ++again) {
    for (const auto& f : once.fields()) builder.put(f.field, f.value);
    draft.header.id = hash128(render_digest(once.header().id), again);
    builder.finish(draft.header, whole);
  }
  drain(events_most - times, ingested, builder);
  return draft.good;
}

void LineDecoder::decode_entry(std::string_view program, std::string_view message, const EventHeader& given,
                               EventBuilder& builder) {
  const std::string_view whole = keep(message, builder);
  LineContext context{builder, fields_, source_.clock, given.ingested, std::nullopt};
  Verdict verdict{EventClass::syslog, "syslog"};
  builder.set(field::message, whole);
  decoders_->decode_message(program, whole, context, verdict);
  decoders_->supplement(whole, context);
  EventHeader header = given;
  header.event_class = verdict.event_class;
  header.dataset = verdict.dataset;
  header.source = source_.name;
  header.exercise = source_.exercise;
  choose_host(header, builder);
  builder.finish(header, whole);
}

bool LineDecoder::drain(std::size_t room, Time ingested, EventBuilder& builder) {
  for (std::size_t i = 0; i < room; ++i) {
    EventHeader header{.ingested = ingested, .exercise = source_.exercise, .source = source_.name};
    builder.reset();
    if (!assembler_.next(builder, header)) return false;
    if (ingested == Time{}) header.ingested = header.observed;
    header.host = source_.host.empty() ? std::string_view(source_.default_host) : std::string_view(source_.host);
    builder.finish(header, {});
  }
  return true;
}

std::string render_reading(std::shared_ptr<const DecoderSet> decoders, FieldNames& names, std::string_view line,
                           LineSource source, Time now) {
  EventBatch batch;
  EventBuilder builder(batch);
  LineDecoder decoder(std::move(decoders), names, std::move(source));
  decoder.decode(line, hash128(line), now, builder);
  const auto match = decoder.matched();
  decoder.end_input();
  decoder.drain(LineDecoder::events_most, now, builder);
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("line", line);
  json.member("decoder", match.decoder);
  json.member("pattern", match.pattern);
  json.key("events");
  json.begin_array();
  for (const auto& event : batch.events()) append_json(json, event, names);
  json.end_array();
  json.end_object();
  return out;
}

std::string explain_line(std::shared_ptr<const DecoderSet> decoders, FieldNames& names, std::string_view line,
                         LineSource source, Time now) {
  EventBatch batch;
  EventBuilder builder(batch);
  DynamicFields fields(names);
  LineClock clock = source.clock;
  LineContext context{builder, fields, clock, now, std::nullopt};
  Verdict verdict;
  const auto order = source.kind == LogKind::access ? LineOrder::whole_first : LineOrder::syslog_first;
  std::string out;
  std::string decided;
  if (looks_like_json(line) || line.starts_with("type=") || line.starts_with("node=")) {
    decided = looks_like_json(line) ? "JSON object" : "audit record";
  } else {
    const auto match = decoders->decode_line(line, order, context, verdict);
    if (match.decoder.empty()) decided = "no decoder knew it; kept whole";
    else if (match.pattern.empty()) decided = std::string(match.decoder) + ", message unknown; kept whole";
    else decided = std::string(match.decoder) + ", pattern " + std::string(match.pattern);
  }
  out += "decoder  " + decided + "\n";
  EventBatch events;
  EventBuilder event_builder(events);
  LineDecoder decoder(std::move(decoders), names, std::move(source));
  decoder.decode(line, hash128(line), now, event_builder);
  decoder.end_input();
  decoder.drain(LineDecoder::events_most, now, event_builder);
  for (const auto& event : events.events()) {
    const auto& header = event.header();
    out += "event    " + std::string(event_class_name(header.event_class)) + " " + escape_terminal(header.dataset) +
           " " + render_time(header.observed) + " host " + escape_terminal(header.host) + "\n";
    for (const auto& f : event.fields())
      out += "  " + escape_terminal(names.name(f.field)) + " = " + escape_terminal(render_text(f.value)) + "\n";
  }
  return out;
}

}  // namespace tocsin::collectors
