// STIX 2.1 bundles: indicators by their pattern, and observables by their value. A first pass collects what markings
// and authors are called, since an object may be named before it stands there.

#include <array>
#include <map>

#include <simdjson.h>

#include "collectors/base/text.h"
#include "rules/indicator/parse/intake.h"
#include "rules/indicator/parse/line_counter.h"
#include "rules/indicator/parse/settings.h"
#include "rules/indicator/parse/stix_pattern.h"
#include "rules/marking_id.h"

namespace tocsin::rules::indicator {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t definitions_most = 10'000;
constexpr std::size_t hashes_most = 16;

// Those the standard fixes (section 7.2.1.4 of STIX 2.1) for TLP 1.0; rules/marking_id.h has those of TLP 2.0.
constexpr std::array<std::pair<std::string_view, Tlp>, 4> first_markings{
    {{"613f2e26-407d-48c7-9eca-b8e91df99dc9", Tlp::clear},
     {"34098fce-860f-48ae-8e50-ebd3cc5e41da", Tlp::green},
     {"f88d31f6-486f-44da-b317-01333bde0b82", Tlp::amber},
     {"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", Tlp::red}}};

struct Hash {
  std::string_view algorithm;
  std::string_view value;
};

struct Object {
  std::uint32_t line = 0;
  std::string_view type, id, name, pattern, pattern_type, valid_from, valid_until, value, confidence, created_by;
  bool revoked = false;
  bool benign = false;  // by its indicator_types
  Tlp tlp = Tlp::none;
  std::array<Hash, hashes_most> hashes;
  std::size_t hash_count = 0;
};

class StixReader {
 public:
  explicit StixReader(Intake& intake) : intake_(intake) {}

  void read(std::string_view text) {
    const simdjson::padded_string padded(text);
    ondemand::parser parser;
    for (const bool first : {true, false}) {
      ondemand::document document;
      auto error = parser.iterate(padded).get(document);
      const bool begun = error == simdjson::SUCCESS;
      LineCounter lines(padded.data());
      if (error == simdjson::SUCCESS) error = bundle(document, lines, first);
      if (error == simdjson::SUCCESS) continue;
      const char* place = nullptr;
      const bool placed = begun && document.current_location().get(place) == simdjson::SUCCESS &&
                          place >= padded.data() && place <= padded.data() + padded.size();
      return intake_.refuse(placed ? lines.line(place) : 0, {}, "I0007",
                            std::string("the JSON is damaged: ") + simdjson::error_message(error),
                            "get the file again; what stood before this place is loaded");
    }
  }

 private:
  using Error = simdjson::error_code;
  using Key = ondemand::raw_json_string;

  // To the first error.
  template <class Each>
  static Error each_member(ondemand::object members, Each each) {
    for (auto member : members) {
      if (member.error()) return member.error();
      const auto key = member.key().value_unsafe();
      ondemand::value value;
      if (const auto error = member.value().get(value)) return error;
      if (const auto error = each(key, value)) return error;
    }
    return simdjson::SUCCESS;
  }

  // Of what is no object: nothing.
  template <class Each>
  static Error each_member_in(ondemand::value value, Each each) {
    ondemand::object members;
    const auto error = value.get_object().get(members);
    if (error == simdjson::INCORRECT_TYPE) return simdjson::SUCCESS;
    return error ? error : each_member(members, each);
  }

  Error bundle(ondemand::document& document, LineCounter& lines, bool first) {
    ondemand::json_type type{};
    if (const auto error = document.type().get(type)) return error;
    if (type == ondemand::json_type::array) {
      ondemand::array items;
      if (const auto error = document.get_array().get(items)) return error;
      return objects(items, lines, first);
    }
    ondemand::object outer;
    if (const auto error = document.get_object().get(outer)) return error;
    return each_member(outer, [&](Key key, ondemand::value value) -> Error {
      if (key != "objects") return simdjson::SUCCESS;
      ondemand::array items;
      if (const auto error = value.get_array().get(items)) return error;
      return objects(items, lines, first);
    });
  }

