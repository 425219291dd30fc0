#include "responders/action/action.h"

#include <gtest/gtest.h>

#include "collectors/base/base64.h"
#include "responders/action/firewall/ruleset.h"
#include "responders/action/notify/base64_lines.h"
#include "responders/action/notify/deliver.h"
#include "responders/action/table.h"

namespace tocsin::responders {
namespace {

TEST(Parameters, are_typed_complete_and_canonical) {
  const ActionSpec& spec = find_action("network.block_address")->spec;
  const auto good = parse_parameters(spec, {{"ttl", "90m"}, {"address", "2001:DB8:0::1"}});
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->texts(), (Parameters::Texts{{"address", "2001:db8::1"}, {"ttl", "1h30m"}}));
  EXPECT_EQ(parse_parameters(spec, {{"address", "192.0.2.1"}})->duration("ttl"), std::chrono::hours(1));
  const auto refused = [&](const Parameters::Texts& texts) { return !parse_parameters(spec, texts).has_value(); };
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({{"address", "192.0.2.1"}, {"address", "192.0.2.2"}}));
  EXPECT_TRUE(refused({{"address", "192.0.2.1"}, {"colour", "red"}}));
  EXPECT_TRUE(refused({{"address", "192.0.2.1/24"}}));
  EXPECT_TRUE(refused({{"address", "010.0.0.1"}}));
  EXPECT_TRUE(refused({{"address", "192.0.2.1; flush ruleset"}}));
  EXPECT_TRUE(refused({{"address", "192.0.2.1"}, {"ttl", "-1h"}}));
  EXPECT_TRUE(refused({{"address", "192.0.2.1"}, {"ttl", "soon"}}));
}

TEST(Parameters, paths_are_absolute_and_never_go_up) {
  const ActionSpec& spec = find_action("file.quarantine")->spec;
  for (const char* path : {"relative", "/a/../b", "", "/a/.."})
    EXPECT_FALSE(parse_parameters(spec, {{"path", path}}).has_value()) << path;
  EXPECT_FALSE(parse_parameters(spec, {{"path", std::string("/a\0b", 4)}}).has_value());
  EXPECT_TRUE(parse_parameters(spec, {{"path", "/srv/a b/x.php"}}).has_value());
}

TEST(Table, every_action_is_whole) {
  for (const ActionRow& row : all_actions()) {
    EXPECT_FALSE(row.spec.summary.empty());
    for (const ParameterSpec& parameter : row.spec.parameters) {
      EXPECT_FALSE(parameter.help.empty()) << row.spec.name;
      if (!parameter.fallback.empty()) {
        EXPECT_TRUE(parse_parameter(parameter, parameter.fallback).has_value()) << row.spec.name << parameter.name;
      }
    }
  }
}

TEST(Table, reserved_networks_are_refused_by_overlap) {
  const auto reserved = [](const char* text) {
    return reserved_reason(*parse_network(text, HostBits::clear)).has_value();
  };
  for (const char* text : {"127.0.0.1", "0.0.0.0/0", "224.0.0.1", "255.255.255.255", "::1", "::/0", "ff02::1",
                           "fe80::1", "::ffff:192.0.2.1", "126.0.0.0/7"})
    EXPECT_TRUE(reserved(text)) << text;
  for (const char* text : {"203.0.113.5", "10.0.0.1", "2001:db8::/32"}) EXPECT_FALSE(reserved(text)) << text;
}

