#pragma once
// The helper of tocsin-opener that may look at other users' processes: forked before the opener confines itself, keeps
// CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, may start nothing and make no packet socket, and is not under Landlock, which
// would hide /proc/PID/fd from it. It answers one kind of question and ends with the opener.

#include "collectors/base/descriptor.h"
#include "collectors/base/result.h"
#include "collectors/base/time.h"

namespace tocsin::collectors {

// The opener's end of a SOCK_SEQPACKET pair that speaks socket_owner of message.h. Before any thread is started.
Result<OwnedDescriptor> start_owner_helper(const Clock& clock);

}  // namespace tocsin::collectors
