#pragma once
// A mistyped field gives nothing, and nothing looks like an answer: names, and the values they are compared with, are
// checked before anything is asked.

#include <string>
#include <string_view>
#include <vector>

#include "daemon/cli/command.h"

namespace tocsin::daemon {

// Every field that --where and --fields name is one the command's rows can have. usage: one is not; the error names the
// closest and where the names are listed. A number, a time or a truth value is not compared with other words. Asks the
// daemon (or the store) only for names that nobody here knows.
Result<void> check_fields(CommandContext& context);

// The names a person may have meant, best first, at most three: few edits away, ending or beginning with the word, or
// the same in the shorthand of other tools (src_ip, dest_port).
std::vector<std::string> close_fields(std::string_view word, const std::vector<std::string>& known);

}  // namespace tocsin::daemon
