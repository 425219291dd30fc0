#include "collectors/base/byte_source.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <random>
#include <string>

namespace tocsin {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstandard(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

struct Read {
  std::string text;
  std::optional<Error> error;
};

Read drain(ByteSource& source, std::size_t piece) {
  Read out;
  std::vector<std::uint8_t> buffer(piece);
  for (;;) {
    const auto count = source.read(buffer);
    if (!count) out.error = count.error();
    if (!count || *count == 0) return out;
    out.text += as_text(Bytes(buffer).first(*count));
  }
}

// As a slow pipe would give it: `step` bytes at a time.
std::unique_ptr<ByteSource> dripping(std::string bytes, std::size_t step) {
  return source_from_callback([bytes = std::move(bytes), step,
                               at = std::size_t{0}](std::span<std::uint8_t> out) mutable -> Result<std::size_t> {
    const auto count = std::min({step, out.size(), bytes.size() - at});
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), count, out.begin());
    at += count;
    return count;
  });
}

Read inflate(const std::string& bytes, std::uint64_t most = inflated_any) {
  const auto source = inflating_source(source_from_memory(as_bytes(bytes)), most);
  return drain(*source, 4096);
}

std::string sample(std::size_t size) {
  std::mt19937 random(5);
  std::string out;
  while (out.size() < size) out += std::to_string(random() % 1000) + (random() % 7 == 0 ? "\n" : " ");
  return out;
}

TEST(ByteSource, every_origin_gives_the_bytes_once) {
  const auto text = sample(100'000);
  const auto memory = source_from_memory(as_bytes(text));
  EXPECT_EQ(drain(*memory, 777).text, text);
  const auto copy = source_from_copy({text.begin(), text.end()});
  EXPECT_EQ(drain(*copy, 777).text, text);
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], text.data(), 5000), 5000);
  ::close(ends[1]);
  const auto pipe = source_from_descriptor(ends[0], DescriptorOwner::source);
  EXPECT_EQ(drain(*pipe, 777).text, text.substr(0, 5000));
  const auto closed = source_from_descriptor(-1, DescriptorOwner::caller);
  EXPECT_TRUE(drain(*closed, 10).error.has_value());
}

TEST(InflatingSource, finds_the_form_by_content_whatever_the_pieces) {
  const auto text = sample(300'000);
  for (const auto& packed :
       {text, gzip(text), zstandard(text), gzip(text.substr(0, 1000)) + gzip(text.substr(1000)),
        zstandard(text.substr(0, 1000)) + zstandard(text.substr(1000)), gzip(text) + std::string(1000, '\0')}) {
    for (const std::size_t step : {1U, 3U, 4096U, 1U << 20}) {
      const auto source = inflating_source(dripping(packed, step), inflated_any);
      const auto read = drain(*source, step == 1 ? 1 : 5000);
      EXPECT_FALSE(read.error) << read.error->message;
      EXPECT_EQ(read.text == text, true) << read.text.size();
    }
  }
  for (const std::string& text_of : {std::string(), std::string("a"), std::string("\x1f\x8b"), std::string("\x28\xb5")})
    EXPECT_EQ(inflate(text_of).text, text_of);
  EXPECT_EQ(inflate(gzip("")).text, "");
  EXPECT_FALSE(inflate(zstandard("")).error);
}

TEST(InflatingSource, a_cut_gives_what_was_whole_then_says_so) {
  const auto text = sample(300'000);
  for (const auto& packed : {gzip(text), zstandard(text)}) {
    for (std::size_t size = 4; size < packed.size(); size += packed.size() / 37 + 1) {
      const auto read = inflate(packed.substr(0, size));
      ASSERT_TRUE(read.error);
      EXPECT_EQ(read.error->code, Code::invalid);
      EXPECT_TRUE(text.starts_with(read.text));
    }
    EXPECT_GT(inflate(packed.substr(0, packed.size() - 6)).text.size(), text.size() / 2);
  }
}

TEST(InflatingSource, damage_is_reported_after_the_bytes_before_it_and_stays) {
  const auto text = sample(300'000);
  for (auto packed : {gzip(text), zstandard(text)}) {
    for (std::size_t i = packed.size() / 2; i < packed.size(); ++i) packed[i] = static_cast<char>(packed[i] ^ 0x5A);
    const auto source = inflating_source(source_from_memory(as_bytes(packed)), inflated_any);
    const auto read = drain(*source, 4096);
    ASSERT_TRUE(read.error);
    EXPECT_EQ(read.error->code, Code::invalid);
    EXPECT_GT(read.text.size(), 0U);
    EXPECT_TRUE(drain(*source, 4096).error.has_value());
    // Neither the pieces that come nor those that are asked for change what is given.
    for (const std::size_t step : {1U, 13U, 5000U})
      EXPECT_EQ(drain(*inflating_source(dripping(packed, step), inflated_any), 1 << 20).text, read.text);
  }
}

TEST(InflatingSource, damage_in_the_header_of_a_block_spares_the_block_before_it) {
  using namespace std::string_literals;
  const auto raw = "sixteen bytes it\n"s.substr(0, 16);
  const auto packed = "\x28\xB5\x2F\xFD\x04\x01\x80\x00\x00"s + raw + "\xDD\x86\x5B and whatever lies behind it";
  for (const std::size_t step : {1U, 13U, 5000U}) {
    const auto read = drain(*inflating_source(dripping(packed, step), inflated_any), 4096);
    EXPECT_TRUE(read.error);
    EXPECT_EQ(read.text, raw);
  }
}

TEST(InflatingSource, the_bound_holds_for_both_forms) {
  const std::string bomb(4'000'000, 'x');
  for (const auto& packed : {gzip(bomb), zstandard(bomb)}) {
    const auto read = inflate(packed, 1'000'000);
    ASSERT_TRUE(read.error);
    EXPECT_EQ(read.error->code, Code::exhausted);
    EXPECT_LE(read.text.size(), 1'000'000U);
    EXPECT_GT(read.text.size(), 900'000U);
    EXPECT_FALSE(inflate(packed, bomb.size()).error);
  }
  EXPECT_EQ(inflate(bomb, 10).text.size(), bomb.size());  // the bound is for what is inflated
}

TEST(InflatingSource, errors_of_the_origin_pass_through) {
  const auto source = inflating_source(source_from_descriptor(-1, DescriptorOwner::caller), inflated_any);
  const auto read = drain(*source, 10);
  ASSERT_TRUE(read.error);
  EXPECT_NE(read.error->code, Code::invalid);
}

TEST(CompressionOf, knows_the_magics) {
  EXPECT_EQ(compression_of(as_bytes(gzip("x"))), Compression::gzip);
  EXPECT_EQ(compression_of(as_bytes(zstandard("x"))), Compression::zstandard);
  EXPECT_EQ(compression_of(as_bytes("abcd")), Compression::none);
  EXPECT_EQ(compression_of({}), Compression::none);
}

}  // namespace
}  // namespace tocsin
