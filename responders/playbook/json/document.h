#pragma once
// Strict JSON (RFC 8259) with places: every value knows its byte offset, duplicate keys are found, and nothing is
// guessed. Playbooks and signatures are read with it, because their authors need line and column and because two
// readers of one document must never see two meanings. Any thread; the document owns its text.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::responders {

struct JsonMember;

struct JsonNode {
  enum class Kind : std::uint8_t { null, boolean, integer, real, string, array, object };

  Kind kind = Kind::null;
  bool boolean = false;
  std::uint32_t offset = 0;
  std::string text;  // string: decoded UTF-8; number: as written
  std::vector<JsonNode> items;
  std::vector<JsonMember> members;  // in document order

  const JsonNode* find(std::string_view name) const noexcept;
  bool is(Kind wanted) const noexcept { return kind == wanted; }
};

struct JsonMember {
  std::string name;
  std::uint32_t offset = 0;
  JsonNode value;
};

std::string_view kind_name(JsonNode::Kind kind) noexcept;  // "string", "object", … as a message says it

struct Place {
  std::uint32_t line = 0;  // 1-based
  std::uint32_t column = 0;
};

// What was wrong with the text itself. `duplicate`: the same key twice in one object (reading went on).
struct JsonProblem {
  enum class Kind : std::uint8_t { syntax, duplicate, too_deep, too_large, encoding };
  Kind kind = Kind::syntax;
  std::uint32_t offset = 0;
  std::string cause;
};

struct JsonDocument {
  JsonNode root;
  std::vector<JsonProblem> problems;  // syntax, depth, size, encoding: the root is unusable; duplicates: the first wins
  std::vector<std::uint32_t> line_starts;

  bool usable() const noexcept;
  Place place(std::uint32_t offset) const noexcept;
};

inline constexpr std::size_t json_bytes_most = 4U << 20U;
inline constexpr std::size_t json_depth_most = 64;

// Never fails: what went wrong is in `problems`. Linear in the text (keys of one object: n log n).
JsonDocument read_json(std::string_view text);

// Compact JSON again, keys in document order.
std::string render_json(const JsonNode& node);
// The same for people to read: two spaces a level, a final newline.
std::string render_json_laid_out(const JsonNode& node);

}  // namespace tocsin::responders
