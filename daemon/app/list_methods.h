#pragma once
// list.fields, list.actions, list.protocols, list.keywords: what this build knows, from the tables that are used for
// the work itself. They need no daemon; `tocsin list` answers with them by itself.

#include <filesystem>

#include "collectors/event/field.h"
#include "daemon/control/method.h"

namespace tocsin::daemon {

// `names` outlives the table. list.fields takes names (`name`): only those then, a product's own too when an event or
// alert of the store has it. An empty `store`: none is asked.
void add_list_methods(MethodTable& methods, const FieldNames& names, const std::filesystem::path& store);

}  // namespace tocsin::daemon