  Error objects(ondemand::array items, LineCounter& lines, bool first) {
    for (auto item : items) {
      ondemand::value value;
      if (const auto error = std::move(item).get(value)) return error;
      Object object;
      const auto token = value.raw_json_token();
      object.line = lines.line(&token.front());
      ondemand::object members;
      const auto not_object = value.get_object().get(members);
      if (not_object == simdjson::INCORRECT_TYPE) {
        if (!first) intake_.refuse(object.line, {}, "I0007", "an object of the bundle is none", "correct it");
        continue;
      }
      if (not_object) return not_object;
      if (const auto error = first ? define(members) : collect(members, object)) return error;
      if (!first) take(object);
    }
    return simdjson::SUCCESS;
  }

  // A text, or nothing where the value is something else.
  static Error text_into(ondemand::value value, std::string_view& out) {
    const auto error = value.get_string().get(out);
    if (error == simdjson::INCORRECT_TYPE) out = {};
    return error == simdjson::INCORRECT_TYPE ? simdjson::SUCCESS : error;
  }

  // --- first pass: marking definitions and authors

  Error define(ondemand::object members) {
    std::string_view id, type, name, level;
    const auto error = each_member(members, [&](Key key, ondemand::value value) -> Error {
      if (key == "id") return text_into(value, id);
      if (key == "type") return text_into(value, type);
      if (key == "name") return text_into(value, name);
      if (key == "definition") return level_in(value, level);
      if (key == "extensions")
        return each_member_in(value, [&](Key, ondemand::value extension) { return level_in(extension, level); });
      return simdjson::SUCCESS;
    });
    if (error) return error;
    if (type == "identity" && authors_.size() < definitions_most) authors_.emplace(id, name);
    if (type != "marking-definition" || markings_.size() >= definitions_most) return simdjson::SUCCESS;
    auto tlp = parse_tlp(level);
    if (!tlp) tlp = parse_tlp(name);
    if (tlp) markings_.emplace(id, *tlp);
    return simdjson::SUCCESS;
  }

  static Error level_in(ondemand::value value, std::string_view& level) {
    return each_member_in(value, [&](Key key, ondemand::value text) {
      return key == "tlp" || key == "tlp_2_0" ? text_into(text, level) : simdjson::SUCCESS;
    });
  }

  Tlp marking(std::string_view id) const {
    constexpr std::string_view type = "marking-definition--";
    if (id.starts_with(type)) {
      const auto uuid = id.substr(type.size());
      if (const Tlp tlp = tlp_of_uuid(uuid); tlp != Tlp::none) return tlp;
      for (const auto& [fixed, tlp] : first_markings)
        if (uuid == fixed) return tlp;
    }
    const auto found = markings_.find(id);
    return found == markings_.end() ? Tlp::none : found->second;
  }

  // --- second pass

  Error collect(ondemand::object members, Object& object) {
    return each_member(members, [&](Key key, ondemand::value value) -> Error {
      if (auto* const text = text_member(key, object)) return text_into(value, *text);
      if (key == "confidence") object.confidence = trim(value.raw_json_token());
      else if (key == "revoked") object.revoked = value.raw_json_token().starts_with("true");
      else if (key == "object_marking_refs")
        return each_text(value, [&](std::string_view id) { object.tlp = std::max(object.tlp, marking(id)); });
      else if (key == "indicator_types")
        return each_text(value, [&](std::string_view type) { object.benign = object.benign || type == "benign"; });
      else if (key == "hashes") return hashes(value, object);
      else if (key == "objects") return observed(value, object.line);
      return simdjson::SUCCESS;
    });
  }

  static std::string_view* text_member(Key key, Object& object) {
    if (key == "type") return &object.type;
    if (key == "id") return &object.id;
    if (key == "name") return &object.name;
    if (key == "pattern") return &object.pattern;
    if (key == "pattern_type") return &object.pattern_type;
    if (key == "valid_from") return &object.valid_from;
    if (key == "valid_until") return &object.valid_until;
    if (key == "value") return &object.value;
    if (key == "created_by_ref") return &object.created_by;
    return nullptr;
  }

  template <class Each>
  static Error each_text(ondemand::value value, Each each) {
    ondemand::array items;
    const auto error = value.get_array().get(items);
    if (error) return error == simdjson::INCORRECT_TYPE ? simdjson::SUCCESS : error;
    for (auto item : items) {
      ondemand::value one;
      if (const auto bad = std::move(item).get(one)) return bad;
      std::string_view text;
      if (const auto bad = text_into(one, text)) return bad;
      each(text);
    }
    return simdjson::SUCCESS;
  }

