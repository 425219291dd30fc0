// MISP's JSON: an event, a list of events, an answer of its search, or attributes alone. What an event says of itself
// may stand behind its attributes, so each event is gone through twice.

#include <array>

#include <simdjson.h>

#include "collectors/base/text.h"
#include "rules/indicator/parse/intake.h"
#include "rules/indicator/parse/line_counter.h"
#include "rules/indicator/parse/settings.h"
#include "rules/indicator/value.h"

namespace tocsin::rules::indicator {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr int depth_most = 16;

// Which part of a value counts; parts stand around a |.
enum class Part : std::uint8_t { whole, last, both, endpoint };
struct TypeRow {
  std::string_view name;
  std::optional<Kind> kind;  // none: told by its form
  Part part = Part::whole;
  Reach reach = Reach::exact;
};

// https://www.misp-standard.org/rfc/misp-standard-core.html, section 2.4.2.1
constexpr TypeRow type_rows[] = {{"ip-src", Kind::address},
                                 {"ip-dst", Kind::address},
                                 {"ip-src|port", Kind::endpoint, Part::endpoint},
                                 {"ip-dst|port", Kind::endpoint, Part::endpoint},
                                 {"domain", Kind::domain, Part::whole, Reach::subdomains},
                                 {"hostname", Kind::domain},
                                 {"hostname|port", Kind::domain},
                                 {"domain|ip", std::nullopt, Part::both, Reach::subdomains},
                                 {"url", Kind::url},
                                 {"uri", Kind::url},
                                 {"link", Kind::url},
                                 {"md5", Kind::md5},
                                 {"sha1", Kind::sha1},
                                 {"sha256", Kind::sha256},
                                 {"filename|md5", Kind::md5, Part::last},
                                 {"filename|sha1", Kind::sha1, Part::last},
                                 {"filename|sha256", Kind::sha256, Part::last},
                                 {"malware-sample", Kind::md5, Part::last},
                                 {"x509-fingerprint-md5", Kind::md5},
                                 {"x509-fingerprint-sha1", Kind::sha1},
                                 {"x509-fingerprint-sha256", Kind::sha256},
                                 {"ja3-fingerprint-md5", Kind::md5},
                                 {"ja4-fingerprint", Kind::ja4},
                                 {"ja4-plus", Kind::ja4}};

// The scale of MISP's taxonomy "misp:confidence-level".
constexpr std::array<std::pair<std::string_view, std::uint8_t>, 5> confidence_levels{{{"completely-confident", 100},
                                                                                      {"usually-confident", 75},
                                                                                      {"fairly-confident", 50},
                                                                                      {"rarely-confident", 25},
                                                                                      {"unconfident", 0}}};

struct Marks {
  Tlp tlp = Tlp::none;
  std::optional<std::uint8_t> confidence;

  void take(std::string_view tag) {
    constexpr std::string_view level = "misp:confidence-level=";
    if (tag.starts_with(level)) {
      auto word = tag.substr(level.size());
      if (word.starts_with('"') && word.ends_with('"') && word.size() > 1) word = word.substr(1, word.size() - 2);
      for (const auto& [name, number] : confidence_levels)
        if (word == name) confidence = number;
    } else if (tag.size() > 4 && equals_ignoring_case(tag.substr(0, 4), "tlp:")) {
      // "tlp:ex:chr" and the like say who may see it, which no word of ours does: the strictest is meant.
      tlp = std::max(tlp, parse_tlp(tag).value_or(Tlp::red));
    }
  }
};

struct EventMarks {
  Marks marks;
  std::string_view info;
  std::string_view uuid;
  std::string_view organisation;  // that created it
};

struct Attribute {
  std::uint32_t line = 0;
  std::string_view type, value, uuid;
  bool for_detection = true;
  bool deleted = false;
  Marks marks;
};

class MispReader {
 public:
  explicit MispReader(Intake& intake) : intake_(intake) {}

