#pragma once
// UUIDs that follow from a name: the same name in the same space is the same id, on any host. RFC 9562, section 5.5.

#include <string_view>

#include "collectors/base/id.h"

namespace tocsin {

Uuid make_uuid5(const Uuid& space, std::string_view name);

}  // namespace tocsin
