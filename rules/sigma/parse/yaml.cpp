#include "rules/sigma/parse/yaml.h"

#include <yaml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "collectors/base/text.h"

namespace tocsin::rules::sigma {
namespace {

Place place_of(const yaml_mark_t& mark) {
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

std::size_t count_nodes(const Node& node) {
  std::size_t count = 1;
  for (const auto& item : node.items) count += count_nodes(item);
  for (const auto& member : node.members) count += count_nodes(member.value);
  return count;
}

// "<<": merges maps that are not overridden (YAML 1.1 merge key).
void merge_into(Node& map, const Node& from) {
  for (const auto& member : from.members)
    if (map.find(member.key) == nullptr) map.members.push_back(member);
}

// The library's parser and one event of it.
class Events {
 public:
  explicit Events(std::string_view text) {
    started_ = yaml_parser_initialize(&parser_) == 1;
    if (!started_) return;
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Events() {
    drop();
    if (started_) yaml_parser_delete(&parser_);
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  // Null when the text is not valid, or memory ran out.
  const yaml_event_t* next() {
    drop();
    held_ = started_ && yaml_parser_parse(&parser_, &event_) == 1;
    return held_ ? &event_ : nullptr;
  }
  Problem problem() const {
    const auto* cause = started_ && parser_.problem != nullptr ? parser_.problem : "there is no memory for it";
    return {"G0101", place_of(parser_.problem_mark), std::string("Not valid YAML: ") + cause + ".",
            "Correct the YAML."};
  }

 private:
  void drop() {
    if (held_) yaml_event_delete(&event_);
    held_ = false;
  }

  yaml_parser_t parser_{};
  yaml_event_t event_{};
  bool started_ = false;
  bool held_ = false;
};

std::string name_of(const yaml_char_t* anchor) {
  return anchor == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(anchor));
}

class Builder {
 public:
  explicit Builder(const YamlLimits& limits) : limits_(limits) {}

  // False when reading must end: problem() says why.
  bool take(const yaml_event_t& event) {
    place_ = place_of(event.start_mark);
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT: anchors_.clear(); break;
      case YAML_ALIAS_EVENT: alias(name_of(event.data.alias.anchor)); break;
      case YAML_SCALAR_EVENT: scalar(event); break;
      case YAML_SEQUENCE_START_EVENT: open(name_of(event.data.sequence_start.anchor), Node::Kind::list); break;
      case YAML_MAPPING_START_EVENT: open(name_of(event.data.mapping_start.anchor), Node::Kind::map); break;
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT: close(); break;
      default: break;
    }
    return problem_.code.empty();
  }
  const Problem& problem() const noexcept { return problem_; }
  std::vector<Node> documents() { return std::move(documents_); }

 private:
  struct Frame {
    Node node;
    std::string anchor;
    std::string key;
    Place key_place;
    bool has_key = false;
  };

  void stop(std::string cause) { problem_ = {"G0101", place_, std::move(cause), "Correct the YAML."}; }
  bool spend(std::size_t count) {
    nodes_ += count;
    if (nodes_ <= limits_.most_nodes) return true;
    stop("The document holds more values than allowed (aliases count in full).");
    return false;
  }
  void alias(const std::string& anchor) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) return stop("The alias refers to nothing that ends before it.");
    if (spend(count_nodes(found->second))) add(found->second);
  }
  void scalar(const yaml_event_t& event) {
    const auto& given = event.data.scalar;
    std::string text(reinterpret_cast<const char*>(given.value), given.length);
    Node node = given.plain_implicit != 0 ? parse_plain_scalar(std::move(text)) : Node::of_text(std::move(text));
    if (node.kind == Node::Kind::null) node.text.clear();
    node.place = place_;
    if (!spend(1)) return;
    if (given.anchor != nullptr) anchors_[name_of(given.anchor)] = node;
    add(std::move(node));
  }
  void open(std::string anchor, Node::Kind kind) {
    if (frames_.size() >= limits_.most_depth) return stop("The document is nested too deeply.");
    if (!spend(1)) return;
    auto& frame = frames_.emplace_back();
    frame.node.kind = kind;
    frame.node.place = place_;
    frame.anchor = std::move(anchor);
  }
  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (!frame.anchor.empty()) anchors_[frame.anchor] = frame.node;
    place_ = frame.node.place;
    add(std::move(frame.node));
  }
  void add(Node node) {
    if (frames_.empty()) {
      documents_.push_back(std::move(node));
      return;
    }
    auto& frame = frames_.back();
    if (frame.node.kind == Node::Kind::list) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.has_key) {
      if (!node.is_scalar()) return stop("A key must be a plain word, not a list or a map.");
      frame.key = std::move(node.text);
      frame.key_place = node.place;
      frame.has_key = true;
    } else {
      add_member(frame, std::move(node));
    }
  }
  void add_member(Frame& frame, Node node) {
    frame.has_key = false;
    if (frame.key == "<<" && (node.is_map() || node.is_list())) {
      if (node.is_map()) merge_into(frame.node, node);
      for (const auto& item : node.items) {
        if (!spend(count_nodes(item))) return;
        merge_into(frame.node, item);
      }
      return;
    }
    if (frame.node.find(frame.key) != nullptr) {
      problem_ = {"G0102", frame.key_place, "The key '" + frame.key + "' stands twice in the same map.",
                  "Remove or rename one of them."};
      return;
    }
    // What is wrong with an item is best shown at its key.
    if (node.is_scalar() || node.place.line == 0) node.place = frame.key_place;
    frame.node.members.emplace_back(std::move(frame.key), std::move(node));
    frame.key.clear();
  }

  const YamlLimits& limits_;
  std::vector<Node> documents_;
  std::vector<Frame> frames_;
  std::unordered_map<std::string, Node> anchors_;
  std::size_t nodes_ = 0;
  Place place_;  // of the event at hand
  Problem problem_;
};

