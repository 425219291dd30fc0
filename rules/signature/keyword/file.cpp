// Keywords about files that protocols carry.
#include <algorithm>
#include <array>
#include <cctype>

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

// filemagic:"text": contained in what libmagic says of the file, whatever the case.
Outcome read_filemagic(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  auto test = name_test(option, "");
  if (!test) return std::unexpected(std::move(test.error()));
  auto pattern = parse_content(parse_quoted(option.value)->text);
  if (!pattern) return refuse("S0321", "the content has a bad escape or hexadecimal block", "Write |41 42| in pairs");
  for (auto& byte : *pattern) byte = static_cast<std::uint8_t>(to_lower_ascii(static_cast<char>(byte)));
  test->pattern = std::move(*pattern);
  rule.add_to(Buffer::file_magic, BufferSide::both, std::move(*test));
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

// filemd5:[!]list: a file with one digest a line; what stands behind it, as md5sum writes, is not read.
Outcome read_file_digest(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  static constexpr std::array<std::size_t, 3> lengths{32, 40, 64};
  DigestTest test;
  test.kind = static_cast<DigestKind>(row.argument);
  std::string_view name = trim(option.value);
  if (name.starts_with('!')) {
    test.negated = true;
    name = trim(name.substr(1));
  }
  if (name.empty()) return refuse("S0393", option.name + " names no list", "Write " + option.name + ":FILE;");
  const auto& read = rule.shared().read_data;
  if (!read) return refuse("S0393", option.name + ": data files cannot be read here", "Load the rule from a file");
  const auto text = read(rule.info.file, std::string(name));
  if (!text) return refuse("S0393", option.name + ": " + text.error().message, "Put the list beside the rule's file");
  auto list = std::make_shared<std::set<std::string, std::less<>>>();
  for (auto line : split(*text, '\n')) {
    line = trim(line);
    line = line.substr(0, line.find_first_of(" \t"));
    const bool hex =
        std::ranges::all_of(line, [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
    if (line.size() == lengths[row.argument] && hex) list->insert(lower_ascii(line));
  }
  if (list->empty()) return refuse("S0393", option.name + ": no digest in " + std::string(name), "One a line, in hex");
  test.list = std::move(list);
  Chain chain;
  chain.source = Source::transaction;
  chain.tests.emplace_back(std::move(test));
  rule.signature.chains.push_back(std::move(chain));
  return {};
}

}  // namespace tocsin::rules::signature