  void read(std::string_view text) {
    const simdjson::padded_string padded(text);
    ondemand::parser parser;
    ondemand::document document;
    auto error = parser.iterate(padded).get(document);
    const bool begun = !error;
    LineCounter lines(padded.data());
    lines_ = &lines;
    ondemand::json_type type{};
    if (!error) error = document.type().get(type);
    if (!error) {
      if (type == ondemand::json_type::array) {
        ondemand::array items;
        error = document.get_array().get(items);
        if (!error) error = each_outer(items);
      } else {
        ondemand::object members;
        error = document.get_object().get(members);
        if (!error) error = outer(members, 0);
      }
    }
    if (!error && events_ == 0)
      return intake_.refuse(1, {}, "I0007", "this JSON is neither a STIX bundle nor a MISP event", "check the file");
    if (!error) return;
    const char* place = nullptr;
    const bool placed = begun && document.current_location().get(place) == simdjson::SUCCESS &&
                        place >= padded.data() && place <= padded.data() + padded.size();
    intake_.refuse(placed ? lines.line(place) : 0, {}, "I0007",
                   std::string("the JSON is damaged: ") + simdjson::error_message(error),
                   "get the file again; what stood before this place is loaded");
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

  static Error text_into(ondemand::value value, std::string_view& out) {
    const auto error = value.get_string().get(out);
    if (error == simdjson::INCORRECT_TYPE) out = {};
    return error == simdjson::INCORRECT_TYPE ? simdjson::SUCCESS : error;
  }

  // Booleans are written as true, 1, "1" or "true", by age of the export.
  static Error flag_into(ondemand::value value, bool& out) {
    auto token = trim(value.raw_json_token());
    if (token.starts_with('"')) token.remove_prefix(1);
    out = token.starts_with("true") || token.starts_with('1');
    return simdjson::SUCCESS;
  }

  // A list or an object of something; other values hold nothing.
  template <class Each>
  static Error each_object(ondemand::value value, Each each) {
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return error;
    if (type != ondemand::json_type::array) return simdjson::SUCCESS;
    ondemand::array items;
    if (const auto error = value.get_array().get(items)) return error;
    for (auto item : items) {
      ondemand::value one;
      if (const auto error = std::move(item).get(one)) return error;
      const auto* const place = one.raw_json_token().data();
      ondemand::object object;
      const auto error = one.get_object().get(object);
      if (error == simdjson::INCORRECT_TYPE) continue;
      if (error) return error;
      if (const auto bad = each(object, place)) return bad;
    }
    return simdjson::SUCCESS;
  }

  Error each_outer(ondemand::array items) {
    for (auto item : items) {
      ondemand::object members;
      const auto error = item.get_object().get(members);
      if (error == simdjson::INCORRECT_TYPE) continue;
      if (error) return error;
      if (const auto bad = outer(members, 1)) return bad;
    }
    return simdjson::SUCCESS;
  }

  // {"Event": …}, {"response": [{"Event": …}]}, {"response": {"Attribute": […]}}, {"Attribute": […]}
  Error outer(ondemand::object members, int depth) {
    if (depth > depth_most) return simdjson::DEPTH_ERROR;
    return each_member(members, [&](Key key, ondemand::value value) -> Error {
      const bool event_key = key == "Event", response = key == "response";
      if (key == "Attribute") {
        ++events_;
        return attributes(value, {}, false);
      }
      if (!event_key && !response) return simdjson::SUCCESS;
      ondemand::json_type type{};
      if (const auto error = value.type().get(type)) return error;
      if (type == ondemand::json_type::array && response) {
        ondemand::array items;
        const auto error = value.get_array().get(items);
        return error ? error : each_outer(items);
      }
      if (type != ondemand::json_type::object) return simdjson::SUCCESS;
      ondemand::object inner;
      if (const auto error = value.get_object().get(inner)) return error;
      return event_key ? event(inner) : outer(inner, depth + 1);
    });
  }

  Error event(ondemand::object members) {
    ++events_;
    EventMarks of_event;
    const auto error = each_member(members, [&](Key key, ondemand::value value) -> Error {
      if (key == "info") return text_into(value, of_event.info);
      if (key == "uuid") return text_into(value, of_event.uuid);
      if (key == "Orgc") return name_in(value, of_event.organisation);
      return key == "Tag" ? tags(value, of_event.marks) : simdjson::SUCCESS;
    });
    if (error) return error;
    if (const auto bad = members.reset().error()) return bad;
    return each_member(members, [&](Key key, ondemand::value value) -> Error {
      const bool direct = key == "Attribute", objects = key == "Object";
      return direct || objects ? attributes(value, of_event, objects) : simdjson::SUCCESS;
    });
  }

  static Error name_in(ondemand::value value, std::string_view& name) {
    ondemand::object members;
    const auto error = value.get_object().get(members);
    if (error) return error == simdjson::INCORRECT_TYPE ? simdjson::SUCCESS : error;
    return each_member(members, [&](Key key, ondemand::value text) -> Error {
      return key == "name" ? text_into(text, name) : simdjson::SUCCESS;
    });
  }

  // Of an event, or of the objects in it.
  Error attributes(ondemand::value value, const EventMarks& of_event, bool inside_objects) {
    return each_object(value, [&](ondemand::object members, const char* place) -> Error {
      if (!inside_objects) {
        Attribute attribute;
        attribute.line = lines_->line(place);
        if (const auto error = collect(members, attribute)) return error;
        take(attribute, of_event);
        return simdjson::SUCCESS;
      }
      return each_member(members, [&](Key key, ondemand::value inner) -> Error {
        return key == "Attribute" ? attributes(inner, of_event, false) : simdjson::SUCCESS;
      });
    });
  }

  static Error tags(ondemand::value value, Marks& marks) {
    return each_object(value, [&](ondemand::object members, const char*) -> Error {
      return each_member(members, [&](Key key, ondemand::value text) -> Error {
        if (key != "name") return simdjson::SUCCESS;
        std::string_view name;
        const auto error = text_into(text, name);
        if (!error) marks.take(name);
        return error;
      });
    });
  }

  static Error collect(ondemand::object members, Attribute& attribute) {
    return each_member(members, [&](Key key, ondemand::value value) -> Error {
      if (key == "type") return text_into(value, attribute.type);
      if (key == "value") return text_into(value, attribute.value);
      if (key == "uuid") return text_into(value, attribute.uuid);
      if (key == "to_ids") return flag_into(value, attribute.for_detection);
      if (key == "deleted") return flag_into(value, attribute.deleted);
      return key == "Tag" ? tags(value, attribute.marks) : simdjson::SUCCESS;
    });
  }

  void take(const Attribute& attribute, const EventMarks& of_event) {
    const auto* const row = std::ranges::find(type_rows, attribute.type, &TypeRow::name);
    if (!attribute.for_detection || attribute.deleted || row == std::end(type_rows)) return intake_.skip();
    Statement statement;
    statement.line = attribute.line;
    statement.title = of_event.info;
    statement.origin = of_event.organisation;
    statement.reference = attribute.uuid.empty() ? of_event.uuid : attribute.uuid;
    // An attribute's own marking takes the place of its event's.
    statement.tlp = attribute.marks.tlp != Tlp::none ? attribute.marks.tlp : of_event.marks.tlp;
    statement.confidence = attribute.marks.confidence ? attribute.marks.confidence : of_event.marks.confidence;
    const auto value = trim(attribute.value);
    const auto mark = value.rfind('|');
    const auto front = value.substr(0, mark);
    const auto back = mark == std::string_view::npos ? std::string_view{} : value.substr(mark + 1);
    switch (row->part) {
      case Part::whole: add(row, attribute.type == "hostname|port" ? front : value, statement); break;
      case Part::last: add(row, mark == std::string_view::npos ? value : back, statement); break;
      case Part::both:
        intake_.add_text(front, row->reach, statement);
        if (!back.empty()) intake_.add_text(back, Reach::exact, statement);
        break;
      case Part::endpoint: intake_.add_text_as(Kind::endpoint, value, Reach::exact, statement); break;
    }
  }

  void add(const TypeRow* row, std::string_view text, const Statement& statement) {
    if (row->kind) intake_.add_text_as(*row->kind, text, row->reach, statement);
    else intake_.add_text(text, row->reach, statement);
  }

  Intake& intake_;
  LineCounter* lines_ = nullptr;
  std::size_t events_ = 0;
};

}  // namespace

void read_misp(std::string_view text, Intake& intake) { MispReader(intake).read(text); }

}  // namespace tocsin::rules::indicator