TEST(Ruleset, elements_and_answers) {
  const Network address = *parse_network("203.0.113.5", HostBits::refuse);
  const Network network = *parse_network("2001:db8::/48", HostBits::refuse);
  EXPECT_EQ(set_of(address), "blocked4");
  EXPECT_EQ(set_of(network), "blocked6_net");
  EXPECT_EQ(put_transaction(std::array{blocked_element(address)}, std::chrono::seconds(60), "k"),
            "add element inet tocsin blocked4 { 203.0.113.5 timeout 60s }\n"
            "delete element inet tocsin blocked4 { 203.0.113.5 }\n"
            "add element inet tocsin blocked4 { 203.0.113.5 timeout 60s comment \"tocsin k\" }\n");
  const auto elements = parse_elements(
      R"({"nftables":[{"metainfo":{}},{"set":{"name":"x","elem":["192.0.2.1",{"elem":{"val":"203.0.113.5","timeout":60,"expires":59,"comment":"tocsin k"}},{"elem":{"val":{"prefix":{"addr":"10.0.0.0","len":8}},"timeout":1,"expires":1}},{"elem":{"val":["odd"]}}]}}]})");
  ASSERT_TRUE(elements.has_value());
  ASSERT_EQ(elements->size(), 3U);
  EXPECT_EQ((*elements)[1].expires, std::chrono::seconds(59));
  EXPECT_EQ((*elements)[1].comment, "tocsin k");
  EXPECT_EQ(render_network(*(*elements)[2].network), "10.0.0.0/8");
  EXPECT_EQ(count_rules(R"({"nftables":[{"table":{}},{"rule":{}},{"rule":{}}]})").value(), 2U);
  for (const char* bad : {"", "{", "[]", "{\"nftables\":{}}"}) EXPECT_FALSE(parse_elements(bad).has_value()) << bad;
}

Notice notice() {
  Notice out;
  out.id = "run-1:step.1";
  out.severity = "critical";
  out.subject = "Cảnh báo\r\nBcc: everyone@example.org";
  out.body = "line one\n.\nline three";
  out.incident = "INC-2026-0001";
  out.host = "web01";
  return out;
}

TEST(Notify, mail_has_no_room_for_injected_headers) {
  NotifyChannel channel;
  channel.from = "tocsin@example.org";
  channel.to = {"ops@example.org"};
  const std::string mail = render_mail(channel, notice(), Time{std::chrono::seconds(1'795'366'171)});
  EXPECT_NE(mail.find("Date: Sun, 22 Nov 2026 16:49:31 +0000\r\n"), std::string::npos);
  EXPECT_EQ(mail.find("\r\nBcc:"), std::string::npos);
  EXPECT_NE(mail.find("Subject: =?UTF-8?B?"), std::string::npos);
  EXPECT_EQ(mail.find("\r\n.\r\n"), std::string::npos);
  EXPECT_NE(mail.find(to_base64("line one\n.\nline three")), std::string::npos);
}

TEST(Notify, syslog_and_webhook_stay_one_message) {
  const std::string line = render_syslog(notice(), Time{}, "42");
  EXPECT_EQ(line.substr(0, 5), "<106>");
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_NE(line.find("[tocsin@32473 id=\"run-1:step.1\" incident=\"INC-2026-0001\"]"), std::string::npos);
  EXPECT_NE(render_webhook(notice(), Time{}).find("\\r\\nBcc"), std::string::npos);
}

TEST(Notify, a_channel_is_told_no_content_above_its_limit) {
  NotifyChannel channel;
  Notice secret = notice();
  secret.tlp = rules::Tlp::amber;
  EXPECT_FALSE(is_withheld(channel, secret));
  secret.tlp = rules::Tlp::amber_strict;
  EXPECT_TRUE(is_withheld(channel, secret));
  secret.attachments.push_back({"report.html", "text/html", "line one"});
  const Notice told = withheld(channel, secret);
  EXPECT_EQ(told.subject, "INC-2026-0001 on web01: withheld, TLP:AMBER+STRICT");
  EXPECT_EQ(told.body.find("line one"), std::string::npos);
  EXPECT_TRUE(told.attachments.empty());
  EXPECT_NE(told.body.find("tocsin incident show INC-2026-0001"), std::string::npos);
  EXPECT_EQ(rules::parse_tlp_limit("green"), rules::Tlp::green);
  EXPECT_EQ(rules::parse_tlp_limit("none"), rules::Tlp::none);
  EXPECT_EQ(rules::parse_tlp_limit("red"), std::nullopt);
}

TEST(Notify, base64_lines_are_short) { EXPECT_EQ(base64_lines(std::string(58, 'x')).find("\r\n"), 76U); }

}  // namespace
}  // namespace tocsin::responders
