#include "collectors/base/log.h"

#include <unistd.h>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin {

void Log::write(LogLevel level, std::string_view message) {
  if (level < least_) return;
  static constexpr std::string_view names[] = {"debug", "info", "warning", "error"};
  static constexpr std::string_view priorities[] = {"<7>", "<6>", "<4>", "<3>"};
  const auto index = static_cast<std::size_t>(level);
  const std::string text = escape_terminal(message);
  const std::string line = prefix_ == LogPrefix::journal
                               ? fmt::format("{}{}\n", priorities[index], text)
                               : fmt::format("{} {}: {}\n", render_time(clock_.now()), names[index], text);
  // One write per line keeps lines of several threads whole; a full or closed stderr must not stop the daemon.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

void Log::limited(LogLevel level, std::string_view key, std::string_view message) {
  std::uint64_t folded = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.now();
    auto found = folded_.find(key);
    if (found == folded_.end()) {
      if (folded_.size() >= keys_most) folded_.erase(folded_.begin());
      folded_.emplace(std::string(key), Folded{now, 0});
    } else if (now - found->second.last < std::chrono::minutes{1}) {
      ++found->second.count;
      return;
    } else {
      folded = found->second.count;
      found->second = Folded{now, 0};
    }
  }
  if (folded == 0) write(level, message);
  else write(level, fmt::format("{} ({} more like this folded)", message, folded));
}

}  // namespace tocsin
