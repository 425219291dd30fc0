#pragma once
// A signature as written: header fields and options in order, each with its place. Nothing is interpreted here. Two
// front ends make this tree: Suricata's language as it is, Snort 3's put into the words of the first.
// Suricata documentation, "Rules Format".

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/signature/parse/syntax.h"

namespace tocsin::rules::signature {

struct Place {
  std::uint32_t line = 0;    // 1-based
  std::uint32_t column = 0;  // 1-based
};

struct Text {
  std::string text;
  Place place;
};

struct OptionAst {
  std::string name;
  std::string value;  // between ':' and ';', trimmed, escapes untouched
  bool has_value = false;
  Place place;        // of the name
  Place value_place;  // of the value's first byte
};

enum class RuleDirection : std::uint8_t { forward, both, transactional };  // ->  <>  =>

// What is wrong with a rule; the caller adds file and rule to make a Diagnostic of it.
struct Mistake {
  std::string code;  // "S0101"
  std::string cause;
  std::string next_step;
  Place place;
};

struct RuleAst {
  std::string file;
  Place place;
  std::string source;  // the rule's own text, lines joined
  Text action;
  Text protocol;
  Text source_addresses;
  Text source_ports;
  RuleDirection direction = RuleDirection::forward;
  Text destination_addresses;
  Text destination_ports;
  std::vector<OptionAst> options;
  Syntax syntax = Syntax::suricata;  // that it was read as
  bool sure = true;                  // said, or seen in the rule itself; else both languages could have written it
  std::vector<Mistake> remarks{};    // that the author should know although the rule loads
};

}  // namespace tocsin::rules::signature
