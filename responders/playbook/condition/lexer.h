#pragma once
// Tokens of a condition (STIX 2.1 patterning, section 9.2 literals). Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "responders/playbook/condition/condition.h"

namespace tocsin::responders {

struct ConditionToken {
  enum class Kind : std::uint8_t {
    word,     // keyword, variable, bare literal
    number,   // 5, -1.5
    text,     // 'quoted'
    time,     // t'…'
    hex,      // h'…'
    base64,   // b'…'
    compare,  // = == != < <= > >=
    open,     // ( or [
    close,    // ) or ]
    comma,
    end
  };
  Kind kind = Kind::end;
  std::string text;
  std::size_t offset = 0;
};

inline constexpr std::size_t condition_bytes_most = 16U << 10U;

std::optional<std::vector<ConditionToken>> read_tokens(std::string_view text, ConditionProblem& problem);

}  // namespace tocsin::responders
