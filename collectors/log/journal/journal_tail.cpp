#include "collectors/log/journal/journal_tail.h"

#include <systemd/sd-journal.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"

namespace tocsin::collectors {

namespace {

constexpr std::size_t field_most = 64 * 1024;

struct Mapping {
  std::string_view key;
  Field field;
};
// systemd.journal-fields(7)
constexpr std::array<Mapping, 12> mappings{{{"_PID", field::process_pid},
                                            {"_UID", field::user_id},
                                            {"_GID", field::group_id},
                                            {"_EXE", field::process_executable},
                                            {"_CMDLINE", field::process_command_line},
                                            {"_COMM", field::process_name},
                                            {"_AUDIT_LOGINUID", field::user_audit_id},
                                            {"_AUDIT_SESSION", field::auditd_session},
                                            {"_SYSTEMD_UNIT", field::service_name},
                                            {"PRIORITY", field::log_syslog_severity_code},
                                            {"SYSLOG_FACILITY", field::log_syslog_facility_code},
                                            {"_MACHINE_ID", field::host_id}}};

struct CloseJournal {
  void operator()(sd_journal* journal) const noexcept { sd_journal_close(journal); }
};
using OpenJournal = std::unique_ptr<sd_journal, CloseJournal>;

Result<OpenJournal> open_journal(const std::string& directory) {
  sd_journal* journal = nullptr;
  const int code = directory.empty() ? sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY)
                                     : sd_journal_open_directory(&journal, directory.c_str(), 0);
  if (code < 0) return fail_errno("cannot open the journal", -code);
  return OpenJournal(journal);
}

}  // namespace

struct JournalTail::State {
  State(JournalOptions given, std::shared_ptr<const DecoderSet> decoders, FieldNames& names)
      : options(std::move(given)), decoder(std::move(decoders), names, options.source) {}

  JournalOptions options;
  LineDecoder decoder;
  OpenJournal journal;
  JournalCounts counts;
  bool gap = false;    // to be told with the next batch
  bool ahead = false;  // on an entry that no batch has yet

  Result<void> seek() {
    auto* j = journal.get();
    if (options.cursor.empty()) {
      const int code = options.from_now ? sd_journal_seek_tail(j) : sd_journal_seek_head(j);
      if (code < 0) return fail_errno("cannot seek in the journal", -code);
      // seek_tail stands behind the last entry only after one step back.
      if (options.from_now) sd_journal_previous(j);
      return {};
    }
    if (sd_journal_seek_cursor(j, options.cursor.c_str()) >= 0 && sd_journal_next(j) > 0 &&
        sd_journal_test_cursor(j, options.cursor.c_str()) > 0)
      return {};  // on the last entry stored: the next step gives the first new one
    ++counts.gaps;
    gap = true;
    const auto since = std::chrono::duration_cast<std::chrono::microseconds>(options.last_seen.time_since_epoch());
    const int code = options.last_seen == Time{}
                         ? sd_journal_seek_head(j)
                         : sd_journal_seek_realtime_usec(j, static_cast<std::uint64_t>(since.count()) + 1);
    if (code < 0) return fail_errno("cannot seek in the journal", -code);
    return {};
  }

