#pragma once
// How a compiler reads the files that rules name (lists of digests): the owner's function, so that the compiler itself
// never touches the file system.

#include <functional>
#include <string>

#include "collectors/base/result.h"

namespace tocsin::rules::signature {

using DataReader = std::function<Result<std::string>(const std::string& rule_file, const std::string& path)>;

}  // namespace tocsin::rules::signature
