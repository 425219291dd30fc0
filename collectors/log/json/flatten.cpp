#include "collectors/log/json/flatten.h"

#include <simdjson.h>

#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "collectors/base/scan.h"
#include "collectors/base/text.h"
#include "collectors/event/field_table.h"
#include "collectors/log/json/member.h"

namespace tocsin::collectors {

namespace {

namespace dom = simdjson::dom;
constexpr std::size_t document_most = 16 * 1024 * 1024;

// Follows in the document's text what the parser gives of it, in order: a string that stands there as it is can be
// taken from there.
class Cursor {
 public:
  explicit Cursor(std::string_view text)
      : at_(text.data()), end_(text.data() + text.size()), plain_(text.find('\\') == std::string_view::npos) {}
  // What comes next is not followed any more.
  void lose() noexcept { at_ = end_; }
  // Moves behind the string that comes next if it is this one, which has nothing in it that needs an escape.
  bool pass(std::string_view text) noexcept {
    find();
    if (!stands(text)) return false;
    at_ += text.size() + 2;
    return true;
  }
  // `text` is what the string that comes next means: where it stands, if it stands there so. Moves behind it.
  std::string_view take(std::string_view text) noexcept {
    find();
    if (at_ == end_ || (!plain_ && !stands(text))) {
      skip();
      return text;
    }
    const std::string_view there(at_ + 1, text.size());
    at_ += text.size() + 2;
    return there;
  }

 private:
  // No other value has a quote in it.
  void find() noexcept {
    while (at_ != end_ && *at_ != '"') ++at_;
  }
  bool stands(std::string_view text) const noexcept {
    return static_cast<std::size_t>(end_ - at_) > text.size() + 1 && at_[text.size() + 1] == '"' &&
           same_bytes(at_ + 1, text.data(), text.size());
  }
  void skip() noexcept {
    for (bool escaped = true; at_ != end_ && (escaped || *at_ != '"'); ++at_) escaped = !escaped && *at_ == '\\';
    if (at_ != end_) ++at_;
  }

  const char* at_;
  const char* end_;
  const bool plain_;  // without escapes every string stands as it is
};

class Flattening {
 public:
  Flattening(LineContext& line, const KeyMap& map, MemberTable& table, std::vector<Field>& own, Cursor cursor)
      : line_(line), map_(map), table_(table), own_(own), cursor_(cursor) {}

  void object(dom::object object, Member& above, std::size_t depth) {
    Member* before = nullptr;
    for (const auto item : object) {
      if (++members_ > json_members_most) return;
      Member* member = MemberTable::guess(above, before);
      if (member == nullptr || !cursor_.pass(member->key)) {
        member = &table_.find(above, before, item.key, depth);
        cursor_.take(item.key);
      }
      before = member;
      element(item.value, *member, depth);
    }
  }

  void element(dom::element value, Member& member, std::size_t depth) {
    const auto type = value.type();
    switch (type) {
      case dom::element_type::OBJECT:
        if (depth < json_depth_most) object(dom::object(value), member, depth + 1);
        else cursor_.lose();
        break;
      case dom::element_type::ARRAY:
        if (depth < json_depth_most) array(dom::array(value), member, depth + 1);
        else cursor_.lose();
        break;
      default: scalar(value, type, member);
    }
  }

 private:
  void array(dom::array items, Member& member, std::size_t depth) {
    // The items of a list are text, whatever they were: a list has one type.
    const bool before = std::exchange(in_list_, items.size() > 1);
    for (const auto item : items) {
      if (++members_ > json_members_most) break;
      element(item, member, depth);
    }
    in_list_ = before;
  }

  MemberKind kind_of(Member& member) {
    if (member.kind != MemberKind::unasked) return member.kind;
    const Field field = member.field = own_field(line_, map_, member.path);
    if (field == Field{}) return member.kind = MemberKind::unfit;
    if (!FieldNames::known(field)) return member.kind = MemberKind::own;
    if (field == field::timestamp) return member.kind = MemberKind::timestamp;
    return member.kind = FieldNames::type(field) == FieldType::time ? MemberKind::time : MemberKind::known;
  }

