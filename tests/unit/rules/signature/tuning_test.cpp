// Tuning of signatures: switched and rewritten as they are parsed, suppressed where thresholds are decided.
#include "rules/tuning.h"

#include "rules/signature/parse/rule_parser.h"
#include "tests/unit/rules/signature/fixture.h"

namespace tocsin::rules::signature::testing {
namespace {

using std::chrono::seconds;

constexpr Time load{seconds(1'000'000)};
const std::string three =
    "alert udp any any -> any any (content:\"abcd\"; sid:1;)\n"
    "# alert udp any any -> any any (content:\"abcd\"; sid:2;)\n"
    "#alert udp any any -> any any (content:\"abcd\"; gid:3; sid:3;)\n"
    "# a comment (sid:4;)\n";

TuningEntry entry(TuningAct act, std::vector<std::string> rules) {
  TuningEntry out;
  out.act = act;
  out.rules = std::move(rules);
  out.expires = load + seconds(100);
  return out;
}

SignatureOptions with(std::vector<TuningEntry> entries, Time now = load) {
  SignatureOptions options;
  options.tuning = std::make_shared<const Tuning>(std::move(entries), now);
  return options;
}

Sids fire(Bench& bench) {
  auto flow = Bench::flow(Protocol::unknown, 17);
  bench.packet(&flow, "abcd", Direction::to_server, 17);
  return bench.sids();
}

TEST(SignatureTuning, rules_are_switched_as_they_are_read) {
  Bench plain(three);
  EXPECT_EQ(fire(plain), Sids{1});
  Bench on(three, with({entry(TuningAct::enable, {"1:2", "3:3"})}));
  EXPECT_EQ(fire(on), (Sids{1, 2, 3}));
  EXPECT_FALSE(on.diagnostics.has_errors());
  EXPECT_EQ(on.set->rules()[1]->line, 2U);
  Bench off(three, with({entry(TuningAct::disable, {"*"})}));
  EXPECT_EQ(fire(off), Sids{});
  Bench ended(three, with({entry(TuningAct::disable, {"*"})}, load + seconds(100)));
  EXPECT_EQ(fire(ended), Sids{1});
}

TEST(SignatureTuning, a_rewritten_rule_is_judged_like_any_other) {
  auto change = entry(TuningAct::modify, {"1:1"});
  change.rewrite = [](std::string_view text) {
    auto out = std::string(text);
    out.replace(out.find("abcd"), 4, "wxyz");
    return std::optional(out);
  };
  Bench bench(three, with({change}));
  EXPECT_EQ(fire(bench), Sids{});
  change.rewrite = [](std::string_view) { return std::optional<std::string>("alert udp (broken"); };
  Bench broken(three, with({change}));
  EXPECT_EQ(broken.diagnostics.errors(), 1U);
  EXPECT_EQ(broken.diagnostics.all()[0].line, 1U);
}

TEST(SignatureTuning, what_is_suppressed_is_counted_and_does_not_count_for_thresholds) {
  auto quiet = entry(TuningAct::suppress, {"1:1"});
  quiet.networks = {*parse_network("10.0.0.0/24", HostBits::refuse)};
  quiet.side = TuningSide::source;
  auto options = with({quiet});
  Bench bench(
      "alert udp any any -> any any (content:\"abcd\"; threshold: type limit, track by_rule, count 1, seconds 60; "
      "sid:1;)",
      options);
  EXPECT_EQ(fire(bench), Sids{});
  EXPECT_EQ(options.tuning->entries()[0]->alerts(), 1U);
  EXPECT_EQ(bench.state->held_back(), 1U);
  auto flow = Bench::flow(Protocol::unknown, 17);
  bench.packet(&flow, "abcd", Direction::to_client, 17);  // from outside: the first that counts
  EXPECT_EQ(bench.sids(), Sids{1});
  // The entry ends while the rules stay loaded.
  bench.time = seconds(200);
  EXPECT_EQ(fire(bench), Sids{1});
  EXPECT_EQ(options.tuning->entries()[0]->alerts(), 1U);
}

TEST(SignatureTuning, ids_are_read_off_the_text) {
  EXPECT_EQ(find_rule_id("alert (msg:\"sid:5\\; x\"; sid : 7 ;)"), "1:7");
  EXPECT_EQ(find_rule_id("alert (gid:3; sid:7;)"), "3:7");
  EXPECT_EQ(find_rule_id("alert (msg:\"no\";)"), "");
  EXPECT_EQ(find_rule_id("sid:"), "");
  EXPECT_EQ(find_rule_id("(sid:99999999999999999999999;)"), "");
}

}  // namespace
}  // namespace tocsin::rules::signature::testing
