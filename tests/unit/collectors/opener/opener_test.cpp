#include "collectors/opener/opener.h"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "collectors/opener/client.h"
#include "collectors/opener/server.h"

namespace tocsin::collectors {
namespace {

namespace fs = std::filesystem;

class OpenerTest : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/tocsin-opener-XXXXXX";
    top_ = fs::canonical(::mkdtemp(pattern)).string();
    fs::create_directories(top_ + "/log/sub");
    write("log/a.log", "one");
    write("log/b.log", "two");
    write("log/secret", "no");
    allowed_.logs = {top_ + "/log/*.log"};
    allowed_.journals = {top_ + "/journal"};
    allowed_.sockets = {top_ + "/run"};
    allowed_.outputs = {top_ + "/state"};
    fs::create_directories(top_ + "/run");
    fs::create_directories(top_ + "/state");
  }
  void TearDown() override { fs::remove_all(top_); }
  void write(const std::string& name, const std::string& text) { std::ofstream(top_ + "/" + name) << text; }
  Code refusal(const std::string& path) {
    auto client = OpenerClient::local(allowed_, clock_);
    const auto opened = client.open_log(path);
    EXPECT_FALSE(opened) << path;
    return opened ? Code::failure : opened.error().code;
  }

  std::string top_;
  AllowList allowed_;
  ManualClock clock_;
};

// An opener behind its socket, in a thread; gone with the object.
class Running {
 public:
  Running(const std::string& path, const AllowList& allowed, Log& log) : opener_(allowed, clock_) {
    OpenerServerOptions options;
    auto listener = listen_for_tocsind(path);
    EXPECT_TRUE(listener) << listener.error().text();
    options.listener = std::move(*listener);
    int ends[2] = {};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    options.signals = OwnedDescriptor(ends[0]);
    stop_ = OwnedDescriptor(ends[1]);
    thread_ = std::jthread(
        [this, &log, given = std::move(options)]() mutable { EXPECT_TRUE(serve(std::move(given), opener_, log)); });
  }
  // The loop takes what it reads for a signal; zeroes are none to reload at.
  ~Running() {
    const signalfd_siginfo none{};
    EXPECT_EQ(::write(stop_.get(), &none, sizeof none), static_cast<ssize_t>(sizeof none));
  }

 private:
  ManualClock clock_;
  Opener opener_;
  OwnedDescriptor stop_;
  std::jthread thread_;
};

TEST_F(OpenerTest, opens_what_the_list_names) {
  auto client = OpenerClient::local(allowed_, clock_);
  const auto opened = client.open_log(top_ + "/log/a.log");
  ASSERT_TRUE(opened) << opened.error().text();
  char text[8] = {};
  EXPECT_EQ(::read(opened->get(), text, sizeof text), 3);
  EXPECT_EQ(std::string(text), "one");
}

TEST_F(OpenerTest, refuses_what_the_list_does_not_name) {
  EXPECT_EQ(refusal(top_ + "/log/secret"), Code::denied);
  EXPECT_EQ(refusal("/etc/shadow"), Code::denied);
  EXPECT_EQ(refusal(top_ + "/log/../log/a.log"), Code::denied);
  EXPECT_EQ(refusal(top_ + "/log/sub/x.log"), Code::denied);
  EXPECT_EQ(refusal(top_ + "/log//a.log"), Code::denied);
  EXPECT_EQ(refusal("log/a.log"), Code::denied);
  EXPECT_EQ(refusal(top_ + "/log/missing.log"), Code::not_found);
  EXPECT_EQ(refusal(top_ + "/log/a.log" + std::string(1, '\0') + "x.log"), Code::denied);
}

TEST_F(OpenerTest, links_are_followed_only_to_allowed_files) {
  fs::create_symlink(top_ + "/log/secret", top_ + "/log/trap.log");
  fs::create_symlink(top_ + "/log/a.log", top_ + "/log/good.log");
  EXPECT_EQ(refusal(top_ + "/log/trap.log"), Code::denied);
  auto client = OpenerClient::local(allowed_, clock_);
  EXPECT_TRUE(client.open_log(top_ + "/log/good.log"));
}

TEST_F(OpenerTest, a_directory_may_not_be_a_link_either) {
  fs::create_directory_symlink(top_ + "/log", top_ + "/linked");
  write("log/sub/c.log", "three");
  allowed_.logs = {top_ + "/linked/a.log", top_ + "/log/sub/*.log"};
  allowed_.journals = {top_ + "/linked"};
  EXPECT_EQ(refusal(top_ + "/linked/a.log"), Code::denied) << "what it leads to is not allowed";
  auto client = OpenerClient::local(allowed_, clock_);
  EXPECT_FALSE(client.open_journal(top_ + "/linked"));
  EXPECT_TRUE(client.open_log(top_ + "/log/sub/c.log"));
  allowed_.logs.push_back(top_ + "/log/a.log");
  EXPECT_TRUE(OpenerClient::local(allowed_, clock_).open_log(top_ + "/linked/a.log"));
}

TEST_F(OpenerTest, a_log_that_is_not_there_is_not_found) {
  allowed_.logs.push_back(top_ + "/log/a.log/deeper");
  EXPECT_EQ(refusal(top_ + "/log/later.log"), Code::not_found);
  EXPECT_EQ(refusal(top_ + "/log/a.log/deeper"), Code::failure);
}

TEST_F(OpenerTest, only_ordinary_files_are_logs) {
  ASSERT_EQ(::mkfifo((top_ + "/log/pipe.log").c_str(), 0600), 0);
  EXPECT_EQ(refusal(top_ + "/log/pipe.log"), Code::denied);
}

