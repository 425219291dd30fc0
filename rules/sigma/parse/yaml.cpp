#include "rules/sigma/parse/yaml.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <sstream>
#include <unordered_map>

#include "collectors/base/text.h"

namespace tocsin::rules::sigma {
namespace {

Place place_of(const YAML::Mark& mark) {
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

struct Refused {
  Problem problem;
};
[[noreturn]] void stop(const YAML::Mark& mark, std::string cause) {
  throw Refused{{"G0101", place_of(mark), std::move(cause), "Correct the YAML."}};
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

class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(const YamlLimits& limits) : limits_(limits) {}

  void OnDocumentStart(const YAML::Mark&) override {
    root_ = Node();
    anchors_.clear();
    has_root_ = false;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { put(mark, anchor, Node()); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(mark, "The alias refers to something that is not finished yet.");
    spend(mark, count_nodes(found->second));
    add(mark, found->second);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    if (tag == "?" || tag.empty()) {
      node = parse_plain_scalar(value);
    } else {
      node = Node::of_text(value);
    }
    put(mark, anchor, std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, Node::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, Node::Kind::map);
  }
  void OnMapEnd() override { close(); }

  bool has_root() const noexcept { return has_root_; }
  Node take() { return std::move(root_); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    YAML::Mark mark;
    std::string key;
    Place key_place;
    bool has_key = false;
  };

  void spend(const YAML::Mark& mark, std::size_t count) {
    nodes_ += count;
    if (nodes_ > limits_.most_nodes) stop(mark, "The document holds more values than allowed (aliases count in full).");
  }
  void put(const YAML::Mark& mark, YAML::anchor_t anchor, Node node) {
    node.place = place_of(mark);
    spend(mark, 1);
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    add(mark, std::move(node));
  }
  void open(const YAML::Mark& mark, YAML::anchor_t anchor, Node::Kind kind) {
    if (frames_.size() >= limits_.most_depth) stop(mark, "The document is nested too deeply.");
    spend(mark, 1);
    Frame frame;
    frame.node.kind = kind;
    frame.node.place = place_of(mark);
    frame.anchor = anchor;
    frame.mark = mark;
    frames_.push_back(std::move(frame));
  }
  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.anchor != YAML::NullAnchor) anchors_[frame.anchor] = frame.node;
    add(frame.mark, std::move(frame.node));
  }
  void add(const YAML::Mark& mark, Node node) {
    if (frames_.empty()) {
      root_ = std::move(node);
      has_root_ = true;
      return;
    }
    auto& frame = frames_.back();
    if (frame.node.kind == Node::Kind::list) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.has_key) {
      if (!node.is_scalar()) stop(mark, "A key must be a plain word, not a list or a map.");
      frame.key = std::move(node.text);
      frame.key_place = node.place;
      frame.has_key = true;
    } else {
      add_member(mark, frame, std::move(node));
    }
  }
  void add_member(const YAML::Mark& mark, Frame& frame, Node node) {
    frame.has_key = false;
    if (frame.key == "<<" && (node.is_map() || node.is_list())) {
      if (node.is_map()) merge_into(frame.node, node);
      for (const auto& item : node.items) {
        spend(mark, count_nodes(item));
        merge_into(frame.node, item);
      }
      return;
    }
    if (frame.node.find(frame.key) != nullptr)
      throw Refused{{"G0102", frame.key_place, "The key '" + frame.key + "' stands twice in the same map.",
                     "Remove or rename one of them."}};
    // What is wrong with an item is best shown at its key.
    if (node.is_scalar() || node.place.line == 0) node.place = frame.key_place;
    frame.node.members.emplace_back(std::move(frame.key), std::move(node));
    frame.key.clear();
  }

  const YamlLimits& limits_;
  Node root_;
  bool has_root_ = false;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, Node> anchors_;
  std::size_t nodes_ = 0;
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
  if (!((first[0] >= '0' && first[0] <= '9') || (first[0] == '.' && first[1] >= '0' && first[1] <= '9'))) return false;
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
  std::vector<Node> documents;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(limits);
    while (parser.HandleNextDocument(builder)) {
      if (builder.has_root()) documents.push_back(builder.take());
    }
  } catch (const Refused& refused) {
    return std::unexpected(refused.problem);
  } catch (const YAML::Exception& error) {
    return refuse("G0101", place_of(error.mark), "Not valid YAML: " + error.msg + ".", "Correct the YAML.");
  } catch (const std::exception& error) {
    return refuse("G0101", {}, std::string("The YAML could not be read: ") + error.what() + ".", "Correct the YAML.");
  }
  return documents;
}

}  // namespace tocsin::rules::sigma
