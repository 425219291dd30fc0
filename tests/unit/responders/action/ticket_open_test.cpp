#include "responders/action/ticket_open/ticket_open.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "responders/action/notify/ticket.h"
#include "responders/action/notify/transfer.h"
#include "tests/unit/responders/action/http_server.h"

namespace tocsin::responders {
namespace {

TEST(Ticket, values_stay_texts) {
  Notice notice;
  notice.subject = "a\", \"b\": {severity}\n";
  notice.severity = "critical";
  notice.id = "k";
  const auto body = render_ticket(
      R"({"fields":{"{key}":1.5,"title":"{severity}: {subject} {other} {","on":true,"l":["{key}"]}})", notice);
  ASSERT_TRUE(body.has_value());
  const auto parsed = boost::json::parse(*body);
  const auto& fields = parsed.at("fields").as_object();
  EXPECT_EQ(fields.size(), 4U);
  EXPECT_EQ(fields.at("title").as_string(), "critical: a\", \"b\": {severity}\n {other} {");
  EXPECT_EQ(fields.at("l").at(0).as_string(), "k");
  for (const char* bad : {"", "[]", "{", "\"{subject}\""}) EXPECT_FALSE(check_ticket_body(bad).has_value()) << bad;
  EXPECT_EQ(render_find_url("http://t/?q={key}&x={ticket}", "a/b&c"), "http://t/?q=a%2Fb%26c&x={ticket}");
}

TEST(Ticket, its_name_is_taken_from_any_answer) {
  EXPECT_EQ(ticket_in(R"({"issue":[{"key":"OPS-7"}]})", "/issue/0/key"), "OPS-7");
  EXPECT_EQ(ticket_in(R"({"id":42})", "/id"), "42");
  EXPECT_EQ(ticket_in(R"({"id":"\u001b[31m\n"})", "/id"), "\\x1b[31m\\x0a");
  EXPECT_EQ(ticket_in("{\"id\":\"" + std::string(5000, 'x') + "\"}", "/id")->size(), 200U);
  for (const char* none : {"", "<html>", "{}", R"({"id":""})", R"({"id":{}})", R"({"id":null})", "{\"id\":1", "[[[["})
    EXPECT_EQ(ticket_in(none, "/id"), std::nullopt) << none;
}

class TicketOpenTest : public ::testing::Test {
 protected:
  NotifyChannel& tracker(const HttpServer& server) {
    NotifyChannel& out = environment_.channels.all.emplace_back();
    out.name = "tracker";
    out.kind = NotifyChannel::Kind::ticket;
    out.url = server.url("/issues");
    out.timeout = std::chrono::milliseconds(500);
    out.ticket.body = R"({"title":"{subject}","ref":"{key}","text":"{message}"})";
    out.ticket.id_at = "/key";
    return out;
  }
  static Parameters parameters(std::string tlp = {}) {
    return *parse_parameters(ticket_open_spec, {{"channel", "tracker"},
                                                {"subject", "Web shell"},
                                                {"message", "what it is about"},
                                                {"incident", "INC-2026-0001"},
                                                {"tlp", std::move(tlp)}});
  }
  Result<Outcome> open() { return make_ticket_open(environment_)->apply(parameters(), "run-1:1"); }

  ManualClock clock_{Time{}};
  SeededRandom random_{1};
  ActionEnvironment environment_{clock_, random_, {}, {}};
};

TEST_F(TicketOpenTest, what_the_tracker_calls_it_is_an_output) {
  HttpServer server([](const std::string&) { return HttpServer::answer("201 Created", R"({"key":"OPS-7"})"); });
  auto& channel = tracker(server);
  channel.user = "bot";
  channel.password = "secret";
  const auto opened = open();
  ASSERT_TRUE(opened.has_value()) << opened.error().text();
  EXPECT_EQ(opened->summary, "ticket OPS-7 opened in tracker");
  EXPECT_EQ(opened->outputs, (std::vector<std::pair<std::string, std::string>>{{"ticket", "OPS-7"}}));
  const auto said = server.requests();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_TRUE(said[0].starts_with("POST /issues HTTP/1.1\r\n"));
  EXPECT_NE(said[0].find("Authorization: Basic Ym90OnNlY3JldA==\r\n"), std::string::npos);
  EXPECT_NE(said[0].find(R"({"title":"Web shell","ref":"run-1:1","text":"what it is about"})"), std::string::npos);
  EXPECT_EQ(make_ticket_open(environment_)->verify(parameters(), "run-1:1")->presence, Presence::in_effect);
}

TEST_F(TicketOpenTest, a_channel_is_told_no_content_above_its_limit) {
  HttpServer server([](const std::string&) { return HttpServer::answer("201 Created", R"({"key":1})"); });
  tracker(server);
  const auto opened = make_ticket_open(environment_)->apply(parameters("red"), "k");
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->summary,
            "ticket 1 opened in tracker; its content is TLP:RED and is withheld: the channel's max_tlp is amber");
  EXPECT_EQ(server.requests()[0].find("Web shell"), std::string::npos);
  EXPECT_NE(server.requests()[0].find("INC-2026-0001"), std::string::npos);
}

TEST_F(TicketOpenTest, what_was_refused_is_no_success) {
  std::string answer;
  HttpServer server([&](const std::string&) { return answer; });
  tracker(server);
  const auto failure = [&](std::string text) {
    answer = std::move(text);
    const auto opened = open();
    EXPECT_FALSE(opened.has_value()) << answer;
    return opened ? Error(Code::failure, {}) : opened.error();
  };
  EXPECT_EQ(failure(HttpServer::answer("500 Oh", "{\"key\":\"OPS-7\"}")).code, Code::denied);
  EXPECT_EQ(failure(HttpServer::answer("401 No", "")).code, Code::denied);
  const Error away = failure(HttpServer::answer("302 Away", "", "Location: http://127.0.0.1:9/\r\n"));
  EXPECT_NE(away.message.find("redirects are not followed"), std::string::npos);
  const Error late = failure("");
  EXPECT_EQ(late.code, Code::timed_out);
  EXPECT_NE(late.text().find("look into the tracker"), std::string::npos);
  EXPECT_EQ(failure("\r\n\r\ngarbage").code, Code::unreachable);
  EXPECT_EQ(server.requests().size(), 5U);  // none was tried again
  environment_.channels.all.front().url = "http://127.0.0.1:1/";
  EXPECT_EQ(open().error().code, Code::unreachable);
  environment_.channels.all.front().url = "file:///etc/passwd";
  EXPECT_FALSE(open().has_value());
}

TEST_F(TicketOpenTest, a_hostile_answer_changes_nothing_of_what_was_done) {
  std::string body;
  HttpServer server([&](const std::string&) { return HttpServer::answer("200 OK", body); });
  tracker(server);
  for (const auto& hostile :
       {std::string(answer_bytes_most * 4, '['), std::string("<script>"), std::string("{\"key\":[1]}")}) {
    body = hostile;
    const auto opened = open();
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->state, Outcome::State::applied);
    EXPECT_TRUE(opened->outputs.empty());
    EXPECT_EQ(opened->summary, "a ticket opened in tracker; its answer has no name for it at /key");
  }
}

TEST_F(TicketOpenTest, none_is_opened_that_is_there) {
  bool there = false;
  bool late = false;
  HttpServer server([&](const std::string& request) {
    if (request.starts_with("GET /find?ref=run-1%3A1 "))
      return HttpServer::answer("200 OK", there ? R"({"found":[{"key":"OPS-9"}]})" : R"({"found":[]})");
    there = true;
    return late ? std::string() : HttpServer::answer("201 Created", R"({"key":"OPS-9"})");
  });
  auto& channel = tracker(server);
  channel.ticket.find_url = server.url("/find?ref={key}");
  channel.ticket.found_at = "/found/0/key";
  auto action = make_ticket_open(environment_);
  EXPECT_EQ(action->verify(parameters(), "run-1:1")->presence, Presence::absent);
  late = true;  // the tracker has it, and we never heard
  EXPECT_EQ(open()->summary, "ticket OPS-9 opened in tracker");
  const auto again = open();
  EXPECT_EQ(again->state, Outcome::State::already);
  EXPECT_EQ(again->outputs.front().second, "OPS-9");
  EXPECT_EQ(action->verify(parameters(), "run-1:1")->presence, Presence::in_effect);
  std::size_t posts = 0;
  for (const auto& request : server.requests()) posts += request.starts_with("POST") ? 1U : 0U;
  EXPECT_EQ(posts, 1U);
}

TEST_F(TicketOpenTest, messages_and_tickets_keep_to_their_channels) {
  HttpServer server([](const std::string&) { return HttpServer::answer("200 OK", "{}"); });
  auto& channel = tracker(server);
  EXPECT_FALSE(deliver(channel, {}, Time{}).has_value());
  channel.kind = NotifyChannel::Kind::webhook;
  EXPECT_EQ(open().error().code, Code::invalid);
  EXPECT_TRUE(server.requests().empty());
  const HttpServer away([](const std::string&) { return HttpServer::answer("301 Away", "", "Location: /\r\n"); });
  channel.url = away.url("/");
  EXPECT_EQ(deliver(channel, {}, Time{}).error().code, Code::denied);  // a message that went nowhere was not delivered
}

}  // namespace
}  // namespace tocsin::responders
