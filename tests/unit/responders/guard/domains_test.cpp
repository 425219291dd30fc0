#include "responders/guard/domains.h"

#include <gtest/gtest.h>

namespace tocsin::responders {
namespace {

TEST(Domains, what_others_and_this_host_need_is_never_led_nowhere) {
  Policy policy;
  policy.never_touch_domains = {"bank.example"};
  const std::vector<std::string> own{"corp.example.org"};
  for (const auto& [domain, why] : std::vector<std::pair<const char*, const char*>>{
           {"10.in-addr.arpa", "special"},
           {"db.localhost", "special"},
           {"printer.local", "special"},
           {"co.uk", "public suffix"},
           {"gov.vn", "public suffix"},
           {"github.io", "public suffix"},
           {"corp.example.org", "own"},
           {"mail.corp.example.org", "own"},
           {"example.org", "own"},
           {"bank.example", "never-touch"},
           {"www.bank.example", "never-touch"},
       })
    EXPECT_NE(domain_reason(policy, domain, own).find(why), std::string::npos) << domain;
  for (const char* domain :
       {"evil.example", "notbank.example", "corp.example.com", "tunnel.co.uk", "localhost.evil.com"})
    EXPECT_EQ(domain_reason(policy, domain, own), "") << domain;
}

TEST(Domains, searched_names_are_read_as_resolv_conf_has_them) {
  EXPECT_EQ(parse_search_domains("nameserver 192.0.2.1\nsearch\tCorp.Example.ORG. lab.example\n# search no.example\n"
                                 "domain one.example\r\noptions ndots:2\n"),
            (std::vector<std::string>{"corp.example.org", "lab.example", "one.example"}));
}

}  // namespace
}  // namespace tocsin::responders
