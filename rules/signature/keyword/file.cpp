// Keywords about files that protocols carry.
#include "collectors/base/text.h"
#include "rules/signature/keyword/keyword.h"

namespace tocsin::rules::signature {

using collectors::Buffer;
using collectors::BufferSide;

namespace {

std::expected<ContentTest, Mistake> name_test(const OptionAst& option, std::string_view prefix) {
  const auto quoted = parse_quoted(option.value);
  if (!quoted || quoted->text.empty())
    return refuse("S0393", option.name + " is not a text in quotes", "Write " + option.name + ":\"text\";");
  ContentTest test;
  for (const char c : std::string(prefix) + std::string(quoted->text))
    test.pattern.push_back(static_cast<std::uint8_t>(to_lower_ascii(c)));
  test.nocase = true;
  test.negated = quoted->negated;
  test.text = option.value;
  return test;
}

}  // namespace

// filename:"text": contained in the name, whatever the case.
Outcome read_filename(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  auto test = name_test(option, "");
  if (!test) return std::unexpected(std::move(test.error()));
  rule.add_to(Buffer::file_name, BufferSide::both, std::move(*test));
  return {};
}

// fileext:"pdf": the name ends with ".pdf".
Outcome read_fileext(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  auto test = name_test(option, ".");
  if (!test) return std::unexpected(std::move(test.error()));
  test->ends_with = true;
  rule.add_to(Buffer::file_name, BufferSide::both, std::move(*test));
  return {};
}

Outcome read_filesize(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto range = parse_range(option.value);
  if (!range) return refuse("S0393", "filesize: '" + option.value + "' is not a size", "Write 10, >10, <10 or 5<>10");
  rule.add_to(Buffer::file_data, BufferSide::both, SizeTest{*range, "filesize:" + option.value});
  return {};
}

// Keeping files is for whom the output is; as a condition it asks for a file.
Outcome read_filestore(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  rule.info.keep_files = true;
  NumberRange any;
  any.kind = NumberRange::Kind::greater_equal;
  rule.add_to(Buffer::file_data, BufferSide::both, SizeTest{any, option.name});
  return {};
}

}  // namespace tocsin::rules::signature
