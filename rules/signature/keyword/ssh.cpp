// Keywords of SSH in their old form, with the value behind the keyword.
#include "collectors/base/text.h"
#include "rules/signature/keyword/keyword.h"
#include "rules/signature/match/regex.h"

namespace tocsin::rules::signature {

using collectors::Buffer;
using collectors::BufferSide;
using collectors::Protocol;

namespace {

Outcome contained(RuleBuilder& rule, const OptionAst& option, Buffer buffer, std::string_view wanted, bool whole) {
  if (auto done = rule.require_protocol(Protocol::ssh, option.name); !done) return done;
  ContentTest test;
  const auto bytes = as_bytes(wanted);
  test.pattern.assign(bytes.begin(), bytes.end());
  test.starts_with = test.ends_with = whole;
  test.text = option.value;
  rule.add_to(buffer, BufferSide::both, std::move(test));
  return {};
}

}  // namespace

// ssh.protoversion:2_compat: version 2, or 1.99, which stands for both; any other value is the version itself.
Outcome read_ssh_version(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto quoted = parse_quoted(option.value);
  if (!quoted || quoted->text.empty() || quoted->negated)
    return refuse("S0394", option.name + " needs a version", "Write " + option.name + ":2_compat;");
  if (quoted->text != "2_compat") return contained(rule, option, Buffer::ssh_proto, quoted->text, true);
  if (auto done = rule.require_protocol(Protocol::ssh, option.name); !done) return done;
  auto regex = Regex::compile("^(?:2|1\\.99)", {});
  if (!regex) return refuse("S0394", option.name + ": " + regex.error(), "Write ssh.proto with a content");
  PcreTest test;
  test.regex = std::move(*regex);
  test.text = option.value;
  rule.add_to(Buffer::ssh_proto, BufferSide::both, std::move(test));
  return {};
}

// ssh.softwareversion:"OpenSSH": contained.
Outcome read_ssh_software(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto quoted = parse_quoted(option.value);
  if (!quoted || quoted->text.empty() || quoted->negated)
    return refuse("S0394", option.name + " needs a text", "Write " + option.name + ":\"OpenSSH\";");
  return contained(rule, option, Buffer::ssh_software, quoted->text, false);
}

}  // namespace tocsin::rules::signature
