#include "collectors/log/input/log_input.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "collectors/event/field_table.h"

namespace tocsin::collectors {
namespace {

class Input : public testing::Test {
 protected:
  void SetUp() override {
    auto sources = read_decoder_directory(std::string(TOCSIN_SOURCE_DIR) + "/etc/decoders");
    ASSERT_TRUE(sources);
    Diagnostics diagnostics;
    decoders = compile_decoders(*sources, names, diagnostics);
  }

  static std::vector<std::uint8_t> bytes(std::string_view text) { return {text.begin(), text.end()}; }
  // Every event as text, or the error after them.
  std::vector<std::string> read(std::vector<std::uint8_t> content, LogInputOptions options = {}) {
    events.clear();
    error.clear();
    options.name = "file:test";
    if (options.year == 0) options.year = 2024;
    auto input = LogInput::open(source_from_copy(std::move(content)), options, decoders, names);
    if (!input) {
      error = input.error().text();
      return {};
    }
    for (;;) {
      EventBatch batch;
      const auto more = input->next(batch);
      if (!more) error = more.error().text();
      if (!more || !*more) break;
      for (const auto& event : batch.events()) {
        std::string out;
        JsonWriter json(out);
        append_json(json, event, names);
        events.push_back(out);
      }
    }
    counts = input->counts();
    kind = input->kind();
    return events;
  }

