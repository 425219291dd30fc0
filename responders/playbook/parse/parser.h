#pragma once
// JSON tree → PlaybookAst. Reports what has the wrong shape (P01xx) and properties the specification does not know;
// what the shapes mean together is the validator's part. Pure; any thread.

#include "responders/playbook/parse/ast.h"
#include "responders/playbook/parse/reporter.h"

namespace tocsin::responders {

PlaybookAst parse_playbook(const JsonDocument& document, Reporter& reporter);

}  // namespace tocsin::responders
