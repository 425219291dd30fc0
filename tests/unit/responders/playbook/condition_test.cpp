#include "responders/playbook/condition/condition.h"

#include <gtest/gtest.h>

#include <chrono>

#include "responders/playbook/condition/pattern.h"

namespace tocsin::responders {
namespace {

class Conditions : public ::testing::Test {
 protected:
  void set(const char* name, VariableType type, const char* text) {
    Variable variable;
    variable.type = type;
    if (text != nullptr) variable.value = parse_value(type, text).value();
    ASSERT_TRUE(scope_.declare(name, std::move(variable)).has_value());
  }
  void SetUp() override {
    set("__text__", VariableType::string, "two words");
    set("__count__", VariableType::integer, "7");
    set("__share__", VariableType::real, "0.25");
    set("__ip__", VariableType::ipv4, "10.1.2.3");
    set("__ip6__", VariableType::ipv6, "2001:db8::1");
    set("__net__", VariableType::ipv4, "10.1.0.0/16");
    set("__flag__", VariableType::boolean, "true");
    set("__hash__", VariableType::sha256, "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855");
    set("__mac__", VariableType::mac, "AA:bb:cc:00:11:22");
    set("__empty__", VariableType::string, "");
    set("__null__", VariableType::string, nullptr);
    set("__quote__", VariableType::string, "x' OR '1' = '1");
  }
  bool holds(std::string_view text) {
    ConditionProblem problem;
    auto condition = Condition::parse(text, problem);
    if (!condition) {
      ADD_FAILURE() << text << ": " << problem.cause << " at " << problem.offset;
      return false;
    }
    auto result = condition->evaluate([&](std::string_view name) { return scope_.find(name); });
    if (!result) ADD_FAILURE() << text << ": " << result.error().message;
    return result.value_or(false);
  }
  bool refused(std::string_view text) {
    ConditionProblem problem;
    return !Condition::parse(text, problem) && !problem.cause.empty();
  }
  Scope scope_;
};

TEST_F(Conditions, compares_by_type) {
  EXPECT_TRUE(holds("__text__:value = 'two words'"));
  EXPECT_TRUE(holds("__count__:value = 7"));
  EXPECT_TRUE(holds("__count__:value == 7"));
  EXPECT_TRUE(holds("__count__:value = '7'"));
  EXPECT_TRUE(holds("__count__:value > 6.5"));
  EXPECT_TRUE(holds("__count__:value <= 7"));
  EXPECT_FALSE(holds("__count__:value < 7"));
  EXPECT_TRUE(holds("__share__:value >= 0.25"));
  EXPECT_TRUE(holds("__flag__:value = true"));
  EXPECT_TRUE(holds("__flag__:value != false"));
  EXPECT_TRUE(holds("__ip__:value = '10.1.2.3'"));
  EXPECT_TRUE(holds("__ip__:value > '10.1.2.2'"));
  EXPECT_TRUE(holds("__ip6__:value = '2001:0db8:0:0:0:0:0:1'"));
  EXPECT_TRUE(holds("__hash__:value = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'"));
  EXPECT_TRUE(holds("__mac__:value = 'aa:BB:cc:00:11:22'"));
  EXPECT_FALSE(holds("__ip__:value = 'no address'"));
}

TEST_F(Conditions, sets_networks_and_patterns) {
  EXPECT_TRUE(holds("__count__:value IN (1, 7, 9)"));
  EXPECT_TRUE(holds("__count__:value NOT IN (1, 2)"));
  EXPECT_TRUE(holds("__text__:value IN ('a', 'two words')"));
  EXPECT_FALSE(holds("__text__:value IN ('two words and more')"));
  EXPECT_TRUE(holds("__ip__:value ISSUBSET '10.0.0.0/8'"));
  EXPECT_TRUE(holds("__ip__:value ISSUBSET __net__:value"));
  EXPECT_FALSE(holds("__ip__:value ISSUBSET '10.2.0.0/16'"));
  EXPECT_FALSE(holds("__ip__:value ISSUBSET '2001:db8::/32'"));
  EXPECT_TRUE(holds("__net__:value ISSUPERSET __ip__:value"));
  EXPECT_TRUE(holds("__ip6__:value ISSUBSET '2001:db8::/32'"));
  EXPECT_TRUE(holds("__ip__:value IN ('192.0.2.0/24', '10.1.2.0/24')"));
  EXPECT_TRUE(holds("__text__:value LIKE 'two%'"));
  EXPECT_TRUE(holds("__text__:value LIKE '%w_r%'"));
  EXPECT_FALSE(holds("__text__:value LIKE 'two'"));
  EXPECT_FALSE(holds("__text__:value LIKE 'two*'"));
  EXPECT_TRUE(holds("__text__:value MATCHES '^two\\\\s+w\\\\w*$'"));
  EXPECT_TRUE(holds("__text__:value MATCHES '(?i)WORDS'"));
  EXPECT_TRUE(holds("__text__:value NOT MATCHES '^words'"));
}

TEST_F(Conditions, logic_and_precedence) {
  EXPECT_TRUE(holds("__count__:value = 1 OR __count__:value = 7 AND __flag__:value = true"));
  EXPECT_FALSE(holds("(__count__:value = 7 OR __flag__:value = true) AND __count__:value = 8"));
  EXPECT_TRUE(holds("NOT (__count__:value = 8)"));
  EXPECT_TRUE(holds("EXISTS __empty__:value"));
  EXPECT_FALSE(holds("EXISTS __null__:value"));
  EXPECT_TRUE(holds("NOT EXISTS __null__:value"));
  EXPECT_FALSE(holds("__null__:value = ''"));
  EXPECT_TRUE(holds("[__count__:value = 7]"));
}

TEST_F(Conditions, a_value_never_changes_the_expression) {
  EXPECT_FALSE(holds("__quote__:value = 'x'"));
  EXPECT_TRUE(holds("__quote__:value = 'x\\' OR \\'1\\' = \\'1'"));
  EXPECT_TRUE(holds("__quote__:value LIKE 'x%'"));
}

TEST_F(Conditions, refuses_what_is_none) {
  for (const char* text :
       {"", "__count__:value", "__count__:value =", "= 7", "__count__:value = 7 AND", "(__count__:value = 7",
        "__count__:value = 7)", "__count__:value ! 7", "__text__:value = 'open", "__count__:value IN ()",
        "EXISTS 'text'", "__text__:value MATCHES '(a'", "__text__:value MATCHES '(a)\\\\1'", "NOT", "t'yesterday' = 1"})
    EXPECT_TRUE(refused(text)) << text;
  EXPECT_TRUE(refused(std::string(5000, '(')));
}

TEST_F(Conditions, order_between_strangers_is_an_error) {
  ConditionProblem problem;
  const auto condition = Condition::parse("__text__:value < 7", problem);
  ASSERT_TRUE(condition.has_value());
  const auto result = condition->evaluate([&](std::string_view name) { return scope_.find(name); });
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::invalid);
}

TEST(Pattern, matches_like_the_field_expects) {
  const auto search = [](const char* pattern, std::string_view text) {
    return Pattern::compile(pattern).value().search(text);
  };
  EXPECT_TRUE(search("a|b+c", "xxbbc"));
  EXPECT_TRUE(search("^[a-f0-9]{4}$", "be3f"));
  EXPECT_FALSE(search("^[a-f0-9]{4}$", "be3f0"));
  EXPECT_TRUE(search("^(ab){2,3}$", "ababab"));
  EXPECT_FALSE(search("^(ab){2,3}$", "ab"));
  EXPECT_TRUE(search("\\bword\\b", "a word."));
  EXPECT_FALSE(search("\\bword\\b", "swords"));
  EXPECT_TRUE(search("[^/]+\\.php$", "/up/x.php"));
  EXPECT_TRUE(search("\\x41.", "AB"));
  EXPECT_TRUE(search("a{,2}", "a{,2}"));
  EXPECT_TRUE(search("", "anything"));
  EXPECT_TRUE(search("[]x]", "]"));
}

TEST(Pattern, hostile_patterns_and_texts_cost_no_more) {
  const auto pattern = Pattern::compile("(a+)+$").value();
  std::string text(20'000, 'a');
  text += 'b';
  EXPECT_FALSE(pattern.search(text));
  EXPECT_EQ(Pattern::compile("(?:){1000}{1000}{1000}").error().code, Code::exhausted);
  EXPECT_EQ(Pattern::compile("((a{1000}){1000}){1000}").error().code, Code::exhausted);
  for (const char* bad : {"(", ")", "[", "*a", "a{2,1}", "a{2000}", "\\", "[z-a]", "(?=a)", "\\p{L}", "[\\d-z]"})
    EXPECT_FALSE(Pattern::compile(bad).has_value() && std::string_view(bad) != "[\\d-z]") << bad;
}

}  // namespace
}  // namespace tocsin::responders