  static Error hashes(ondemand::value value, Object& object) {
    ondemand::object members;
    const auto error = value.get_object().get(members);
    if (error) return error == simdjson::INCORRECT_TYPE ? simdjson::SUCCESS : error;
    for (auto member : members) {
      if (member.error()) return member.error();
      Hash hash;
      if (const auto bad = member.unescaped_key().get(hash.algorithm)) return bad;
      ondemand::value text;
      if (const auto bad = member.value().get(text)) return bad;
      if (const auto bad = text_into(text, hash.value)) return bad;
      if (object.hash_count < hashes_most && !hash.value.empty()) object.hashes[object.hash_count++] = hash;
    }
    return simdjson::SUCCESS;
  }

  // STIX 2.0 keeps observables inside of what was observed.
  Error observed(ondemand::value value, std::uint32_t line) {
    return each_member_in(value, [&](Key, ondemand::value inner) -> Error {
      Object object;
      object.line = line;
      const auto error = each_member_in(inner, [&](Key key, ondemand::value part) -> Error {
        if (key == "type") return text_into(part, object.type);
        if (key == "value") return text_into(part, object.value);
        return key == "hashes" ? hashes(part, object) : simdjson::SUCCESS;
      });
      if (!error) take(object);
      return error;
    });
  }

  void take(const Object& object) {
    Statement statement;
    statement.line = object.line;
    statement.tlp = object.tlp;
    statement.title = object.name;
    statement.reference = object.id;
    if (const auto author = authors_.find(object.created_by); author != authors_.end())
      statement.origin = author->second;
    if (!object.confidence.empty()) statement.confidence = parse_confidence(object.confidence);
    if (object.type == "indicator") return indicator(object, statement);
    const bool observable = object.type == "ipv4-addr" || object.type == "ipv6-addr" || object.type == "domain-name" ||
                            object.type == "url" || object.type == "file" || object.type == "artifact" ||
                            object.type == "x509-certificate";
    if (!observable) return;
    statement.title = {};  // of a file this is its name
    if (object.hash_count == 0 && object.value.empty()) return intake_.skip();
    for (std::size_t i = 0; i < object.hash_count; ++i) {
      const auto& hash = object.hashes[i];
      if (const auto kind = stix_hash_kind(hash.algorithm))
        intake_.add_text_as(*kind, hash.value, Reach::exact, statement);
    }
    if (object.value.empty() || object.hash_count != 0) return;
    const auto kind = object.type == "url" ? Kind::url : object.type == "domain-name" ? Kind::domain : Kind::address;
    intake_.add_text_as(kind, object.value, Reach::exact, statement);
  }

  void indicator(const Object& object, Statement& statement) {
    if (object.revoked || object.benign) return intake_.skip();
    if (!object.pattern_type.empty() && object.pattern_type != "stix") {
      intake_.skip();
      return intake_.remark(
          Severity::note, object.line, object.id, "I0006",
          "patterns of the type `" + std::string(object.pattern_type.substr(0, 40)) + "` belong to another engine", {});
    }
    if (const auto from = parse_bound(object.valid_from)) statement.from = intake_.retrospective_from(*from);
    if (!object.valid_until.empty()) {
      const auto until = parse_bound(object.valid_until);
      if (!until)
        return intake_.refuse(object.line, object.id, "I0006", "valid_until is no time", "write it as RFC 3339 says");
      statement.until = *until;
    }
    const auto terms = parse_stix_pattern(object.pattern);
    if (!terms)
      return intake_.refuse(object.line, object.id, "I0006", terms.error().message,
                            "patterns of addresses, domains, URLs and hashes joined by OR are understood");
    if (terms->partly)
      intake_.remark(Severity::note, object.line, object.id, "I0006", "a part of the pattern is not matched", {});
    for (const auto& term : terms->terms) {
      if (term.kind) intake_.add_text_as(*term.kind, term.text, term.reach, statement);
      else intake_.add_text(term.text, Reach::exact, statement);
    }
  }

  Intake& intake_;
  std::map<std::string, Tlp, std::less<>> markings_;
  std::map<std::string, std::string, std::less<>> authors_;
};

}  // namespace

void read_stix(std::string_view text, Intake& intake) { StixReader(intake).read(text); }

}  // namespace tocsin::rules::indicator