  void scalar(dom::element value, dom::element_type type, Member& member) {
    __attribute__((uninitialized)) std::array<char, 40> digits;
    const auto text = scalar_text(value, type, digits);
    const bool keep =
        text.empty() || map_.targets.empty() ? map_.keep_all : assign_mapped(line_, map_, member.path, text);
    if (!keep) return;
    const auto kind = kind_of(member);
    if (kind == MemberKind::unfit) return;
    const Field field = member.field;
    own_.push_back(field);
    auto& builder = line_.builder;
    if (kind == MemberKind::timestamp) return take_time(text);
    if (kind == MemberKind::time) return builder.set_typed(field, text);
    if (builder.find(field) != nullptr) {
      if (kind == MemberKind::own || map_.targets.empty()) append(field, type, text);
    } else if (kind == MemberKind::known) {
      if (!text.empty()) builder.set_typed(field, text);
    } else if (in_list_ && type != dom::element_type::NULL_VALUE) {
      builder.set(field, text);
    } else {
      set_native(field, value, type, text);
    }
  }

  void take_time(std::string_view text) {
    if (const auto time = parse_time(text)) line_.observed = *time;
  }

  void set_native(Field field, dom::element value, dom::element_type type, std::string_view text) {
    auto& builder = line_.builder;
    switch (type) {
      case dom::element_type::INT64: builder.set(field, std::int64_t(value)); break;
      case dom::element_type::UINT64: builder.set(field, std::uint64_t(value)); break;
      case dom::element_type::DOUBLE: builder.set(field, double(value)); break;
      case dom::element_type::BOOL: builder.set(field, bool(value)); break;
      case dom::element_type::NULL_VALUE: builder.set_null(field); break;
      default: builder.set(field, text);
    }
  }

  // The same name again (an array, or objects in one): the values become a list.
  void append(Field field, dom::element_type type, std::string_view text) {
    if (type == dom::element_type::NULL_VALUE) return;
    line_.builder.append(field, text);
  }

  std::string_view scalar_text(dom::element value, dom::element_type type, std::array<char, 40>& digits) {
    char* const begin = digits.data();
    char* const end = begin + digits.size();
    switch (type) {
      case dom::element_type::STRING: return cursor_.take(std::string_view(value));
      case dom::element_type::BOOL: return bool(value) ? "true" : "false";
      case dom::element_type::INT64:
        return {begin, static_cast<std::size_t>(std::to_chars(begin, end, std::int64_t(value)).ptr - begin)};
      case dom::element_type::UINT64:
        return {begin, static_cast<std::size_t>(std::to_chars(begin, end, std::uint64_t(value)).ptr - begin)};
      case dom::element_type::DOUBLE:
        return {begin, static_cast<std::size_t>(std::to_chars(begin, end, double(value)).ptr - begin)};
      default: return {};
    }
  }

  LineContext& line_;
  const KeyMap& map_;
  MemberTable& table_;
  std::vector<Field>& own_;
  Cursor cursor_;
  std::size_t members_ = 0;
  bool in_list_ = false;
};

// Windows: System's attributes get the flat names the field uses ("Provider_Name"), EventData members their own.
class WindowsEvent {
 public:
  WindowsEvent(LineContext& line, const KeyMap& map, MemberTable& table, std::string& name, std::vector<Field>& own)
      : line_(line), map_(map), table_(table), name_(name), own_(own) {}

  bool flatten(dom::element root) {
    dom::object event;
    if (root["Event"].get(event) != simdjson::SUCCESS) return false;
    dom::object system;
    if (event["System"].get(system) != simdjson::SUCCESS) return false;
    for (const auto member : system) system_member(member.key, member.value);
    for (const auto part : event)
      if (part.key == "EventData" || part.key == "UserData") data(part.key, part.value);
    return true;
  }

 private:
  void set(std::string_view name, dom::element value) {
    name_ = name;
    set(value, 0);
    name_.clear();
  }

