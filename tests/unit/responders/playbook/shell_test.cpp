// Texts for shells: where a value may stand, and what it may be there. What the shells themselves make of hostile
// values is shown for real by tests/scenario/command_test.py.
#include <gtest/gtest.h>

#include "responders/playbook/command/shell.h"

namespace tocsin::responders {
namespace {

std::string unsafe(std::string_view text, ShellKind kind = ShellKind::posix) {
  return compile_shell(kind, text).unsafe;
}

Result<std::vector<std::pair<std::string, std::string>>> values(std::string_view text, VariableType type,
                                                                const std::string& value) {
  Variable variable;
  variable.type = type;
  variable.value = Value{type, value, std::monostate{}};
  const ShellText compiled = compile_shell(ShellKind::posix, text);
  EXPECT_EQ(compiled.unsafe, "") << text;
  return shell_values(ShellKind::posix, compiled, [&](std::string_view) { return &variable; });
}

TEST(Shell, AValueIsAQuotedReference) {
  const ShellText text = compile_shell(ShellKind::posix, "grep -c -- __word__:value /var/log/syslog # __word__:value");
  EXPECT_EQ(text.text, "grep -c -- \"${__word__}\" /var/log/syslog # ");
  ASSERT_EQ(text.uses.size(), 1U);
  EXPECT_EQ(text.uses[0].environment, "__word__");
  EXPECT_FALSE(text.uses[0].begins_word);
  EXPECT_EQ(compile_shell(ShellKind::posix, "echo \"a __x__:value b\"").text, "echo \"a ${__x__} b\"");
}

TEST(Shell, AValueNeverNamesTheProgram) {
  for (const std::string_view text :
       {"__x__:value", "\"__x__:value\" -v", "exec __x__:value", "sudo __x__:value", "sudo -n __x__:value",
        "sudo -u root __x__:value", "env A=1 __x__:value", "env -S __x__:value", "timeout 5 __x__:value",
        "timeout -s KILL 5m __x__:value", "nice -n 5 __x__:value", "find / -exec __x__:value {} +", "true; __x__:value",
        "true && sudo __x__:value", "echo $(__x__:value)", "if __x__:value; then true; fi"})
    EXPECT_NE(unsafe(text), "") << text;
  for (const std::string_view text :
       {"sudo systemctl stop __x__:value", "sudo -u root id __x__:value", "timeout 5 grep -- __x__:value f",
        "env A=1 ls -- __x__:value", "find __x__:value -exec ls {} +", "A=__x__:value ls"})
    EXPECT_EQ(unsafe(text), "") << text;
}

TEST(Shell, AValueIsNotReadAsCodeAgain) {
  for (const std::string_view text :
       {"bash -c __x__:value", "echo __x__:value | sh", "python3.11 -c __x__:value", "/usr/bin/perl5.36 -e __x__:value",
        "sudo at now __x__:value", "make __x__:value", "busybox ash -c __x__:value", "eval echo __x__:value",
        "env --split-string=__x__:value", "PATH=__x__:value ls", "LD_PRELOAD=__x__:value ls", "IFS=\"__x__:value\"",
        "echo $((__x__:value))", "echo ${a:-__x__:value}", "echo '__x__:value'", "echo `echo __x__:value`",
        "[[ a == __x__:value ]]", "printf -v __x__:value a", "echo \\__x__:value"})
    EXPECT_NE(unsafe(text), "") << text;
  for (const std::string_view text : {"echo looked at __x__:value", "test -e __x__:value", "MYPATH=__x__:value; ls"})
    EXPECT_EQ(unsafe(text), "") << text;
}

TEST(Shell, WhatWouldBeAnOptionIsRefusedWhateverItsType) {
  EXPECT_EQ(values("kill -9 __x__:value", VariableType::integer, "-1").error().code, Code::denied);
  EXPECT_EQ(values("rm __x__:value", VariableType::string, "-rf").error().code, Code::denied);
  EXPECT_TRUE(values("rm -- __x__:value", VariableType::string, "-rf"));
  EXPECT_TRUE(values("kill -9 __x__:value", VariableType::integer, "41"));
  EXPECT_EQ(values("echo __x__:value", VariableType::string, std::string("a\0b", 3)).error().code, Code::denied);
}

TEST(Shell, AProgramWithALanguageOfItsOwnTakesNoFreeText) {
  const std::string_view text = "sudo nft add element inet filter blocked '{' __x__:value '}'";
  EXPECT_EQ(values(text, VariableType::string, "192.0.2.1").error().code, Code::denied);
  EXPECT_TRUE(values(text, VariableType::ipv4, "192.0.2.1"));
  EXPECT_EQ(values("echo __x__:value | nft -f -", VariableType::string, "flush ruleset").error().code, Code::denied);
}

TEST(Shell, PowershellKeepsValuesApartToo) {
  const auto kind = ShellKind::powershell;
  EXPECT_EQ(unsafe("Write-Output \"__x__:value\"", kind), "");
  for (const std::string_view text : {"iex __x__:value", "& __x__:value", "Write-Output '__x__:value'",
                                      "powershell -c __x__:value", "[ScriptBlock]::Create(__x__:value)"})
    EXPECT_NE(unsafe(text, kind), "") << text;
}

}  // namespace
}  // namespace tocsin::responders
