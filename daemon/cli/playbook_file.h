#pragma once
// The playbook that a path on the command line names: a file, or a pack, which is a folder with playbook.json in it.

#include <string>

#include "collectors/base/result.h"

namespace tocsin::daemon {

struct PlaybookFile {
  std::string path;  // of the file itself
  std::string text;
};

// At most 4 MiB. not_found: a folder that is no pack; failure: what cannot be read.
Result<PlaybookFile> read_playbook(const std::string& path);

}  // namespace tocsin::daemon