  std::string_view data(const char* field) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    if (sd_journal_get_data(journal.get(), field, &bytes, &size) < 0) return {};
    std::string_view text(static_cast<const char*>(bytes), size);
    text.remove_prefix(std::min(text.size(), text.find('=') + 1));
    if (text.size() > field_most) {
      ++counts.truncated;
      text = text.substr(0, field_most);
    }
    return text;
  }

  // One entry → one event. Data of sd-journal is valid until the next call: copied where it must last.
  void entry(EventBuilder& builder, Time now, JournalBatch& batch) {
    auto* j = journal.get();
    std::uint64_t microseconds = 0;
    sd_journal_get_realtime_usec(j, &microseconds);
    char* cursor = nullptr;
    if (sd_journal_get_cursor(j, &cursor) < 0) return;
    batch.cursor = cursor;
    std::free(cursor);
    EventHeader header;
    header.id = hash128(batch.cursor);
    header.observed = Time{std::chrono::microseconds{static_cast<std::int64_t>(microseconds)}};
    header.ingested = now;
    batch.last_seen = header.observed;
    std::string program(data("SYSLOG_IDENTIFIER"));
    if (program.empty()) program = data("_COMM");
    if (!options.exclude_identifier.empty() && program == options.exclude_identifier) return;
    ++counts.entries;
    for (const auto& m : mappings) {
      const auto text = data(std::string(m.key).c_str());
      if (!text.empty()) builder.set_typed(m.field, text);
    }
    if (const auto host = data("_HOSTNAME"); !host.empty()) builder.set(field::log_syslog_hostname, host);
    if (const auto pid = data("SYSLOG_PID"); !pid.empty()) builder.set(field::log_syslog_procid, pid);
    if (!program.empty()) {
      builder.set(field::log_syslog_appname, program);
      builder.set(field::process_name, program);
    }
    const std::string message(data("MESSAGE"));
    decoder.decode_entry(program, message, header, builder);
  }

  void tell_gap(EventBuilder& builder, Time now) {
    gap = false;
    EventHeader header{.id = hash128(options.cursor, 1),
                       .observed = now,
                       .ingested = now,
                       .event_class = EventClass::loss,
                       .dataset = "tocsin.loss",
                       .host = options.source.host,
                       .source = options.source.name};
    builder.set(field::tocsin_loss_cause, "the journal no longer holds the entry reading had come to");
    if (options.last_seen != Time{}) builder.set(field::event_start, options.last_seen);
    builder.finish(header, {});
  }
};

JournalTail::JournalTail() = default;
JournalTail::~JournalTail() = default;
bool journal_readable(const std::string& directory) {
  const auto journal = open_journal(directory);
  return journal && sd_journal_seek_tail(journal->get()) >= 0 && sd_journal_previous(journal->get()) > 0;
}

JournalTail::JournalTail(JournalTail&&) noexcept = default;
JournalTail& JournalTail::operator=(JournalTail&&) noexcept = default;

Result<JournalTail> JournalTail::open(JournalOptions options, std::shared_ptr<const DecoderSet> decoders,
                                      FieldNames& names) {
  JournalTail tail;
  tail.state_ = std::make_unique<State>(std::move(options), std::move(decoders), names);
  auto& s = *tail.state_;
  TOCSIN_TRY(s.journal, open_journal(s.options.directory));
  sd_journal_set_data_threshold(s.journal.get(), field_most + 1024);
  // Without a descriptor of its own sd_journal_process looks at nothing, and a journal that is rotated falls silent.
  if (const int code = sd_journal_get_fd(s.journal.get()); code < 0)
    return fail_errno("cannot watch the journal's directories", -code);
  TOCSIN_CHECK(s.seek());
  return tail;
}

Result<bool> JournalTail::poll(JournalBatch& batch, Time now) {
  auto& s = *state_;
  EventBuilder builder(batch.events);
  const auto before = batch.events.size();
  if (s.gap) s.tell_gap(builder, now);
  // Before anything else: where its file was rotated away, the next call would leave it without an entry.
  if (std::exchange(s.ahead, false)) {
    s.entry(builder, now, batch);
    builder.reset();
  }
  // Tells sd-journal of files that were rotated or vacuumed since.
  if (const int code = sd_journal_process(s.journal.get()); code < 0)
    return fail_errno("cannot follow the journal", -code);
  while (batch.events.size() + LineDecoder::events_most <= EventBatch::most_events) {
    const int code = sd_journal_next(s.journal.get());
    if (code < 0) return fail_errno("cannot read the journal", -code);
    if (code == 0) break;
    s.entry(builder, now, batch);
    builder.reset();
  }
  return batch.events.size() != before;
}

bool JournalTail::grown() noexcept {
  if (!state_->ahead) state_->ahead = sd_journal_next(state_->journal.get()) > 0;
  return state_->ahead;
}

JournalCounts JournalTail::counts() const noexcept { return state_->counts; }

}  // namespace tocsin::collectors
