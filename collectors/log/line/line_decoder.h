#pragma once
// From a raw line to events: masks, reads the form it has (syslog, whole-line format, audit record, JSON object), runs
// the decoders and freezes. One per source (file, journal, input): it holds that source's clock, year and open audit
// groups. One owner, one thread; nothing is allocated per line beyond the batch's arena once warm.

#include <memory>
#include <string>
#include <string_view>

#include "collectors/event/event.h"
#include "collectors/log/audit/assembler.h"
#include "collectors/log/decoder/decoder_set.h"
#include "collectors/log/json/flatten.h"
#include "collectors/log/line/table.h"
#include "collectors/log/mask/mask.h"

namespace tocsin::collectors {

enum class LogKind : std::uint8_t { automatic, syslog, access, audit, json };
std::string_view log_kind_name(LogKind kind) noexcept;
std::optional<LogKind> parse_log_kind(std::string_view name) noexcept;  // "auto", "syslog", "access", "audit", "json"

struct LineSource {
  std::string name;  // goes to EventHeader::source, e.g. "file:/var/log/auth.log"
  std::string host;  // every event is about this host; empty: the host a line names, else default_host
  std::string default_host;
  LineClock clock;
  LogKind kind = LogKind::automatic;
  std::string program;  // whose lines these are, where they do not say so themselves
  Masking masking = Masking::on;
  Exercise exercise = Exercise::no;
};

class LineDecoder {
 public:
  // Most events that one line can give; a batch needs this much room before decode().
  static constexpr std::size_t events_most = 16;

  LineDecoder(std::shared_ptr<const DecoderSet> decoders, FieldNames& names, LineSource source);

  // Appends the line's event, and those audit records complete. `id` is the line's own; a zero `ingested` means the
  // event's own time. False when the line was broken
  // (JSON that is none): then it is still kept whole, as a generic event.
  bool decode(std::string_view line, const Digest128& id, Time ingested, EventBuilder& builder);
  // What a journal entry gives: program and message already apart, other fields as set in `builder` by the caller.
  void decode_entry(std::string_view program, std::string_view message, const EventHeader& header,
                    EventBuilder& builder);
  // After the last line: ends open audit groups. Appends at most `room` events; false when there is nothing more.
  bool drain(std::size_t room, Time ingested, EventBuilder& builder);
  void end_input() { assembler_.finish(); }
  // Offset of the next line in its source; and the first offset that must be read again if everything since is lost.
  void at(std::uint64_t offset) noexcept {
    if (offset == 0) table_.forget();
    place_ = offset;
  }
  // What stands in front of the first line to decode, when reading goes on within a file: a table's header is there.
  // `head` begins the file; `before` ends where reading goes on.
  void resume(std::string_view head, std::string_view before);
  std::optional<std::uint64_t> oldest_open() const noexcept { return assembler_.oldest_open(); }

  // A reload; takes effect with the next line.
  void use(std::shared_ptr<const DecoderSet> decoders) {
    decoders_ = std::move(decoders);
    shapes_.forget();
  }
  void set_kind(LogKind kind) noexcept { source_.kind = kind; }
  const LineSource& source() const noexcept { return source_; }
  std::uint64_t masked() const noexcept { return masked_; }
  // What decided about the line before; its names live as long as the decoders.
  const DecoderMatch& matched() const noexcept { return matched_; }

 private:
  struct Draft {
    EventHeader header;
    Verdict verdict;
    bool good = true;
  };
  // Into the batch, without its secrets.
  std::string_view keep(std::string_view line, EventBuilder& builder);
  bool read_audit(std::string_view text, LineContext& context, Draft& draft, const Digest128& id);
  // `shapes`: null when the line has fields besides those of the object.
  bool read_json(std::string_view text, LineContext& context, Draft& draft, ObjectShapes* shapes);
  bool read_table(std::string_view text, LineContext& context, Draft& draft);
  void read_text(std::string_view text, LineContext& context, Draft& draft, const Digest128& id);
  void read_nested(LineContext& context, Draft& draft, const Digest128& id);
  void choose_host(EventHeader& header, const EventBuilder& builder) const;
  std::string_view refine(std::string_view dataset) const noexcept;

  std::shared_ptr<const DecoderSet> decoders_;
  DynamicFields fields_;
  LineSource source_;
  JsonFlattener json_;
  ObjectShapes shapes_;
  AuditFields audit_fields_;
  AuditAssembler assembler_;
  LogTable table_;
  std::uint64_t place_ = 0;
  Time last_{};  // of the line before: lines without a stamp share it
  std::uint64_t masked_ = 0;
  DecoderMatch matched_;
};

// Every event of each line on its own: for `tocsin decode -o json`. {"line","decoder","pattern","events":[…]}.
std::string render_reading(std::shared_ptr<const DecoderSet> decoders, FieldNames& names, std::string_view line,
                           LineSource source, Time now);
// Which decoder matched and each field, for `tocsin decode --explain LINE`. Terminal-safe.
std::string explain_line(std::shared_ptr<const DecoderSet> decoders, FieldNames& names, std::string_view line,
                         LineSource source, Time now);

}  // namespace tocsin::collectors
