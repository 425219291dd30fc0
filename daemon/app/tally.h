#pragma once
// How often each value of a field, or each combination of values of several, occurs among rows (--count-by).

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/json/fwd.hpp>

#include "collectors/base/result.h"
#include "daemon/control/method.h"

namespace tocsin::daemon {

class Tally {
 public:
  static constexpr std::size_t fields_most = 4;
  static constexpr std::size_t groups_most = 100'000;  // of one answer; what comes after is counted as left out

  // "source.ip,user.name". usage: none, or more than fields_most.
  static Result<Tally> parse(std::string_view fields);

  // A row with several values of a field counts for each of them, with none for the empty text. Values longer than 512
  // bytes count by how they begin.
  void add(const boost::json::object& row);
  // The most frequent first, at most `limit` (0: all): {"count": 17, "source.ip": "203.0.113.9"}; and a remark about
  // what is not among them.
  void send(Reply& reply, std::size_t limit) const;

 private:
  explicit Tally(std::vector<std::string> fields) : fields_(std::move(fields)) {}
  void count(std::string key);

  std::vector<std::string> fields_;
  std::unordered_map<std::string, std::uint64_t> groups_;  // values joined by NUL
  std::uint64_t left_out_ = 0;
};

}  // namespace tocsin::daemon
