#pragma once
// The daemon's own log: lines on stderr (journald reads them, with the sd-daemon "<6>" priority prefix when asked).
// Never on a hot path; repeated lines of one key are folded and counted.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "collectors/base/time.h"

namespace tocsin {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogPrefix : std::uint8_t { plain, journal };

// Thread-safe.
class Log {
 public:
  Log(const Clock& clock, LogLevel least, LogPrefix prefix) : clock_(clock), least_(least), prefix_(prefix) {}

  void debug(std::string_view message) { write(LogLevel::debug, message); }
  void info(std::string_view message) { write(LogLevel::info, message); }
  void warning(std::string_view message) { write(LogLevel::warning, message); }
  void error(std::string_view message) { write(LogLevel::error, message); }
  // At most one line per key and minute; the next line says how many were folded. Hostile input logs through here.
  void limited(LogLevel level, std::string_view key, std::string_view message);

 private:
  struct Folded {
    Time last{};
    std::uint64_t count = 0;
  };
  static constexpr std::size_t keys_most = 1024;

  void write(LogLevel level, std::string_view message);

  const Clock& clock_;
  const LogLevel least_;
  const LogPrefix prefix_;
  std::mutex mutex_;
  std::map<std::string, Folded, std::less<>> folded_;
};

}  // namespace tocsin
