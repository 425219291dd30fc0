#pragma once
// Where shipped data lies: /usr/share/tocsin once installed, the source tree when run from a build directory.

#include <string>

#include "collectors/base/result.h"

namespace tocsin::daemon {

struct DataPaths {
  std::string packs;      // rules/packs
  std::string views;      // log-source views of Sigma
  std::string decoders;
  std::string playbooks;  // responders/packs
};

// $TOCSIN_DATA, then ../share/tocsin beside the program, then a source tree above it, then /usr/share/tocsin.
Result<DataPaths> find_data_paths();

}  // namespace tocsin::daemon
