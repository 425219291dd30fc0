#include "responders/playbook/command/desk.h"

#include <gtest/gtest.h>

#include "collectors/base/time.h"
#include "responders/playbook/command/protocol.h"

namespace tocsin::responders {
namespace {

constexpr std::string_view step = "action--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a11";

// One command that leaves the host, and one that does not.
std::shared_ptr<const std::string> playbook(std::string_view command) {
  constexpr std::string_view around = R"({"type":"playbook","spec_version":"cacao-2.0",
    "id":"playbook--1d6a1a4e-6bb0-4a43-8a02-ce3f2a2b1a01","name":"tell","created_by":"identity--1d6a1a4e-6bb0-4a43-8a02-ce3f2a2b1a02",
    "created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z",
    "workflow_start":"start--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a10",
    "workflow":{"start--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a10":{"type":"start","on_completion":"action--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a11"},
      "action--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a11":{"type":"action","commands":[@],"agent":"http-api--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a13",
        "on_completion":"end--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a12"},
      "end--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a12":{"type":"end"}},
    "agent_definitions":{"http-api--b9a31a3a-15d0-4d5c-8f4f-0f3d8b0f8a13":{"type":"http-api","name":"desk","address":{"ipv4":["192.0.2.1"]}}}})";
  std::string out(around);
  out.replace(out.find('@'), 1, command);
  return std::make_shared<const std::string>(std::move(out));
}

struct Asked {
  Asked() {
    CommandPolicy policy;
    policy.types = {"bash", "http-api"};
    policy.signatures = CommandPolicy::Signatures::shells;
    policy.hosts = {"192.0.2.1"};
    policy.max_tlp = rules::Tlp::green;
    auto opened = CommandDesk::open(std::move(policy), {}, clock, {});
    EXPECT_TRUE(opened) << opened.error().text();
    desk = std::move(*opened);
  }
  // As it arrives at the runner.
  GuardVerdict judge(std::string_view command, rules::Tlp tlp) const {
    RunnerRequest sent;
    sent.request.key = "0123456789abcdef0123456789abcdef";
    sent.request.playbook = playbook(command);
    sent.request.step = step;
    sent.request.tlp = tlp;
    auto arrived = parse_runner_request(render_request(sent));
    EXPECT_TRUE(arrived) << arrived.error().text();
    auto verdict = desk->judge(arrived->request);
    EXPECT_TRUE(verdict) << verdict.error().text();
    return verdict ? *verdict : GuardVerdict{};
  }
  ManualClock clock{Time{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)}};
  std::unique_ptr<CommandDesk> desk;
};

TEST(CommandDesk, WhatIsMarkedStricterThanTheLimitGoesToNoOtherHost) {
  const Asked asked;
  constexpr std::string_view http = R"({"type":"http-api","command":"POST /tell HTTP/1.1"})";
  for (const auto tlp : {rules::Tlp::none, rules::Tlp::clear, rules::Tlp::green})
    EXPECT_EQ(asked.judge(http, tlp).kind, GuardVerdict::Kind::allowed) << rules::tlp_name(tlp);
  for (const auto tlp : {rules::Tlp::amber, rules::Tlp::amber_strict, rules::Tlp::red}) {
    const auto verdict = asked.judge(http, tlp);
    EXPECT_EQ(verdict.kind, GuardVerdict::Kind::refused) << rules::tlp_name(tlp);
    EXPECT_EQ(verdict.rule, "marking");
    EXPECT_NE(verdict.reason.find(rules::tlp_label(tlp)), std::string::npos) << verdict.reason;
  }
}

TEST(CommandDesk, AMarkingThatIsNotKnownCountsAsTheStrictest) {
  const auto request = parse_runner_request(R"({"version":1,"kind":"judge","key":"k","tlp":"tlp:ex:chr"})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->request.tlp, rules::Tlp::red);
}

}  // namespace
}  // namespace tocsin::responders
