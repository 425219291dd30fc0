#include "daemon/app/suricata_eve.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace tocsin::daemon {
namespace {

using collectors::Protocol;

EveOptions read(const char* text, std::vector<std::string>* unknown = nullptr) {
  EveOptions out;
  std::vector<std::string> mistakes;
  read_suricata_outputs(YAML::Load(text), out, mistakes);
  if (unknown != nullptr) *unknown = mistakes;
  return out;
}

TEST(SuricataOutputs, AListReplacesTheDefaults) {
  const EveOptions defaults;
  EXPECT_TRUE(defaults.flow && defaults.alert.enabled && defaults.wants(Protocol::http));
  EXPECT_FALSE(defaults.netflow || defaults.wants(Protocol::pgsql));
  const auto eve = read("- eve-log: {enabled: yes, types: [alert, {dns: {version: 2}}, netflow]}");
  EXPECT_TRUE(eve.alert.enabled && eve.netflow && eve.wants(Protocol::dns));
  EXPECT_FALSE(eve.flow || eve.wants(Protocol::http) || eve.stats.enabled || eve.anomaly.enabled);
  EXPECT_EQ(eve.detail.dns.version, 2);
}

TEST(SuricataOutputs, OptionsOfTypes) {
  std::vector<std::string> unknown;
  const auto eve = read(R"(
- pcap-log: {enabled: yes}
- eve-log:
    ethernet: yes
    types:
      - alert: {payload: yes, payload-buffer-size: 4kb, metadata: {rule: {raw: true}}, odd: 1}
      - http: {extended: yes, custom: [Accept-Encoding], dump-all-headers: request}
      - dns: {requests: no, types: [mx], formats: [grouped]}
      - tls: {custom: [subject, sni]}
      - files: {force-hash: [md5, sha256]}
      - anomaly: {enabled: yes, types: {decode: yes, applayer: no}}
      - drop: {alerts: yes}
)",
                        &unknown);
  EXPECT_TRUE(eve.ethernet && eve.alert.payload && eve.alert.rule_text);
  EXPECT_EQ(eve.alert.payload_most, 4096U);
  EXPECT_EQ(eve.detail.http.custom, std::vector<std::string>{"accept-encoding"});
  EXPECT_TRUE(eve.detail.http.request_headers && !eve.detail.http.response_headers);
  EXPECT_TRUE(!eve.detail.dns.requests && eve.detail.dns.grouped && !eve.detail.dns.detailed);
  EXPECT_EQ(eve.detail.dns.types, std::vector<std::uint16_t>{15});
  EXPECT_EQ(eve.detail.tls.custom.size(), 2U);
  EXPECT_TRUE(eve.files.md5 && eve.files.sha256 && !eve.files.sha1);
  EXPECT_TRUE(eve.anomaly.decode && !eve.anomaly.application);
  EXPECT_NE(std::ranges::find(unknown, "outputs.pcap-log"), unknown.end());
  EXPECT_NE(std::ranges::find(unknown, "outputs.eve-log.types.alert.odd"), unknown.end());
  EXPECT_NE(std::ranges::find(unknown, "outputs.eve-log.types.drop"), unknown.end());
}

TEST(SuricataOutputs, OneOptionAtATime) {
  EveOptions eve;
  std::vector<std::string> unknown;
  EXPECT_FALSE(eve.anomaly.stream || eve.frame || eve.ethernet);
  EXPECT_TRUE(set_suricata_output("outputs.1.eve-log.types.2.anomaly.types.stream", "yes", eve, unknown));
  EXPECT_TRUE(set_suricata_output("outputs.1.eve-log.types.1.frame.enabled", "yes", eve, unknown));
  EXPECT_TRUE(set_suricata_output("outputs.1.eve-log.types.3.http.enabled", "no", eve, unknown));
  EXPECT_TRUE(set_suricata_output("outputs.1.eve-log.ethernet", "yes", eve, unknown));
  EXPECT_TRUE(eve.anomaly.stream && eve.frame && eve.ethernet && !eve.wants(Protocol::http));
  EXPECT_TRUE(eve.flow && eve.alert.enabled && eve.wants(Protocol::dns));
  EXPECT_EQ(unknown, std::vector<std::string>{});
  EXPECT_TRUE(set_suricata_output("outputs.7.pcap-log.enabled", "yes", eve, unknown));
  EXPECT_EQ(unknown, std::vector<std::string>{"outputs.7.pcap-log.enabled"});
  EXPECT_FALSE(set_suricata_output("stream.midstream", "yes", eve, unknown));
}

TEST(SuricataOutputs, OffIsOff) {
  const auto eve = read("- eve-log: {enabled: no, types: [alert]}\n- eve-log: {types: [{http: {enabled: no}}, flow]}");
  EXPECT_TRUE(eve.flow);
  EXPECT_FALSE(eve.alert.enabled || eve.wants(Protocol::http));
}

}  // namespace
}  // namespace tocsin::daemon
