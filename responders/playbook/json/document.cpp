#include "responders/playbook/json/document.h"

#include <algorithm>
#include <optional>

#include "collectors/base/json.h"
#include "collectors/base/utf8.h"

namespace tocsin::responders {
namespace {

using Kind = JsonNode::Kind;

// Recursive descent; depth is capped, so the stack is too.
class Reader {
 public:
  Reader(std::string_view text, JsonDocument& document) : text_(text), document_(document) {}

  void read() {
    skip_space();
    if (!value(document_.root, 0)) return;
    skip_space();
    if (position_ != text_.size()) stop(JsonProblem::Kind::syntax, "text follows the end of the JSON document");
  }

 private:
  bool stop(JsonProblem::Kind kind, std::string cause) {
    document_.problems.push_back(
        {kind, static_cast<std::uint32_t>(std::min(position_, text_.size())), std::move(cause)});
    return false;
  }
  bool syntax(std::string cause) { return stop(JsonProblem::Kind::syntax, std::move(cause)); }

  char peek() const noexcept { return position_ < text_.size() ? text_[position_] : '\0'; }
  bool at_end() const noexcept { return position_ >= text_.size(); }
  void skip_space() noexcept {
    while (!at_end() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++position_;
  }

  bool value(JsonNode& node, std::size_t depth) {
    if (depth > json_depth_most) return stop(JsonProblem::Kind::too_deep, "values are nested deeper than 64 levels");
    node.offset = static_cast<std::uint32_t>(position_);
    if (at_end()) return syntax("the document ends where a value is expected");
    switch (peek()) {
      case '{': return object(node, depth);
      case '[': return array(node, depth);
      case '"': node.kind = Kind::string; return string(node.text);
      case 't':
        node.kind = Kind::boolean;
        node.boolean = true;
        return word("true");
      case 'f': node.kind = Kind::boolean; return word("false");
      case 'n': return word("null");
      default: return number(node);
    }
  }

  bool word(std::string_view expected) {
    if (text_.substr(position_, expected.size()) != expected)
      return syntax("unknown word; true, false or null expected");
    position_ += expected.size();
    return true;
  }

  bool digits() {
    const std::size_t start = position_;
    while (peek() >= '0' && peek() <= '9') ++position_;
    return position_ != start;
  }

  bool number(JsonNode& node) {
    const std::size_t start = position_;
    node.kind = Kind::integer;
    if (peek() == '-') ++position_;
    if (peek() == '0') {
      ++position_;
      if (peek() >= '0' && peek() <= '9') return syntax("a number must not start with 0");
    } else if (!digits()) {
      position_ = start;
      return syntax("a value is expected here");
    }
    if (peek() == '.') {
      node.kind = Kind::real;
      ++position_;
      if (!digits()) return syntax("digits are expected after the decimal point");
    }
    if (peek() == 'e' || peek() == 'E') {
      node.kind = Kind::real;
      ++position_;
      if (peek() == '+' || peek() == '-') ++position_;
      if (!digits()) return syntax("digits are expected in the exponent");
    }
    node.text = text_.substr(start, position_ - start);
    return true;
  }

  std::optional<std::uint32_t> hex4() {
    if (position_ + 4 > text_.size()) return std::nullopt;
    std::uint32_t point = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = text_[position_++];
      point <<= 4U;
      if (c >= '0' && c <= '9') point |= static_cast<std::uint32_t>(c - '0');
      else if (c >= 'a' && c <= 'f') point |= static_cast<std::uint32_t>(c - 'a' + 10);
      else if (c >= 'A' && c <= 'F') point |= static_cast<std::uint32_t>(c - 'A' + 10);
      else return std::nullopt;
    }
    return point;
  }

  bool unicode_escape(std::string& out) {
    auto point = hex4();
    if (!point) return syntax("\\u needs four hexadecimal digits");
    if (*point >= 0xDC00 && *point <= 0xDFFF) return syntax("a low surrogate without its high one");
    if (*point >= 0xD800 && *point <= 0xDBFF) {
      if (text_.substr(position_, 2) != "\\u") return syntax("a high surrogate without its low one");
      position_ += 2;
      const auto low = hex4();
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return syntax("a high surrogate without its low one");
      point = 0x10000U + ((*point - 0xD800U) << 10U) + (*low - 0xDC00U);
    }
    append_code_point(out, *point);
    return true;
  }

  bool escape(std::string& out) {
    ++position_;
    const char c = peek();
    ++position_;
    switch (c) {
      case '"':
      case '\\':
      case '/': out += c; return true;
      case 'b': out += '\b'; return true;
      case 'f': out += '\f'; return true;
      case 'n': out += '\n'; return true;
      case 'r': out += '\r'; return true;
      case 't': out += '\t'; return true;
      case 'u': return unicode_escape(out);
      default: return syntax("unknown escape in a string");
    }
  }

  bool string(std::string& out) {
    ++position_;
    while (true) {
      if (at_end()) return syntax("a string is not closed");
      const auto c = static_cast<std::uint8_t>(peek());
      if (c == '"') {
        ++position_;
        return true;
      }
      if (c == '\\') {
        if (!escape(out)) return false;
        continue;
      }
      if (c < 0x20) return syntax("a control character must be escaped inside a string");
      const std::size_t length = next_code_point(text_.substr(position_)).length;
      if (length == 0) return stop(JsonProblem::Kind::encoding, "the text is not UTF-8 here");
      out += text_.substr(position_, length);
      position_ += length;
    }
  }

