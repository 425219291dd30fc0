#include "collectors/packet/protocol/brotli.h"

#include <gtest/gtest.h>

#include "collectors/base/text.h"
#include "tests/unit/collectors/packet/parser_bench.h"

namespace tocsin::collectors::testing {
namespace {

const std::string content = "brotli brotli brotli hello hello hello";
const std::string packed(
    "\x1b\x25\x00\x00\x04\x1c\x87\xd7\xbb\xfb\xee\x8b\x88\x94\x83\x04\x23\x4f\x12\x89\x77\xb4\x3e\x26\xa3\x07", 26);

TEST(Brotli, InPiecesOfAnySize) {
  for (const std::size_t step : {1U, 7U, 100U}) {
    BrotliStream stream;
    std::string out;
    const auto take = [&](Bytes part) { out += as_text(part); };
    for (std::size_t at = 0; at < packed.size(); at += step)
      EXPECT_TRUE(stream.add(as_bytes(packed).subspan(at, std::min(step, packed.size() - at)), take));
    EXPECT_EQ(out, content);
    EXPECT_TRUE(stream.add(as_bytes("behind the end"), take));
    EXPECT_EQ(out, content);
  }
}

TEST(Brotli, WhatIsNoneEnds) {
  BrotliStream stream;
  const auto take = [](Bytes) {};
  EXPECT_FALSE(stream.add(as_bytes("\xff\xff\xff\xff this is none"), take));
  EXPECT_FALSE(stream.add(as_bytes(packed), take));
}

TEST(Brotli, EveryCutIsSurvived) {
  for (std::size_t size = 0; size < packed.size(); ++size) {
    BrotliStream stream;
    std::string out;
    EXPECT_TRUE(stream.add(as_bytes(packed).first(size), [&](Bytes part) { out += as_text(part); }));
    EXPECT_TRUE(content.starts_with(out));
  }
}

TEST(Brotli, BodiesOfHttp) {
  for (const std::string& body : {packed, std::string("\xff\xff\xff\xff none")}) {
    ParserBench bench(Protocol::http);
    bench.client("GET /f HTTP/1.1\r\nHost: x\r\n\r\n");
    bench.server("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n\r\n" + body);
    ASSERT_EQ(bench.files.size(), 1U);
    EXPECT_EQ(bench.files[0].content, body == packed ? content : body);
    EXPECT_EQ(bench.text("http.response_body"), body == packed ? content : body);
  }
}

}  // namespace
}  // namespace tocsin::collectors::testing
