// rooms: store
// A damaged or foreign database file: opened and brought up to date, or refused; then its journal is read.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "daemon/store/journal.h"
#include "daemon/store/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tocsin;
  static const std::string path = "/dev/shm/fuzz-store-" + std::to_string(::getpid());
  const auto remove = [] {
    for (const auto* suffix : {"", "-wal", "-shm", "-journal"}) ::unlink((path + suffix).c_str());
  };
  static const bool registered = std::atexit(+[] { ::unlink(path.c_str()); }) == 0;
  if (!registered) return 0;
  remove();
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0 || ::write(descriptor, data, size) != static_cast<ssize_t>(size)) std::abort();
  ::close(descriptor);
  {
    auto database = daemon::Database::open(path, daemon::DatabaseMode::write);
    if (database) {
      (void)(*database)->execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY");
      if (daemon::migrate(**database)) {
        daemon::StoreJournal journal(**database);
        if (const auto open = journal.open_incidents())
          for (const auto id : *open) (void)journal.changes(id);
        (void)journal.last_number(2026);
        (void)journal.verify();
        (void)daemon::verify_chain(**database, "audit");
      }
    }
  }
  remove();
  return 0;
}