  bool array(JsonNode& node, std::size_t depth) {
    node.kind = Kind::array;
    ++position_;
    skip_space();
    if (peek() == ']') {
      ++position_;
      return true;
    }
    while (true) {
      skip_space();
      if (!value(node.items.emplace_back(), depth + 1)) return false;
      skip_space();
      if (peek() == ']') {
        ++position_;
        return true;
      }
      if (peek() != ',') return syntax("a comma or ] is expected");
      ++position_;
    }
  }

  bool object(JsonNode& node, std::size_t depth) {
    node.kind = Kind::object;
    ++position_;
    skip_space();
    if (peek() == '}') {
      ++position_;
      return true;
    }
    while (true) {
      skip_space();
      if (peek() != '"') return syntax("a key in quotes is expected");
      JsonMember& member = node.members.emplace_back();
      member.offset = static_cast<std::uint32_t>(position_);
      if (!string(member.name)) return false;
      skip_space();
      if (peek() != ':') return syntax("a colon is expected after the key");
      ++position_;
      skip_space();
      if (!value(member.value, depth + 1)) return false;
      skip_space();
      if (peek() == '}') {
        ++position_;
        find_duplicates(node);
        return true;
      }
      if (peek() != ',') return syntax("a comma or } is expected");
      ++position_;
    }
  }

  void find_duplicates(const JsonNode& node) {
    std::vector<const JsonMember*> order;
    order.reserve(node.members.size());
    for (const JsonMember& m : node.members) order.push_back(&m);
    std::sort(order.begin(), order.end(), [](const JsonMember* a, const JsonMember* b) {
      return a->name != b->name ? a->name < b->name : a->offset < b->offset;
    });
    for (std::size_t i = 1; i < order.size(); ++i)
      if (order[i]->name == order[i - 1]->name)
        document_.problems.push_back(
            {JsonProblem::Kind::duplicate, order[i]->offset, "the key \"" + order[i]->name + "\" is there twice"});
  }

  const std::string_view text_;
  JsonDocument& document_;
  std::size_t position_ = 0;
};

void render(JsonWriter& json, const JsonNode& node) {
  switch (node.kind) {
    case Kind::null: json.null(); break;
    case Kind::boolean: json.value(node.boolean); break;
    case Kind::integer:
    case Kind::real: json.raw(node.text); break;
    case Kind::string: json.value(std::string_view(node.text)); break;
    case Kind::array:
      json.begin_array();
      for (const JsonNode& item : node.items) render(json, item);
      json.end_array();
      break;
    case Kind::object:
      json.begin_object();
      for (const JsonMember& member : node.members) {
        json.key(member.name);
        render(json, member.value);
      }
      json.end_object();
      break;
  }
}

void lay_out(std::string& out, const JsonNode& node, std::size_t depth) {
  const bool object = node.is(Kind::object);
  const std::size_t count = object ? node.members.size() : node.items.size();
  if ((!object && !node.is(Kind::array)) || count == 0) {
    out += render_json(node);
    return;
  }
  out += object ? "{" : "[";
  for (std::size_t i = 0; i < count; ++i) {
    out += (i == 0 ? "\n" : ",\n") + std::string(2 * (depth + 1), ' ');
    if (object) {
      append_json_string(out, node.members[i].name);
      out += ": ";
    }
    lay_out(out, object ? node.members[i].value : node.items[i], depth + 1);
  }
  out += "\n" + std::string(2 * depth, ' ') + (object ? "}" : "]");
}

}  // namespace

const JsonNode* JsonNode::find(std::string_view name) const noexcept {
  for (const JsonMember& member : members)
    if (member.name == name) return &member.value;
  return nullptr;
}

std::string_view kind_name(JsonNode::Kind kind) noexcept {
  switch (kind) {
    case Kind::null: return "null";
    case Kind::boolean: return "true or false";
    case Kind::integer: return "a whole number";
    case Kind::real: return "a number";
    case Kind::string: return "a string";
    case Kind::array: return "a list";
    case Kind::object: return "an object";
  }
  return "a value";
}

bool JsonDocument::usable() const noexcept {
  return std::all_of(problems.begin(), problems.end(),
                     [](const JsonProblem& p) { return p.kind == JsonProblem::Kind::duplicate; });
}

Place JsonDocument::place(std::uint32_t offset) const noexcept {
  if (line_starts.empty()) return {};
  const auto after = std::upper_bound(line_starts.begin(), line_starts.end(), offset);
  const auto line = static_cast<std::uint32_t>(after - line_starts.begin());
  return {line, offset - line_starts[line - 1] + 1};
}

JsonDocument read_json(std::string_view text) {
  JsonDocument document;
  document.line_starts.push_back(0);
  if (text.size() > json_bytes_most) {
    document.problems.push_back({JsonProblem::Kind::too_large, 0, "the document is larger than 4 MiB"});
    return document;
  }
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n') document.line_starts.push_back(static_cast<std::uint32_t>(i + 1));
  Reader(text, document).read();
  return document;
}

std::string render_json(const JsonNode& node) {
  std::string out;
  JsonWriter json(out);
  render(json, node);
  return out;
}

std::string render_json_laid_out(const JsonNode& node) {
  std::string out;
  lay_out(out, node, 0);
  return out + "\n";
}

}  // namespace tocsin::responders