  // Under the present name.
  void set(dom::element value, std::size_t depth) {
    dom::object inner;
    if (value.get(inner) != simdjson::SUCCESS)
      return Flattening(line_, map_, table_, own_, Cursor({})).element(value, table_.named(name_), 0);
    if (depth > 4) return;
    for (const auto m : inner) {
      if (m.key == "#text" || m.key == "#content") {
        set(m.value, depth + 1);
      } else if (m.key == "#attributes") {
        dom::object attributes;
        if (m.value.get(attributes) == simdjson::SUCCESS)
          for (const auto a : attributes) attribute(a.key, a.value, depth);
      } else {
        attribute(m.key.starts_with('@') ? m.key.substr(1) : m.key, m.value, depth);
      }
    }
  }

  void attribute(std::string_view key, dom::element value, std::size_t depth) {
    const auto length = name_.size();
    name_ += '_';
    name_ += key;
    set(value, depth + 1);
    name_.resize(length);
  }

  void system_member(std::string_view key, dom::element value) {
    set(key, value);
    if (key == "TimeCreated") {
      for (const auto* path : {"/#attributes/SystemTime", "/SystemTime", "/@SystemTime"}) {
        std::string_view text;
        if (value.at_pointer(path).get(text) == simdjson::SUCCESS)
          if (const auto time = parse_time(text)) line_.observed = *time;
      }
    }
  }

  // {"SubjectUserName":"x"}, {"Data":[{"@Name":"a","#text":"b"}]} and UserData's one wrapping element.
  void data(std::string_view part, dom::element value) {
    dom::object members;
    if (value.get(members) != simdjson::SUCCESS) return;
    for (const auto m : members) {
      dom::array items;
      dom::object inner;
      if (m.key == "#attributes" || m.key.starts_with("@xmlns")) continue;
      if (m.key == "Data" && m.value.get(items) == simdjson::SUCCESS) named(items);
      else if (part == "UserData" && m.value.get(inner) == simdjson::SUCCESS) data("EventData", m.value);
      else set(m.key, m.value);
    }
  }

  void named(dom::array items) {
    for (const auto item : items) {
      std::string_view name;
      dom::element text;
      const bool has_name = item["@Name"].get(name) == simdjson::SUCCESS ||
                            item.at_pointer("/#attributes/Name").get(name) == simdjson::SUCCESS ||
                            item["Name"].get(name) == simdjson::SUCCESS;
      if (!has_name) {
        set("Data", item);
        continue;
      }
      if (item["#text"].get(text) == simdjson::SUCCESS || item["Value"].get(text) == simdjson::SUCCESS) set(name, text);
    }
  }

  LineContext& line_;
  const KeyMap& map_;
  MemberTable& table_;
  std::string& name_;
  std::vector<Field>& own_;
};

}  // namespace

struct JsonFlattener::State {
  dom::parser parser{document_most};
  MemberTable table;
  std::string name;
  std::vector<Field> members;
  std::string padded;
};

JsonFlattener::JsonFlattener() : state_(std::make_unique<State>()) {}
JsonFlattener::~JsonFlattener() = default;
JsonFlattener::JsonFlattener(JsonFlattener&&) noexcept = default;
JsonFlattener& JsonFlattener::operator=(JsonFlattener&&) noexcept = default;

bool JsonFlattener::flatten(LineContext& line, const KeyMap& map, std::string_view json) {
  auto& s = *state_;
  if (json.size() > document_most) return false;
  s.padded.assign(json);
  s.padded.reserve(json.size() + simdjson::SIMDJSON_PADDING);
  dom::element root;
  if (s.parser.parse(s.padded.data(), json.size(), false).get(root) != simdjson::SUCCESS) return false;
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return false;
  s.name.clear();
  s.members.clear();
  s.table.tidy();
  line.shape = map.targets.empty() ? &s.members : nullptr;
  if (WindowsEvent(line, map, s.table, s.name, s.members).flatten(root)) return true;
  Flattening(line, map, s.table, s.members, Cursor(json)).object(object, s.table.root(), 0);
  line.members = &s.members;
  return true;
}

void assign_json(LineContext& line, const KeyMap& map, std::string_view json) {
  JsonFlattener().flatten(line, map, json);
  line.members = line.shape = nullptr;
}

}  // namespace tocsin::collectors
