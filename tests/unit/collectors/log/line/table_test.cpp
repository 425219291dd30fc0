#include "collectors/log/line/table.h"

#include <gtest/gtest.h>

#include "collectors/log/line/line_decoder.h"

namespace tocsin::collectors {
namespace {

// Lines of one source, each as JSON of its one event.
class Table : public testing::Test {
 protected:
  void SetUp() override {
    auto sources = read_decoder_directory(std::string(TOCSIN_SOURCE_DIR) + "/etc/decoders");
    ASSERT_TRUE(sources);
    Diagnostics diagnostics;
    decoders = compile_decoders(*sources, names, diagnostics);
    decoder = make();
  }
  std::unique_ptr<LineDecoder> make() {
    return std::make_unique<LineDecoder>(decoders, names,
                                         LineSource{.name = "file:t.log", .clock = LineClock(TimeZone{}, 2024)});
  }

  const Event& read(std::string_view line) {
    batch = EventBatch();
    EventBuilder builder(batch);
    decoder->decode(line, hash128(line), Time{}, builder);
    return batch.events().front();
  }
  void head(const std::vector<std::string_view>& lines) {
    for (const auto line : lines) EXPECT_EQ(read(line).header().dataset, "table.header") << line;
  }
  std::string value(std::string_view name) {
    const auto field = names.find(name);
    const Value* found = field ? batch.events().front().find(*field) : nullptr;
    return found == nullptr ? "absent" : render_text(*found);
  }

