#pragma once
// What --since, --until, --where and --limit ask, read the same way by every list of the control socket.

#include <cstddef>
#include <optional>

#include <boost/json/fwd.hpp>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "daemon/control/filter.h"
#include "daemon/control/method.h"

namespace tocsin::daemon {

struct Asked {
  std::optional<Time> since;
  std::optional<Time> until;
  Filter where;
  std::size_t limit = 100;  // 0: all
  bool follow = false;

  bool in_period(Time time) const noexcept { return (!since || time >= *since) && (!until || time < *until); }
};
// usage: a time, number or filter that cannot be read.
Result<Asked> asked(const Call& call);

// Sends the rows that pass --where, at most --limit of them. Lives as long as the handler's call.
class RowGate {
 public:
  RowGate(const Asked& wanted, Reply& reply) : wanted_(wanted), reply_(reply) {}
  // False when no more are wanted: enough were sent, or nobody listens.
  bool send(const boost::json::object& row);
  std::size_t sent() const noexcept { return sent_; }

 private:
  const Asked& wanted_;
  Reply& reply_;
  std::size_t sent_ = 0;
};

}  // namespace tocsin::daemon
