#pragma once
// EVE records into a file, one a line. One thread.

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "collectors/base/result.h"

namespace tocsin::daemon {

class EveFile {
 public:
  // Replaces what was there. An error says why it cannot be written.
  static Result<EveFile> create(const std::string& path);
  void write(std::string_view line);
  // exhausted: not everything could be written.
  Result<void> finish();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  EveFile(std::FILE* file, std::string path) : file_(file), path_(std::move(path)) {}

  std::unique_ptr<std::FILE, Closer> file_;
  std::string path_;
  bool failed_ = false;
};

// A file that a protocol carried, below `directory`: ab/abcd…, once. `directory` is made when it is not there.
Result<void> write_kept_file(const std::string& directory, const std::string& digest, std::string_view bytes);

}  // namespace tocsin::daemon
