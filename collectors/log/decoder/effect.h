#pragma once
// What a decoder adds once a line has matched: constants, copies, value tables and conditions over the fields so far.

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "collectors/log/decoder/assign.h"

namespace tocsin::collectors {

// `field: value`, `field: [a, b]`, `field: true` (present), `field: false` (absent). Values compare without case;
// a leading or trailing * is a wildcard. All of them must hold.
struct Condition {
  Field field{};
  std::vector<std::string> values;  // lower case
  std::optional<bool> present;
};
bool holds(const std::vector<Condition>& conditions, const EventBuilder& builder);

struct Effects {
  struct Constant {
    Field field;
    std::string text;
  };
  struct Copy {
    std::vector<Field> from;  // the first that is present
    KeyTarget to;
  };
  // Texts and fields one behind the other: `join: {url.full: ["http://", $url.domain, $url.original]}`. All must be
  // there; the items of a list stand with a blank between them.
  struct Join {
    struct Part {
      Field field{};  // 0: the text
      std::string text;
    };
    Field to;
    std::vector<Part> parts;
  };
  struct Lookup {
    Field from, to;
    std::unordered_map<std::string, std::string> table;  // keys in lower case
    std::string otherwise;                               // empty: nothing is set
  };
  // When it happened, from one or more keys joined by a space: `time: {from: [date, time], form: iso}`.
  struct Moment {
    std::vector<Field> from;
    StampForm form = StampForm::iso;
  };
  struct Branch;
  struct Extract;

  std::vector<Constant> set;
  std::vector<Extract> extract;  // patterns over fields found so far
  std::vector<Copy> copy;
  std::vector<Join> join;
  std::vector<Lookup> lookup;
  std::vector<Field> drop;
  std::optional<Moment> time;
  std::vector<Branch> then;  // in order; each that holds is applied
  std::optional<EventClass> event_class;
  std::string dataset;
  std::optional<Field> nested;  // its text is a line of its own
};
struct Effects::Branch {
  std::vector<Condition> when;
  Effects effects;
};
// `extract: [{from: msg, patterns: […]}]`: the first pattern that matches the first present field adds what it says.
struct Effects::Extract {
  struct Form {
    std::string needs;
    Pattern pattern;
    Effects effects;
  };
  std::vector<Field> from;
  std::vector<Form> forms;
};

// Class and dataset of the line; the last that speaks wins.
struct Verdict {
  EventClass event_class = EventClass::generic;
  std::string_view dataset;
  std::optional<Field> nested = std::nullopt;
};
void apply(const Effects& effects, LineContext& line, Verdict& verdict);

}  // namespace tocsin::collectors
