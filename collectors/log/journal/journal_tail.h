#pragma once
// Follows the systemd journal (sd-journal), from a cursor that is stored with the batch it covers. Entries keep their
// program, pid, unit and user; their message goes through the same decoders as a syslog line. One owner, one thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "collectors/log/line/line_decoder.h"

namespace tocsin::collectors {

struct JournalOptions {
  std::string directory;           // empty: this host's journal
  LineSource source;               // name is usually "journal"
  std::string cursor;              // of the last entry stored; empty: see `from_now`
  Time last_seen{};                // its time: where to go on when the cursor has vanished
  bool from_now = true;            // without a cursor: only what comes from now on
  std::string exclude_identifier;  // our own lines, "tocsind": no feedback
};

struct JournalBatch {
  EventBatch events;
  std::string cursor;  // of the last entry in `events`; empty when there is none
  Time last_seen{};
};

struct JournalCounts {
  std::uint64_t entries = 0;
  std::uint64_t gaps = 0;       // the stored cursor had vanished: an event of class loss tells
  std::uint64_t truncated = 0;  // fields longer than the limit
};

// Is there a journal with at least one entry that this process may read? `directory` as in JournalOptions.
bool journal_readable(const std::string& directory);

class JournalTail {
 public:
  // not_found: there is no journal; denied: this process may not read it.
  static Result<JournalTail> open(JournalOptions options, std::shared_ptr<const DecoderSet> decoders,
                                  FieldNames& names);
  ~JournalTail();
  JournalTail(JournalTail&&) noexcept;
  JournalTail& operator=(JournalTail&&) noexcept;

  // Reads what is there, until the batch is nearly full. True when anything was added. Never waits.
  Result<bool> poll(JournalBatch& batch, Time now);
  // Is there an entry that poll() would give? A look into memory that journald shares: journald itself tells (inotify)
  // up to a quarter of a second later, which a response cannot wait. Files that came since the last poll() are not
  // seen.
  bool grown() noexcept;
  JournalCounts counts() const noexcept;

 private:
  JournalTail();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tocsin::collectors