  FieldNames names;
  std::shared_ptr<const DecoderSet> decoders;
  std::unique_ptr<LineDecoder> decoder;
  EventBatch batch;
};

const std::vector<std::string_view> dns_header{
    "#separator \\x09",
    "#set_separator\t,",
    "#empty_field\t(empty)",
    "#unset_field\t-",
    "#path\tdns",
    "#open\t2024-05-01-10-00-00",
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tquery\ttrans_id\tAA\tanswers\tTTLs",
    "#types\ttime\tstring\taddr\tport\taddr\tport\tstring\tcount\tbool\tvector[string]\tvector[interval]"};

TEST_F(Table, zeek_row_is_what_the_same_record_is_as_json) {
  head(dns_header);
  read("1714557600.5\tC1\t192.0.2.5\t5353\t198.51.100.1\t53\ta.example\t7\tT\t203.0.113.1,203.0.113.2\t60.0,-");
  EXPECT_EQ(batch.events().front().header().dataset, "zeek.dns");
  EXPECT_EQ(render_time(batch.events().front().header().observed), "2024-05-01T10:00:00.500Z");
  EXPECT_EQ(value("source.ip"), "192.0.2.5");
  EXPECT_EQ(value("destination.port"), "53");
  EXPECT_EQ(value("dns.question.name"), "a.example");
  EXPECT_EQ(value("AA"), "true");
  EXPECT_EQ(value("_path"), "dns");
  const Value* answers = batch.events().front().find(*names.find("answers"));
  ASSERT_NE(answers, nullptr);
  EXPECT_EQ(answers->items().size(), 2U);
}

TEST_F(Table, unset_is_absent_and_empty_is_empty) {
  head(dns_header);
  read("1714557600.5\tC1\t192.0.2.5\t5353\t198.51.100.1\t53\t(empty)\t-\t-\t(empty)\t-");
  EXPECT_EQ(value("query"), "");
  EXPECT_EQ(value("trans_id"), "absent");
  EXPECT_EQ(value("AA"), "absent");
  EXPECT_EQ(value("answers"), "absent");
}

TEST_F(Table, escapes_are_undone) {
  head(dns_header);
  read("1714557600.5\tC1\t192.0.2.5\t5353\t198.51.100.1\t53\ta\\x09b\\\\c\\xzz\t7\tF\tx\\x2cy,z\t-");
  EXPECT_EQ(value("query"), "a\tb\\c\\xzz");
  EXPECT_EQ(batch.events().front().find(*names.find("answers"))->items().front().as_text(), "x,y");
}

TEST_F(Table, a_row_with_more_or_fewer_columns_is_kept_as_text) {
  head(dns_header);
  for (const std::string_view line :
       {"1\tC1\t192.0.2.5", "1\tC1\t192.0.2.5\t1\t198.51.100.1\t53\tq\t7\tT\ta\t-\tmore"}) {
    const auto& event = read(line);
    EXPECT_NE(event.header().dataset, "zeek.dns");
    EXPECT_EQ(event.original(), line);
    EXPECT_EQ(value("query"), "absent");
  }
}

TEST_F(Table, without_a_header_rows_are_text) {
  read("1714557600.5\tC1\t192.0.2.5\t5353\t198.51.100.1\t53\ta.example\t7\tT\t203.0.113.1\t60.0");
  EXPECT_EQ(value("query"), "absent");
  // And a header further down is none: whoever can write a line into a log must not choose how the next are read.
  EXPECT_NE(read("#fields\ta\tb").header().dataset, "table.header");
  read("x\ty");
  EXPECT_EQ(value("a"), "absent");
}

TEST_F(Table, the_last_header_holds) {
  head(dns_header);
  head({"#separator \\x7c", "#path|conn", "#fields|ts|uid|id.orig_h|id.resp_h|conn_state",
        "#types|time|string|addr|addr|string"});
  read("1714557600.5|C1|192.0.2.5|198.51.100.1|SF");
  EXPECT_EQ(batch.events().front().header().dataset, "zeek.conn");
  EXPECT_EQ(value("conn_state"), "SF");
}

TEST_F(Table, types_that_lie_leave_text) {
  head({"#separator \\x09", "#fields\tn\tr\tb", "#types\tcount\tdouble\tbool"});
  read("many\tmore\tmaybe");
  EXPECT_EQ(value("n"), "many");
  EXPECT_EQ(value("r"), "more");
  EXPECT_EQ(value("b"), "maybe");
  head({"#types\tcount"});  // fewer types than columns
  read("1\t2\tT");
  EXPECT_EQ(value("n"), "1");
  EXPECT_EQ(value("b"), "T");
}

TEST_F(Table, a_header_of_too_many_columns_makes_no_table) {
  std::string names_line = "#fields";
  for (std::size_t i = 0; i <= LogTable::columns_most; ++i) names_line += "\tc" + std::to_string(i);
  head({"#separator \\x09"});
  read(names_line);
  std::string row = "v";
  for (std::size_t i = 0; i < LogTable::columns_most; ++i) row += "\tv";
  read(row);
  EXPECT_EQ(value("c0"), "absent");
}

TEST_F(Table, one_column_makes_no_table) {
  head({"#separator \\x09", "#fields\tall"});
  read("anything at all");
  EXPECT_EQ(value("all"), "absent");
}

TEST_F(Table, a_source_that_starts_anew_decides_anew) {
  head(dns_header);
  decoder->at(0);
  read("1714557600.5\tC1\t192.0.2.5\t5353\t198.51.100.1\t53\ta.example\t7\tT\t203.0.113.1\t60.0");
  EXPECT_EQ(value("query"), "absent");
}

TEST_F(Table, reading_on_takes_the_header_from_the_front) {
  std::string text;
  for (const auto line : dns_header) text += std::string(line) + "\n";
  decoder->resume(text + "1\tx\n", "1\tcut\n1\tx\n");
  read("1714557600.5\tC1\t192.0.2.5\t5353\t198.51.100.1\t53\ta.example\t7\tT\t203.0.113.1\t60.0");
  EXPECT_EQ(value("query"), "a.example");
  decoder->resume(text, "1\tcut\n#fields\tts\tword\n#types\ttime\tstring\n1\tx\n");  // changed on the way
  read("1714557600.5\tb.example");
  EXPECT_EQ(value("word"), "b.example");
  decoder->resume("no table\n", "#fields\ta\tb\n#fields\ta\tb\n");
  read("x\ty");
  EXPECT_EQ(value("a"), "absent");
}

TEST_F(Table, w3c_rows_have_quotes_and_plus_signs) {
  head({"#Software: Microsoft Internet Information Services 10.0", "#Version: 1.0",
        "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent) sc-win32-status"});
  read("2024-05-01 10:00:00 203.0.113.9 GET /a.php id=1+union+select 404 Mozilla/5.0+(X11) 0");
  EXPECT_EQ(batch.events().front().header().dataset, "iis.access");
  EXPECT_EQ(render_time(batch.events().front().header().observed), "2024-05-01T10:00:00.000Z");
  EXPECT_EQ(value("source.ip"), "203.0.113.9");
  EXPECT_EQ(value("url.original"), "/a.php?id=1+union+select");
  EXPECT_EQ(value("user_agent.original"), "Mozilla/5.0 (X11)");
  read("2024-05-01 10:00:00 203.0.113.9 GET /a.php - 200 \"curl/8 (a b)\" 0");
  EXPECT_EQ(value("user_agent.original"), "curl/8 (a b)");
  EXPECT_EQ(value("url.original"), "/a.php");
}

}  // namespace
}  // namespace tocsin::collectors
