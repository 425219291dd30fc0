#include "daemon/eve/record.h"

#include <algorithm>

namespace tocsin::daemon {

void put_in_order(std::vector<EveRecord>& records) { std::ranges::stable_sort(records, {}, &EveRecord::rank); }

}  // namespace tocsin::daemon
