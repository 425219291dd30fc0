#include "collectors/log/evtx/event_xml.h"

#include <charconv>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "collectors/base/json.h"
#include "collectors/base/utf8.h"

namespace tocsin::collectors {

namespace {

constexpr std::uint32_t none = UINT32_MAX;
constexpr std::string_view blanks = " \t\r\n";

struct Attribute {
  std::string name;
  std::string value;
};

struct Node {
  std::string name;
  std::string text;
  std::vector<Attribute> attributes;
  std::uint32_t first = none, last = none, next = none;
};

void append_reference(std::string& out, std::string_view name) {
  if (name == "lt") out += '<';
  else if (name == "gt") out += '>';
  else if (name == "amp") out += '&';
  else if (name == "quot") out += '"';
  else if (name == "apos") out += '\'';
  else if (name.starts_with('#')) {
    const bool hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
    const auto digits = name.substr(hex ? 2 : 1);
    std::uint32_t point = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), point, hex ? 16 : 10);
    const bool whole = error == std::errc{} && end == digits.data() + digits.size();
    if (whole && point <= 0x10FFFF && (point < 0xD800 || point >= 0xE000)) append_code_point(out, point);
    else append_code_point(out, 0xFFFD);
  }
}

// References resolved; an ampersand that begins none stands for itself.
void append_unescaped(std::string& out, std::string_view raw) {
  constexpr std::size_t reference_most = 12;
  while (!raw.empty()) {
    const auto mark = raw.find('&');
    out += raw.substr(0, mark);
    if (mark == std::string_view::npos) return;
    raw.remove_prefix(mark);
    const auto end = raw.substr(0, reference_most).find(';');
    const auto before = out.size();
    if (end != std::string_view::npos) append_reference(out, raw.substr(1, end - 1));
    const bool resolved = out.size() != before;
    if (!resolved) out += '&';
    raw.remove_prefix(resolved ? end + 1 : 1);
  }
}

// Prefixes of name spaces say nothing here; Sigma's field names have no blanks.
std::string plain_name(std::string_view raw) {
  if (const auto colon = raw.rfind(':'); colon != std::string_view::npos) raw.remove_prefix(colon + 1);
  std::string out;
  append_unescaped(out, raw);
  std::erase_if(out, [](char c) { return blanks.find(c) != std::string_view::npos; });
  return out;
}

class Parser {
 public:
  explicit Parser(std::string_view xml) : xml_(xml) {}

  Result<std::vector<Node>> parse() {
    while (at_ < xml_.size()) {
      const bool markup = xml_[at_] == '<';
      if (!(markup ? read_markup() : read_text())) {
        return fail(Code::invalid, fmt::format("the event's XML is damaged at byte {} ({})", at_, reason_));
      }
    }
    if (!open_.empty() || nodes_.empty() || nodes_.front().name != "Event")
      return fail(Code::invalid, "the event's XML has no whole <Event>");
    return std::move(nodes_);
  }

 private:
  bool broken(std::string_view reason) {
    reason_ = reason;
    return false;
  }

  bool read_text() {
    const auto end = std::min(xml_.find('<', at_), xml_.size());
    if (!open_.empty()) append_unescaped(nodes_[open_.back()].text, xml_.substr(at_, end - at_));
    at_ = end;
    return true;
  }

  bool skip_past(std::string_view mark) {
    const auto end = xml_.find(mark, at_);
    if (end == std::string_view::npos) return broken("markup without an end");
    at_ = end + mark.size();
    return true;
  }

  bool read_markup() {
    const auto rest = xml_.substr(at_);
    if (rest.starts_with("<![CDATA[")) return read_character_data();
    if (rest.starts_with("<!--")) return skip_past("-->");
    if (rest.starts_with("<?")) return skip_past("?>");
    if (rest.starts_with("<!")) return broken("a declaration");
    return rest.starts_with("</") ? close_element() : open_element();
  }

  bool read_character_data() {
    constexpr std::size_t opening = 9;
    const auto end = xml_.find("]]>", at_);
    if (end == std::string_view::npos) return broken("character data without an end");
    if (!open_.empty()) nodes_[open_.back()].text += xml_.substr(at_ + opening, end - at_ - opening);
    at_ = end + 3;
    return true;
  }

  bool close_element() {
    if (open_.empty()) return broken("an end without a start");
    open_.pop_back();
    return skip_past(">");
  }

  bool open_element() {
    if (open_.empty() && !nodes_.empty()) return broken("more than one element");
    if (open_.size() >= event_xml_depth_most) return broken("too deep");
    if (nodes_.size() >= event_xml_nodes_most) return broken("too many elements");
    const auto name_end = std::min(xml_.find_first_of(" \t\r\n/>", at_), xml_.size());
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({.name = plain_name(xml_.substr(at_ + 1, name_end - at_ - 1)), .text = {}, .attributes = {}});
    if (nodes_.back().name.empty()) return broken("an element without a name");
    if (!open_.empty()) adopt(nodes_[open_.back()], index);
    at_ = name_end;
    while (true) {
      at_ = std::min(xml_.find_first_not_of(blanks, at_), xml_.size());
      if (at_ == xml_.size()) return broken("an element without an end");
      if (xml_[at_] == '>') {
        ++at_;
        open_.push_back(index);
        return true;
      }
      if (xml_.substr(at_).starts_with("/>")) {
        at_ += 2;
        return true;
      }
      if (!read_attribute(nodes_[index])) return false;
    }
  }

