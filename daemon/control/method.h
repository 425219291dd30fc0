#pragma once
// What the control socket can be asked: one table of methods, each with the least role it needs. The table is filled by
// daemon/app before the server starts and does not change after. Handlers run on a small worker pool, several at once.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "daemon/control/frame.h"
#include "daemon/control/role.h"

namespace tocsin::daemon {

// One request. Lives as long as its handler runs.
class Call {
 public:
  Call(std::string method, const Peer& peer, const boost::json::object& params, Descriptors& descriptors)
      : method_(std::move(method)), peer_(peer), params_(params), descriptors_(descriptors) {}

  const std::string& method() const noexcept { return method_; }
  const Peer& peer() const noexcept { return peer_; }
  const boost::json::object& params() const noexcept { return params_; }
  // File descriptors that came with the request, in order; take() hands one over.
  Descriptors& descriptors() const noexcept { return descriptors_; }

  // Parameters by name, so that handlers need no JSON. A text also answers for a number or a boolean.
  std::optional<std::string> text(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::optional<std::int64_t> number(std::string_view name) const;
  std::vector<std::string> list(std::string_view name) const;  // a single text is a list of one
  // usage error that names the parameter.
  Result<std::string> require(std::string_view name) const;

 private:
  std::string method_;
  const Peer& peer_;
  const boost::json::object& params_;
  Descriptors& descriptors_;
};

// Where a handler puts its answer. Thread-safe. Every function gives false once the client is gone: stop then.
class Reply {
 public:
  virtual ~Reply() = default;
  // One JSON object. Waits while the client is slow, up to a limit.
  virtual bool row(std::string_view json_object) = 0;
  // Where a long task is; dropped when the client is slow.
  virtual bool progress(std::string_view what, std::uint64_t done, std::uint64_t of) = 0;
  // Member of the summary that ends the answer.
  virtual void summary(std::string_view key, std::string_view text) = 0;
  virtual void summary(std::string_view key, std::int64_t number) = 0;
  // For handlers that follow: false when nobody listens or the server is stopping. Waits up to `patience`.
  virtual bool wait(Duration patience) = 0;
};

using Handler = std::function<Result<void>(const Call&, Reply&)>;

struct Method {
  std::string name;  // "noun.verb"
  Role least = Role::viewer;
  std::string summary;
  Handler handler;
};

class MethodTable {
 public:
  void add(Method method);  // names are unique: a second one of the same name is a bug
  const Method* find(std::string_view name) const noexcept;
  std::string nearest_name(std::string_view name) const;
  const std::map<std::string, Method, std::less<>>& all() const noexcept { return methods_; }

 private:
  std::map<std::string, Method, std::less<>> methods_;
};

}  // namespace tocsin::daemon