  FieldNames names;
  std::shared_ptr<const DecoderSet> decoders;
  std::vector<std::string> events;
  std::string error;
  LogInputCounts counts;
  LogKind kind = LogKind::automatic;
};

constexpr std::string_view auth_lines =
    "Dec 10 06:55:48 web01 sshd[2]: Failed password for root from 203.0.113.9 port 1 ssh2\n"
    "Dec 10 06:55:49 web01 sshd[2]: Accepted password for root from 203.0.113.9 port 1 ssh2";

TEST_F(Input, reads_syslog_and_its_last_line_without_newline) {
  ASSERT_EQ(read(bytes(auth_lines)).size(), 2U);
  EXPECT_EQ(kind, LogKind::syslog);
  EXPECT_NE(events[1].find(R"("event.outcome":"success")"), std::string::npos);
  EXPECT_NE(events[0].find(R"("@timestamp":"2024-12-10T06:55:48.000Z")"), std::string::npos);
}

TEST_F(Input, gives_the_same_bytes_each_time_and_by_any_path) {
  const auto first = read(bytes(auth_lines));
  EXPECT_EQ(read(bytes(auth_lines)), first);
}

TEST_F(Input, host_and_zone_are_taken_from_the_options) {
  read(bytes(auth_lines), {.host = "gate", .zone = TimeZone{std::chrono::hours{3}}, .year = 2020});
  EXPECT_NE(events[0].find(R"("host.name":"gate")"), std::string::npos);
  EXPECT_NE(events[0].find(R"("@timestamp":"2020-12-10T03:55:48.000Z")"), std::string::npos);
}

TEST_F(Input, inflates_gzip_and_zstd) {
  const auto plain = read(bytes(auth_lines));
  std::vector<std::uint8_t> gz(1000);
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
  auto in = bytes(auth_lines);
  z.next_in = in.data();
  z.avail_in = static_cast<uInt>(in.size());
  z.next_out = gz.data();
  z.avail_out = static_cast<uInt>(gz.size());
  deflate(&z, Z_FINISH);
  gz.resize(z.total_out);
  deflateEnd(&z);
  EXPECT_EQ(read(gz), plain);
  std::vector<std::uint8_t> zst(ZSTD_compressBound(auth_lines.size()));
  zst.resize(ZSTD_compress(zst.data(), zst.size(), auth_lines.data(), auth_lines.size(), 3));
  EXPECT_EQ(read(zst), plain);
  gz.resize(gz.size() - 12);  // cut short: what was whole is read, then the error
  EXPECT_LE(read(gz).size(), 2U);
  EXPECT_NE(error.find("too early"), std::string::npos) << error;
}

TEST_F(Input, refuses_binary_data_with_a_next_step) {
  std::string text(
      "\x7f"
      "ELF\0\0\0\x01",
      8);
  EXPECT_TRUE(read(bytes(text)).empty());
  EXPECT_NE(error.find("binary"), std::string::npos);
  EXPECT_TRUE(read({}).empty());
  EXPECT_TRUE(error.empty());
}

TEST_F(Input, reads_json_in_every_arrangement) {
  const std::string a = R"({"user":{"name":"bob"},"n":1,"t":[1,2]})";
  for (const auto& text :
       {a + "\n" + a + "\n", a + a, "[" + a + ",\n" + a + "]",
        "{\n\"user\": {\"name\":\n\"bob\"},\"n\":1,\"t\":[1,2]}\n" + a, "{\"Records\": [" + a + "," + a + "]}"}) {
    ASSERT_EQ(read(bytes(text)).size(), 2U) << text;
    EXPECT_EQ(kind, LogKind::json);
    EXPECT_EQ(counts.broken, 0U);
    EXPECT_NE(events[1].find(R"("user.name":"bob")"), std::string::npos) << events[1];
    EXPECT_NE(events[1].find(R"("t":["1","2"])"), std::string::npos) << events[1];
  }
}

TEST_F(Input, broken_json_is_kept_counted_and_passed) {
  read(bytes("{\"a\":1}\n{\"b\":\n{\"c\":\"x\n{\"d\":4}\nnot json\n{\"e\":5}\n{\"f\""));
  EXPECT_GE(counts.broken, 3U);
  EXPECT_NE(events.front().find(R"("a":1)"), std::string::npos);
  bool found = false;
  for (const auto& e : events) found = found || e.find(R"("e":5)") != std::string::npos;
  EXPECT_TRUE(found);
}

TEST_F(Input, windows_events_get_their_native_names) {
  read(bytes(
      R"({"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing"}},"EventID":4625,)"
      R"("TimeCreated":{"#attributes":{"SystemTime":"2024-03-01T10:00:00.5Z"}},"Channel":"Security","Computer":"dc1"},)"
      R"("EventData":{"TargetUserName":"bob","IpAddress":"203.0.113.9"}}})"));
  ASSERT_EQ(events.size(), 1U);
  for (const std::string_view wanted :
       {R"("EventID":4625)", R"("Channel":"Security")", R"("Provider_Name":"Microsoft-Windows-Security-Auditing")",
        R"("TargetUserName":"bob")", R"("@timestamp":"2024-03-01T10:00:00.500Z")"})
    EXPECT_NE(events[0].find(wanted), std::string::npos) << wanted << " in " << events[0];
}

TEST_F(Input, joins_audit_records) {
  read(
      bytes("type=SYSCALL msg=audit(1700000000.100:7): arch=c000003e syscall=59 success=yes exit=0 a0=1 ppid=1 pid=2 "
            "auid=1000 uid=0 "
            "euid=0 tty=pts0 ses=3 comm=\"cat\" exe=\"/usr/bin/cat\" key=\"exec\"\n"
            "type=EXECVE msg=audit(1700000000.100:7): argc=2 a0=\"cat\" a1=2F6574632F736861646F77\n"
            "type=CWD msg=audit(1700000000.100:7): cwd=\"/root\"\n"
            "type=PATH msg=audit(1700000000.100:7): item=0 name=\"/usr/bin/cat\" nametype=NORMAL\n"
            "type=PROCTITLE msg=audit(1700000000.100:7): proctitle=636174002F6574632F736861646F77\n"));
  ASSERT_EQ(events.size(), 6U);
  const auto& process = events.back();
  for (const std::string_view wanted :
       {R"("event.dataset":"auditd.process")", R"("process.command_line":"cat /etc/shadow")",
        R"("process.args":["cat","/etc/shadow"])", R"("process.working_directory":"/root")", R"("user.name":"root")",
        R"("user.audit.id":"1000")"})
    EXPECT_NE(process.find(wanted), std::string::npos) << wanted << " in " << process;
  EXPECT_NE(events[0].find(R"("SYSCALL":"execve")"), std::string::npos);
  EXPECT_NE(events[1].find(R"("a1":"/etc/shadow")"), std::string::npos);
}

TEST_F(Input, secrets_are_masked_unless_asked) {
  const auto line =
      bytes("203.0.113.9 - - [10/Oct/2023:13:55:36 +0000] \"GET /login?user=a&password=Secret1 HTTP/1.1\" 200 1");
  read(line);
  EXPECT_EQ(events[0].find("Secret1"), std::string::npos);
  EXPECT_EQ(counts.masked, 1U);
  read(line, {.masking = Masking::off});
  EXPECT_NE(events[0].find("Secret1"), std::string::npos);
}

TEST_F(Input, one_endless_line_costs_bounded_memory) {
  std::uint64_t left = 64ULL << 20;
  auto input = LogInput::open(source_from_callback([&](std::span<std::uint8_t> out) -> Result<std::size_t> {
                                const auto n = std::min<std::uint64_t>(out.size(), left);
                                std::fill_n(out.begin(), n, 'x');
                                left -= n;
                                return n;
                              }),
                              {.name = "long", .kind = LogKind::syslog}, decoders, names);
  ASSERT_TRUE(input);
  EventBatch batch;
  ASSERT_TRUE(input->next(batch).value());
  EXPECT_EQ(batch.size(), 1U);
  EXPECT_LT(batch.arena().capacity(), 1U << 20);
  EXPECT_EQ(input->counts().truncated, 1U);
}

}  // namespace
}  // namespace tocsin::collectors
