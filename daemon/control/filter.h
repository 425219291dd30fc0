#pragma once
// The language of --where, for alerts, incidents and events alike:
//   alert.severity >= 70 and (host.name = web* or not user.name in (root, backup)) and url.original ~ "/etc/passwd"
// Operators: = != < <= > >= ~ (contains) !~ and `in (…)`. `*` and `?` in a value of =, != and in are wildcards; a
// network (10.0.0.0/8) there is equal to every address in it. Comparison ignores ASCII case; numbers and times (RFC
// 3339) compare as such when both sides are. A field with several values matches when any of them does; != and !~ when
// none is equal. A field that is absent matches only != , !~ and not.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "collectors/base/result.h"

namespace tocsin::daemon {

class Filter {
 public:
  using Visit = std::function<void(std::string_view value)>;
  // Calls `visit` with each value of the field as text.
  using Lookup = std::function<void(std::string_view field, const Visit& visit)>;

  bool matches(const Lookup& record) const;
  // With the values that visit_field gives.
  bool matches(const boost::json::object& record) const;
  std::vector<std::string> fields() const;  // sorted, unique

  // What one field is compared with, in the order of the text.
  struct Comparison {
    std::string field;
    std::string value;
    bool ordered = false;   // by < <= > >=
    bool contains = false;  // by ~ !~
  };
  std::vector<Comparison> comparisons() const;
  // Of those, the ones without which nothing matches: field = value, joined by `and`.
  std::vector<Comparison> required() const;

 private:
  friend Result<Filter> parse_filter(std::string_view text);
  struct Node;
  std::shared_ptr<const Node> root_;  // null matches everything
};

// Each value of a field as text: one key first, then keys inside keys; lists give all their items.
void visit_field(const boost::json::object& record, std::string_view field, const Filter::Visit& visit);

// At most 4096 bytes, 256 terms, 32 deep. usage errors name the place in the text. Empty text matches everything.
Result<Filter> parse_filter(std::string_view text);

}  // namespace tocsin::daemon