bool parse_integer(std::string_view text, std::int64_t& out) {
  std::string digits(text);
  std::erase(digits, '_');
  std::string_view rest = digits;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (rest.empty()) return false;
  unsigned base = 10;
  if (rest.starts_with("0x") || rest.starts_with("0b")) {
    base = rest[1] == 'x' ? 16 : 2;
    rest.remove_prefix(2);
  } else if (rest.size() > 1 && rest[0] == '0') {
    base = 8;
    rest.remove_prefix(1);
  }
  if (rest.empty()) return false;
  std::uint64_t number = 0;
  for (const char c : rest) {
    unsigned digit = 99;
    if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
    else if (base == 16 && to_lower_ascii(c) >= 'a' && to_lower_ascii(c) <= 'f')
      digit = static_cast<unsigned>(to_lower_ascii(c) - 'a' + 10);
    if (digit >= base) return false;
    if (number > (static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) - digit) / base) return false;
    number = number * base + digit;
  }
  out = negative ? -static_cast<std::int64_t>(number) : static_cast<std::int64_t>(number);
  return true;
}

// YAML 1.1 floats need a point: "1.5", "-1.", ".5", "1.0e+3".
bool parse_float(std::string_view text, double& out) {
  const auto first = text.starts_with('-') || text.starts_with('+') ? text.substr(1) : text;
  const auto point = first.find('.');
  if (point == std::string_view::npos || first.size() < 2) return false;
  if (first.find_first_not_of("0123456789._eE+-") != std::string_view::npos) return false;
  const char digit = first[0] == '.' ? first[1] : first[0];
  if (digit < '0' || digit > '9') return false;
  std::string digits(text);
  std::erase(digits, '_');
  if (digits.back() == '.') digits += '0';
  const auto number = parse_real(digits.starts_with('+') ? digits.substr(1) : digits);
  if (!number || !std::isfinite(*number)) return false;
  out = *number;
  return true;
}

}  // namespace

const Node* Node::find(std::string_view key) const noexcept {
  for (const auto& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

std::string_view Node::text_of(std::string_view key) const noexcept {
  const auto* node = find(key);
  return node != nullptr && node->is_scalar() ? std::string_view(node->text) : std::string_view();
}

Node Node::of_text(std::string text) {
  Node node;
  node.kind = Kind::text;
  node.text = std::move(text);
  return node;
}

Node parse_plain_scalar(std::string text) {
  static constexpr std::array<std::string_view, 9> yes{"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"};
  static constexpr std::array<std::string_view, 9> no{"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"};
  static constexpr std::array<std::string_view, 5> nothing{"", "~", "null", "Null", "NULL"};
  Node node;
  node.text = std::move(text);
  if (std::ranges::find(nothing, node.text) != nothing.end()) return node;
  node.kind = Node::Kind::boolean;
  if (std::ranges::find(yes, node.text) != yes.end()) {
    node.boolean = true;
    return node;
  }
  if (std::ranges::find(no, node.text) != no.end()) return node;
  node.kind = Node::Kind::integer;
  if (parse_integer(node.text, node.integer)) {
    node.real = static_cast<double>(node.integer);
    return node;
  }
  node.kind = parse_float(node.text, node.real) ? Node::Kind::real : Node::Kind::text;
  return node;
}

Parsed<std::vector<Node>> parse_yaml(std::string_view text, const YamlLimits& limits) {
  if (text.size() > limits.most_bytes) return refuse("G0101", {}, "The file is too large.", "Split it.");
  Events events(text);
  Builder builder(limits);
  while (const auto* event = events.next()) {
    if (event->type == YAML_STREAM_END_EVENT) return builder.documents();
    if (!builder.take(*event)) return std::unexpected(builder.problem());
  }
  return std::unexpected(events.problem());
}

}  // namespace tocsin::rules::sigma