TEST_F(OpenerTest, lists_only_its_own_globs) {
  auto client = OpenerClient::local(allowed_, clock_);
  const auto names = client.list_logs(allowed_.logs[0]);
  ASSERT_TRUE(names);
  EXPECT_EQ(*names, (std::vector<std::string>{top_ + "/log/a.log", top_ + "/log/b.log"}));
  EXPECT_EQ(client.list_logs("/etc/*").error().code, Code::denied);
}

TEST_F(OpenerTest, opens_the_journal_with_its_newest_files) {
  fs::create_directories(top_ + "/journal/0123");
  write("journal/0123/system.journal", "j");
  write("journal/0123/notes.txt", "n");
  auto client = OpenerClient::local(allowed_, clock_);
  const auto journal = client.open_journal(top_ + "/journal");
  ASSERT_TRUE(journal) << journal.error().text();
  ASSERT_EQ(journal->files.size(), 1U);
  EXPECT_TRUE(journal->names[0].ends_with("0123/system.journal"));
  EXPECT_EQ(client.open_journal("/etc").error().code, Code::denied);
}

TEST_F(OpenerTest, binds_and_makes_directories_only_inside_its_own) {
  auto client = OpenerClient::local(allowed_, clock_);
  EXPECT_TRUE(client.bind_socket(top_ + "/run/control.sock"));
  EXPECT_EQ(client.bind_socket(top_ + "/control.sock").error().code, Code::denied);
  EXPECT_TRUE(client.open_output(top_ + "/state/reports"));
  EXPECT_EQ(client.open_output("/etc").error().code, Code::denied);
  EXPECT_EQ(client.open_output(top_ + "/state/../log").error().code, Code::denied);
}

TEST_F(OpenerTest, an_interface_that_is_not_configured_is_refused) {
  auto client = OpenerClient::local(allowed_, clock_);
  RingRequest request;
  request.interface = "lo";
  EXPECT_EQ(client.open_rings(request).error().code, Code::denied);
}

TEST_F(OpenerTest, a_client_finds_an_opener_that_was_restarted) {
  const ManualClock clock;
  Log log(clock, LogLevel::error, LogPrefix::plain);
  const std::string path = top_ + "/opener.sock";
  auto stop = std::make_unique<Running>(path, allowed_, log);
  auto client = OpenerClient::connect(path, std::chrono::seconds{10});
  ASSERT_TRUE(client) << client.error().text();
  ASSERT_TRUE(client->open_log(top_ + "/log/a.log"));
  stop = nullptr;
  const auto missing = client->open_log(top_ + "/log/a.log");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::unreachable);
  const Running again(path, allowed_, log);
  const auto found = client->open_log(top_ + "/log/b.log");
  EXPECT_TRUE(found) << found.error().text();
  // A refusal is an answer, not a broken connection.
  EXPECT_EQ(client->open_log(top_ + "/log/secret").error().code, Code::denied);
}

TEST(OpenerMessage, survives_the_way_there_and_back) {
  const auto request = decode_request(as_bytes(encode_request({OpenerRequestKind::list_logs, {"/a", ""}})));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->fields, (std::vector<std::string>{"/a", ""}));
  OpenerReply refused;
  refused.error = Error(Code::denied, "no");
  const auto reply = decode_reply(as_bytes(encode_reply(refused)));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->error->code, Code::denied);
}

TEST(OpenerMessage, damaged_ones_are_refused) {
  const auto good = encode_request({OpenerRequestKind::open_log, {"/var/log/auth.log"}});
  for (std::size_t cut = 0; cut < good.size(); ++cut)
    EXPECT_FALSE(decode_request(as_bytes(good.substr(0, cut)))) << cut;
  EXPECT_FALSE(decode_request(as_bytes(good + "x")));
  auto kind = good;
  kind[4] = 99;
  EXPECT_FALSE(decode_request(as_bytes(kind)));
  auto length = good;
  length[7] = '\x7f';
  EXPECT_FALSE(decode_request(as_bytes(length)));
}

TEST(OpenerMessage, carries_descriptors) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
  const OwnedDescriptor a(ends[0]);
  const OwnedDescriptor b(ends[1]);
  std::vector<OwnedDescriptor> files;
  files.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(send_datagram(a.get(), "hello", files));
  const auto got = receive_datagram(b.get());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->bytes, "hello");
  EXPECT_EQ(got->descriptors.size(), 1U);
}

TEST(AllowList, defaults_equal_the_shipped_configuration) {
  std::ifstream in(TOCSIN_SOURCE_DIR "/etc/tocsin.yaml");
  std::stringstream text;
  text << in.rdbuf();
  const auto shipped = parse_allow_list(text.str());
  const auto built_in = parse_allow_list("");
  ASSERT_TRUE(shipped) << shipped.error().text();
  ASSERT_TRUE(built_in) << built_in.error().text();
  EXPECT_EQ(*shipped, *built_in);
}

TEST(AllowList, follows_the_configuration) {
  const auto list = parse_allow_list(
      "collect:\n  interfaces: [{name: eth1}]\n  logs: [{paths: [/srv/*.log]}]\n  journald: {enabled: false}\n"
      "  audit: {enabled: no}\n");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->logs, std::vector<std::string>{"/srv/*.log"});
  EXPECT_EQ(list->interfaces, std::vector<std::string>{"eth1"});
  EXPECT_TRUE(list->journals.empty());
  EXPECT_FALSE(list->allows_log("/srv/a/b.log"));
  EXPECT_FALSE(list->allows_log("/srv/.hidden.log"));
  EXPECT_FALSE(parse_allow_list("collect:\n  logs: [{paths: [relative.log]}]\n"));
  EXPECT_FALSE(parse_allow_list("a: [\n"));
}

}  // namespace
}  // namespace tocsin::collectors
