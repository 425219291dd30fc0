#include <gtest/gtest.h>

#include <algorithm>

#include "responders/incident/change.h"
#include "responders/incident/incident.h"
#include "tests/unit/responders/incident/samples.h"

namespace tocsin::responders {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

ResponseFacts facts(Fields fields) {
  auto alert = samples::make_alert({});
  std::ranges::sort(fields);
  alert.fields = std::move(fields);
  return facts_of(alert);
}

SourceTrust trust_of_packet(std::uint8_t transport, const char* application) {
  auto alert = samples::make_alert({});
  alert.packet.emplace();
  alert.packet->transport = transport;
  alert.packet->application = application;
  return facts_of(alert).source;
}

TEST(Facts, a_source_is_sure_when_it_took_part_in_a_connection) {
  EXPECT_EQ(trust_of_packet(6, "http"), SourceTrust::answered);
  EXPECT_EQ(trust_of_packet(6, ""), SourceTrust::forgeable);  // a SYN needs no answer
  EXPECT_EQ(trust_of_packet(17, "dns"), SourceTrust::forgeable);
  EXPECT_EQ(trust_of_packet(1, ""), SourceTrust::forgeable);
  EXPECT_EQ(facts({{"network.protocol", "ssh"}}).source, SourceTrust::answered);
  EXPECT_EQ(facts({{"network.protocol", "http"}, {"network.transport", "tcp"}}).source, SourceTrust::answered);
  EXPECT_EQ(facts({{"network.protocol", "http"}, {"network.transport", "udp"}}).source, SourceTrust::forgeable);
  EXPECT_EQ(facts({{"network.protocol", "sip"}}).source, SourceTrust::forgeable);
  EXPECT_EQ(facts({{"network.transport", "tcp"}}).source, SourceTrust::unknown);  // what a firewall dropped
  EXPECT_EQ(facts({}).source, SourceTrust::unknown);
}

TEST(Facts, the_process_is_the_one_that_did_it_not_the_one_that_tells) {
  const Fields told{
      {"process.pid", "812"}, {"process.executable", "/usr/sbin/nginx"}, {"service.name", "nginx.service"}};
  EXPECT_EQ(facts(told), ResponseFacts{});  // a line of its log
  Fields done = told;
  done.emplace_back("event.module", "auditd");
  EXPECT_EQ(facts(done).process, 812U);
  EXPECT_EQ(facts(done).executable, "/usr/sbin/nginx");
  EXPECT_EQ(facts(done).unit, "nginx.service");
  for (const auto& [pid, executable] : {std::pair("1", "/sbin/init"), std::pair("812", "nginx"), std::pair("812", ""),
                                        std::pair("99999999999", "/bin/x"), std::pair("-5", "/bin/x")})
    EXPECT_EQ(facts({{"event.module", "auditd"}, {"process.executable", executable}, {"process.pid", pid}}).process, 0U)
        << pid << executable;
  EXPECT_EQ(facts({{"event.module", "auditd"}, {"service.name", "session-3.scope"}}).unit, "");
}

TEST(Facts, a_key_is_one_that_got_in) {
  const std::string print = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  EXPECT_EQ(facts({{"event.outcome", "success"}, {"sshd.key", "ED25519 " + print}}).key, print);
  EXPECT_EQ(facts({{"event.outcome", "failure"}, {"sshd.key", "ED25519 " + print}}).key, "");
  EXPECT_EQ(facts({{"event.outcome", "success"}, {"sshd.key", "RSA SHA256:short"}}).key, "");
  EXPECT_EQ(facts({{"event.outcome", "success"}, {"sshd.key", "RSA 0a:1b:2c"}}).key, "");
}

TEST(Facts, the_journal_keeps_them_and_reads_what_has_none) {
  change::AlertAdded added;
  added.alert = summarize(samples::make_alert({}));
  for (const ResponseFacts& one :
       {ResponseFacts{}, ResponseFacts{42, "/tmp/x", "x.service", "SHA256:k", SourceTrust::forgeable},
        ResponseFacts{0, "", "", "", SourceTrust::answered}}) {
    added.alert.facts = one;
    Change change;
    change.body = added;
    const auto back = parse_change(render_json(change));
    ASSERT_TRUE(back.has_value()) << back.error().text();
    EXPECT_EQ(std::get<change::AlertAdded>(back->body).alert.facts, one);
  }
}

}  // namespace
}  // namespace tocsin::responders
