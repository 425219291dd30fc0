#pragma once
// Reading one JSON object property by property, each with the kind it must have. Used by the parser alone.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "responders/playbook/parse/ast.h"
#include "responders/playbook/parse/reporter.h"

namespace tocsin::responders {

// `item` names the object in diagnostics. Destruction reports properties nobody asked for (P0103).
class Shape {
 public:
  enum class Unknown : std::uint8_t { report, allow };
  Shape(const JsonNode& node, std::string_view item, Reporter& reporter, Unknown unknown = Unknown::report);
  ~Shape();
  Shape(const Shape&) = delete;
  Shape& operator=(const Shape&) = delete;

  // Is the node an object at all? Otherwise every getter gives nothing.
  bool usable() const noexcept { return usable_; }

  Placed text(std::string_view name);
  std::vector<Placed> texts(std::string_view name);  // a list of strings
  std::optional<bool> boolean(std::string_view name);
  // Out of range: reported, and the nearest value of the range taken.
  std::optional<std::int64_t> whole(std::string_view name, std::int64_t least, std::int64_t most);
  const JsonNode* object(std::string_view name);
  const JsonNode* array(std::string_view name);
  void ignore(std::string_view name) { asked_.insert(name); }
  // Any kind; the caller judges.
  const JsonNode* any(std::string_view name);

 private:
  const JsonNode* get(std::string_view name, JsonNode::Kind kind);

  const JsonNode& node_;
  const std::string item_;
  Reporter& reporter_;
  const Unknown unknown_;
  const bool usable_;
  std::set<std::string_view> asked_;
};

}  // namespace tocsin::responders
