// Names led nowhere: the rules as text, the answer, and both for real in a network namespace of this process's own.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/base/descriptor.h"
#include "responders/action/firewall/nftables.h"
#include "responders/action/network_sinkhole/answer.h"
#include "responders/action/network_sinkhole/name_rules.h"
#include "responders/action/table.h"
#include "tests/unit/responders/own_network.h"

namespace tocsin::responders {
namespace {

using namespace std::string_literals;

std::string question(std::string_view name) {
  std::string out = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"s;
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    out += static_cast<char>(label.size());
    out += label;
    name.remove_prefix(std::min(label.size() + 1, name.size()));
  }
  return out + "\x00\x00\x01\x00\x01"s;
}

TEST(SinkholeAnswer, refuses_questions_and_nothing_else) {
  const std::string asked = question("a1.Evil.example");
  const auto answer = sinkhole_answer(asked + "any record after it");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->name, "a1.Evil.example");
  EXPECT_EQ(answer->message, "\x12\x34\x81\x85"s + asked.substr(4));
  EXPECT_FALSE(sinkhole_answer(answer->message));
  for (std::size_t cut = 0; cut < asked.size(); ++cut) EXPECT_FALSE(sinkhole_answer(asked.substr(0, cut))) << cut;
  std::string two = asked;
  two[5] = 2;
  EXPECT_FALSE(sinkhole_answer(two));
  EXPECT_FALSE(sinkhole_answer(asked.substr(0, 12) + "\xc0\x0c\x00\x01\x00\x01"s));
  std::string endless = asked.substr(0, 12);
  for (int i = 0; i < 200; ++i) endless += "\x01x";
  EXPECT_FALSE(sinkhole_answer(endless + "\x00\x00\x01\x00\x01"s));
}

TEST(SinkholeParameters, a_domain_has_one_spelling) {
  const auto parse = [](std::string_view text) {
    return parse_parameters(find_action("network.sinkhole")->spec, {{"domain", std::string(text)}});
  };
  EXPECT_EQ(parse("Evil.Example.")->text("domain"), "evil.example");
  EXPECT_EQ(parse("_tcp.xn--e1afmkfd.example")->text("domain"), "_tcp.xn--e1afmkfd.example");
  for (const std::string& wrong : {""s, "com"s, "a..b"s, ".a.b"s, "a b.example"s, "évil.example"s, "192.0.2.1"s,
                                   "x\n.example"s, "-"s, std::string(64, 'a') + ".example", [] {
                                     std::string long_one;
                                     for (int i = 0; i < 127; ++i) long_one += "ab.";
                                     return long_one + "example";
                                   }()})
    EXPECT_FALSE(parse(wrong)) << wrong;
}

class SinkholeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = OwnNetwork::enter(); !why.empty()) GTEST_SKIP() << why;
    server_ = bound(53);
    sinkhole_ = bound(sinkhole_port);
    ASSERT_TRUE(server_ && sinkhole_);
    action_ = find_action("network.sinkhole")->make(environment_);
  }
  static sockaddr_in at(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  static OwnedDescriptor bound(std::uint16_t port) {
    OwnedDescriptor out(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    const sockaddr_in address = at(port);
    return ::bind(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? std::move(out)
                                                                                               : OwnedDescriptor();
  }
  // Who hears the question: "server", "sinkhole", or "nobody".
  std::string hears(std::string_view name, int socket) {
    const sockaddr_in address = at(53);
    const std::string asked = question(name);
    static_cast<void>(
        ::sendto(socket, asked.data(), asked.size(), 0, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    char byte = 0;
    if (::recv(server_.get(), &byte, 1, MSG_TRUNC) > 0) return "server";
    return ::recv(sinkhole_.get(), &byte, 1, MSG_TRUNC) > 0 ? "sinkhole" : "nobody";
  }
  std::string hears(std::string_view name) {
    const OwnedDescriptor socket(::socket(AF_INET, SOCK_DGRAM, 0));
    return hears(name, socket.get());
  }
  Parameters asked(std::string domain, std::string ttl = "1h") {
    return parse_parameters(action_->spec(), {{"domain", std::move(domain)}, {"ttl", std::move(ttl)}}).value();
  }

  ManualClock clock_;
  SeededRandom random_{1};
  ActionEnvironment environment_{clock_, random_, {}, {}};
  OwnedDescriptor server_, sinkhole_;
  std::unique_ptr<Action> action_;
};

TEST_F(SinkholeTest, the_name_and_all_below_it_and_nothing_else) {
  const Parameters parameters = asked("tunnel.example.org");
  EXPECT_EQ(action_->verify(parameters, "k")->presence, Presence::absent);
  EXPECT_FALSE(action_->rehearse(parameters)->already);
  const auto applied = action_->apply(parameters, "k");
  ASSERT_TRUE(applied) << applied.error().text();
  EXPECT_EQ(applied->expires_in, Duration(std::chrono::hours(1)));
  EXPECT_EQ(action_->verify(parameters, "k")->presence, Presence::in_effect);
  EXPECT_EQ(action_->apply(asked("tunnel.example.org", "10m"), "k2")->state, Outcome::State::already);
  EXPECT_TRUE(action_->rehearse(parameters)->already);
  std::string deep;
  for (int i = 0; i < 110; ++i) deep += "x.";
  for (const std::string& name : {"tunnel.example.org"s, "TuNNel.eXample.ORG"s, "aGVsbG8.tunnel.example.org"s,
                                  "a.b.c.tunnel.example.org"s, deep + "tunnel.example.org"})
    EXPECT_EQ(hears(name), "sinkhole") << name;
  for (const char* name : {"example.org", "xtunnel.example.org", "tunnel.example.org.uk", "tunnel.example.com"})
    EXPECT_EQ(hears(name), "server") << name;
  // A flow that began with something else is not led away; it is not let through either.
  const OwnedDescriptor flow(::socket(AF_INET, SOCK_DGRAM, 0));
  EXPECT_EQ(hears("example.org", flow.get()), "server");
  EXPECT_EQ(hears("a.tunnel.example.org", flow.get()), "nobody");
  ASSERT_TRUE(action_->undo(parameters, "k", {}));
  EXPECT_EQ(action_->verify(parameters, "k")->presence, Presence::absent);
  EXPECT_EQ(hears("tunnel.example.org"), "server");
  EXPECT_TRUE(action_->undo(parameters, "k", {}));
}

TEST_F(SinkholeTest, hangs_on_its_element_and_is_noticed_when_somebody_changes_it) {
  const Parameters first = asked("a.example");
  ASSERT_TRUE(action_->apply(first, "k"));
  ASSERT_TRUE(action_->apply(asked("b.example"), "k2"));
  EXPECT_EQ(hears("a.example"), "sinkhole");
  // As the kernel does it when the time is over.
  ASSERT_TRUE(Nftables().run("flush set inet tocsin_names " + sinkhole_set("a.example") + "\n"));
  EXPECT_EQ(action_->verify(first, "k")->presence, Presence::absent);
  EXPECT_EQ(hears("a.example"), "server");
  EXPECT_EQ(hears("b.example"), "sinkhole");
  // What is over is cleared away by the next.
  ASSERT_TRUE(action_->apply(asked("c.example"), "k3"));
  EXPECT_FALSE(Nftables().run(sinkhole_chains(sinkhole_set("a.example")).front()));
  const std::string set = sinkhole_set("b.example");
  ASSERT_TRUE(Nftables().run("flush chain inet tocsin_names ask_" + set.substr(set.find('_') + 1) + "\n"));
  EXPECT_EQ(action_->verify(asked("b.example"), "k2")->presence, Presence::changed);
  EXPECT_EQ(action_->apply(asked("b.example"), "k4")->state, Outcome::State::applied);
  EXPECT_EQ(action_->verify(asked("b.example"), "k4")->presence, Presence::in_effect);
}

TEST_F(SinkholeTest, as_many_as_there_is_room_for) {
  for (std::size_t i = 0; i < sinkholes_most; ++i)
    ASSERT_TRUE(action_->apply(asked("n" + std::to_string(i) + ".example"), "k"));
  EXPECT_EQ(action_->apply(asked("more.example"), "k").error().code, Code::exhausted);
  ASSERT_TRUE(action_->undo(asked("n3.example"), "k", {}));
  EXPECT_TRUE(action_->apply(asked("more.example"), "k"));
}

}  // namespace
}  // namespace tocsin::responders
