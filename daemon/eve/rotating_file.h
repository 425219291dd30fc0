#pragma once
// A file of lines that is continued, begins anew when it has grown, and whose older parts go when all together take
// more than they may. `eve.json` is written; `eve-20261122T181500.123Z.json` was. One thread.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::daemon {

struct RotatingFileOptions {
  std::string path;
  std::uint64_t rotate = 256ULL << 20;  // bytes after which a new file begins; 0: never
  std::uint64_t most = 4ULL << 30;      // bytes of the older files together; 0: no limit
};

class RotatingFile {
 public:
  explicit RotatingFile(RotatingFileOptions options) : options_(std::move(options)) {}

  // Opens the file if it is not open. After an error nothing was written, or the line was cut off again: a file never
  // holds half a line that another follows.
  Result<void> write(std::string_view line, Time now);
  // What was written so far is the system's. An error says that lines since the last flush may be missing.
  Result<void> flush();
  // The next write opens the path anew: somebody else may have moved the file.
  void close() noexcept { file_.reset(); }

 private:
  struct Closer {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  Result<void> open();
  bool cut_half_line();
  void rotate(Time now);
  void make_room() const;

  const RotatingFileOptions options_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::uint64_t size_ = 0;
};

}  // namespace tocsin::daemon
