// What is passed on by an action: the guard writes down which document it was, and sends what was agreed to.
#include "collectors/base/digest.h"
#include "responders/guard/protocol.h"
#include "tests/unit/responders/guard/rules_fixture.h"

namespace tocsin::responders {
namespace {

class DocumentTest : public RulesTest {
 protected:
  static ActionRequest share(std::string document, std::string key) {
    auto out = request("share.stix", {{"channel", "partners"}, {"incident", "INC-2026-0001"}}, std::move(key));
    out.document = std::move(document);
    return out;
  }
  static std::string kept_digest(const Guard& guard, const std::string& key) {
    for (const auto& [name, text] : guard.ledger().find(key)->request.parameters)
      if (name == "bundle") return text;
    return {};
  }
};

TEST_F(DocumentTest, the_first_document_under_a_key_stands) {
  policy_.modes["share.stix"] = GuardMode::approve;
  auto guard = open();
  EXPECT_EQ(state(*guard, share("one", "k")), Outcome::State::pending);
  // The incident went on meanwhile: what an approver looks at stays what it was.
  EXPECT_EQ(state(*guard, share("two", "k")), Outcome::State::pending);
  EXPECT_EQ(kept_digest(*guard, "k"), render_digest(sha256(as_bytes(std::string_view("one")))));
  EXPECT_EQ(fakes_["share.stix"]->kept, std::vector<std::string>{"one"});
  ASSERT_TRUE(guard->approve("k", "read it", peer(2000)).has_value());
  EXPECT_EQ(state(*guard, share("three", "k")), Outcome::State::already);
  EXPECT_EQ(fakes_["share.stix"]->kept.size(), 1U);
}

TEST_F(DocumentTest, what_is_refused_is_not_kept) {
  policy_.modes["share.stix"] = GuardMode::rehearse;
  auto guard = open();
  EXPECT_FALSE(guard->apply(share("one", "k"), peer(1000)).has_value());
  EXPECT_TRUE(fakes_["share.stix"]->kept.empty());
  policy_.modes["share.stix"] = GuardMode::automatic;
  EXPECT_EQ(guard->apply(share(std::string(document_bytes_most + 1, 'x'), "l"), peer(1000)).error().code,
            Code::exhausted);
  auto named = share("one", "m");
  named.parameters.emplace_back("bundle", std::string(64, 'a'));
  EXPECT_EQ(guard->apply(named, peer(1000)).error().code, Code::invalid);
  auto other = block("203.0.113.5", "n");
  other.document = "one";
  EXPECT_FALSE(guard->apply(other, peer(1000)).has_value());
}

TEST_F(DocumentTest, it_passes_over_the_socket) {
  GuardRequest asked;
  asked.kind = GuardRequest::Kind::apply;
  asked.request = share("{\"a\":\"\\u0000\"}\n", "k");
  EXPECT_EQ(parse_request(render_request(asked))->request.document, asked.request.document);
  asked.request.document.assign(document_bytes_most, '"');
  EXPECT_TRUE(make_frame(render_request(asked)).has_value());
}

}  // namespace
}  // namespace tocsin::responders