  void adopt(Node& parent, std::uint32_t child) {
    if (parent.first == none) parent.first = child;
    else nodes_[parent.last].next = child;
    parent.last = child;
  }

  bool read_attribute(Node& node) {
    const auto equals = xml_.find('=', at_);
    if (equals == std::string_view::npos || equals + 1 >= xml_.size()) return broken("an attribute without a value");
    const char quote = xml_[equals + 1];
    if (quote != '"' && quote != '\'') return broken("an attribute without quotes");
    const auto end = xml_.find(quote, equals + 2);
    if (end == std::string_view::npos) return broken("an attribute without an end");
    if (++attributes_ > event_xml_nodes_most) return broken("too many attributes");
    Attribute attribute{.name = std::string(xml_.substr(at_, equals - at_)), .value = {}};
    append_unescaped(attribute.value, xml_.substr(equals + 2, end - equals - 2));
    if (!attribute.name.starts_with("xmlns")) {
      attribute.name = plain_name(attribute.name);
      node.attributes.push_back(std::move(attribute));
    }
    at_ = end + 1;
    return true;
  }

  std::string_view xml_;
  std::size_t at_ = 0;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> open_;
  std::size_t attributes_ = 0;
  std::string_view reason_;
};

bool all_of_kind(std::string_view text, std::string_view kind) {
  return !text.empty() && text.find_first_not_of(kind) == std::string_view::npos;
}

class Renderer {
 public:
  explicit Renderer(const std::vector<Node>& nodes) : nodes_(nodes), json_(out_) {}

  std::string render() {
    json_.begin_object().key("Event");
    element(nodes_.front());
    json_.end_object();
    return std::move(out_);
  }

 private:
  // Depth is that of the parser's stack.
  void element(const Node& node) {
    if (node.name == "EventData") return event_data(node);
    const bool leaf = node.first == none;
    if (leaf && node.attributes.empty()) return value(node.text);
    json_.begin_object();
    if (!node.attributes.empty()) {
      json_.key("#attributes").begin_object();
      for (const auto& a : node.attributes) {
        json_.key(a.name);
        value(a.value);
      }
      json_.end_object();
    }
    if (leaf && !node.text.empty()) {
      json_.key("#text");
      value(node.text);
    }
    children(node);
    json_.end_object();
  }

  void children(const Node& node) {
    for (auto i = node.first; i != none; i = nodes_[i].next) {
      json_.key(nodes_[i].name);
      element(nodes_[i]);
    }
  }

  // <Data Name="x">value</Data> is a member x; those without a name are a list.
  void event_data(const Node& node) {
    json_.begin_object();
    bool unnamed = false;
    for (auto i = node.first; i != none; i = nodes_[i].next) {
      const auto& item = nodes_[i];
      const auto name = item.name == "Data" ? name_of(item) : item.name;
      if (name.empty()) {
        unnamed = true;
        continue;
      }
      json_.key(name);
      if (item.name == "Data") value(item.text);
      else element(item);
    }
    if (unnamed) {
      json_.key("Data").begin_array();
      for (auto i = node.first; i != none; i = nodes_[i].next)
        if (nodes_[i].name == "Data" && name_of(nodes_[i]).empty()) value(nodes_[i].text);
      json_.end_array();
    }
    json_.end_object();
  }

  static std::string name_of(const Node& data) {
    for (const auto& a : data.attributes)
      if (a.name == "Name") return plain_name(a.value);
    return {};
  }

  void value(std::string_view text) {
    constexpr std::size_t digits_most = 18;
    const bool hexadecimal = (text.size() == 10 || text.size() == 18) && text.starts_with("0x") &&
                             all_of_kind(text.substr(2), "0123456789abcdefABCDEF");
    const bool decimal =
        text.size() <= digits_most && all_of_kind(text, "0123456789") && (text.size() == 1 || text.front() != '0');
    if (hexadecimal) {
      const auto digit = std::min(text.find_first_not_of('0', 2), text.size() - 1);
      json_.value("0x" + std::string(text.substr(digit)));
    } else if (decimal) {
      json_.raw(text);
    } else {
      json_.value(text);
    }
  }

  const std::vector<Node>& nodes_;
  std::string out_;
  JsonWriter json_;
};

}  // namespace

Result<std::string> event_xml_to_json(std::string_view xml) {
  TOCSIN_TRY(const auto nodes, Parser(xml).parse());
  return Renderer(nodes).render();
}

}  // namespace tocsin::collectors
