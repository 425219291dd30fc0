// Keywords of HTTP/2 that are not plain buffers: types, errors, settings and numbers of its frames.
#include <algorithm>

#include "collectors/base/text.h"
#include "collectors/packet/protocol/http2/frame.h"
#include "rules/signature/keyword/number.h"
#include "rules/signature/keyword/service_rows.h"

namespace tocsin::rules::signature {
namespace {

using collectors::Http2Name;

std::unexpected<Mistake> wrong(const OptionAst& option, std::string next_step) {
  return refuse("S0398", option.name + ": '" + option.value + "' is not understood", std::move(next_step));
}

const Http2Name* find_name(std::span<const Http2Name> names, std::string_view word) {
  const auto found =
      std::ranges::find_if(names, [&](const Http2Name& name) { return equals_ignoring_case(name.rule, word); });
  return found == names.end() ? nullptr : &*found;
}

}  // namespace

// http2.frametype:GOAWAY  http2.errorcode:!NO_ERROR  http2.frametype:6
Outcome read_http2_name(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const bool frame = static_cast<collectors::Buffer>(row.argument) == collectors::Buffer::http2_frametype;
  auto word = trim(option.value);
  if (const auto range = parse_range(word)) return compare_number(rule, option, row, *range);
  NumberRange range;
  if (word.starts_with('!')) {
    range.kind = NumberRange::Kind::not_equal;
    word = trim(word.substr(1));
  }
  const auto* name = find_name(frame ? collectors::http2_frame_names() : collectors::http2_error_names(), word);
  if (name == nullptr) return wrong(option, frame ? "Write http2.frametype:GOAWAY;" : "Write http2.errorcode:CANCEL;");
  range.low = name->number;
  return compare_number(rule, option, row, range);
}

// http2.window:1-100
Outcome read_http2_number(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto range = parse_range(option.value);
  if (!range) return wrong(option, "Write a number or a range");
  return compare_number(rule, option, row, *range);
}

// http2.settings:SETTINGS_HEADER_TABLE_SIZE>1000: the setting is there, with such a value.
Outcome read_http2_settings(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  const auto text = trim(option.value);
  const auto end = text.find_first_of(" <>=!");
  const auto* name = find_name(collectors::http2_setting_names(), text.substr(0, end));
  if (name == nullptr) return wrong(option, "Write http2.settings:SETTINGS_ENABLE_PUSH;");
  // The setting's number above, its value below.
  const std::int64_t base = std::int64_t{name->number} << 32;
  const std::int64_t last = base | 0xFFFFFFFF;
  NumberRange range;
  range.kind = NumberRange::Kind::between;
  range.low = base - 1;
  range.high = last + 1;
  const auto condition = end == std::string_view::npos ? std::string_view{} : trim(text.substr(end));
  if (!condition.empty()) {
    const auto value = parse_range(condition);
    if (!value) return wrong(option, "Write a comparison such as SETTINGS_HEADER_TABLE_SIZE>1000");
    using Kind = NumberRange::Kind;
    switch (value->kind) {
      case Kind::equal:
        range.low = base + value->low - 1;
        range.high = base + value->low + 1;
        break;
      case Kind::greater: range.low = base + value->low; break;
      case Kind::greater_equal: range.low = base + value->low - 1; break;
      case Kind::less: range.high = base + value->low; break;
      case Kind::less_equal: range.high = base + value->low + 1; break;
      case Kind::between:
        range.low = base + value->low - (value->inclusive ? 1 : 0);
        range.high = base + value->high + (value->inclusive ? 1 : 0);
        break;
      default: return wrong(option, "Write =, <, > or a range");
    }
  }
  return compare_number(rule, option, row, range);
}

}  // namespace tocsin::rules::signature
