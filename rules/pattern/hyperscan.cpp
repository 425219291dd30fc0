#include "rules/pattern/hyperscan.h"

#include <hs/hs.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "collectors/base/assert.h"
#include "collectors/base/digest.h"
#include "collectors/base/text.h"

namespace tocsin::rules {
namespace {

unsigned flags_of(const HyperscanExpression& expression) {
  unsigned flags = HS_FLAG_SINGLEMATCH;
  if (expression.utf8) flags |= HS_FLAG_UTF8;
  if (expression.ignore_case) flags |= HS_FLAG_CASELESS;
  if (expression.multiline) flags |= HS_FLAG_MULTILINE;
  if (expression.dot_all) flags |= HS_FLAG_DOTALL;
  if (expression.allow_empty) flags |= HS_FLAG_ALLOWEMPTY;
  return flags;
}

// The arrays that the library wants.
struct Arrays {
  std::vector<const char*> texts;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
};

// A database of a handful of patterns takes a millisecond to compile: twenty times what it takes to read one.
constexpr std::size_t worth_keeping = 4;

// All that a database depends on.
std::string key_of(const Arrays& arrays) {
  Sha256Stream out;
  const auto number = [&](std::uint64_t value) {
    std::array<std::uint8_t, sizeof value> bytes{};
    std::memcpy(bytes.data(), &value, sizeof value);
    out.update(bytes);
  };
  hs_platform_info_t platform{};
  hs_populate_platform(&platform);
  out.update(as_bytes(hs_version()));
  number(platform.tune);
  number(platform.cpu_features);
  for (std::size_t i = 0; i < arrays.texts.size(); ++i) {
    const std::string_view text = arrays.texts[i];
    number(arrays.ids[i]);
    number(arrays.flags[i]);
    number(text.size());
    out.update(as_bytes(text));
  }
  return render_digest(out.finish());
}

HyperscanProblem take_problem(hs_compile_error_t* error) {
  HyperscanProblem out{"Hyperscan gives no reason", std::nullopt};
  if (error == nullptr) return out;
  if (error->message != nullptr) out.message = error->message;
  if (error->expression >= 0) out.index = static_cast<std::size_t>(error->expression);
  hs_free_compile_error(error);
  return out;
}

// Every byte as \xHH: nothing in it means anything else.
std::string escaped(Bytes bytes) {
  std::string out;
  out.reserve(4 * bytes.size());
  for (const auto byte : bytes) out.append("\\x").append(to_hex(&byte, 1));
  return out;
}

int on_match(unsigned id, unsigned long long, unsigned long long, unsigned, void* found) {
  static_cast<std::vector<std::uint32_t>*>(found)->push_back(id);
  return 0;
}

}  // namespace

bool hyperscan_usable() noexcept { return hs_valid_platform() == HS_SUCCESS; }

bool hyperscan_accepts(const HyperscanExpression& expression) {
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  const bool good =
      hs_expression_info(expression.text.c_str(), flags_of(expression), &info, &error) == HS_SUCCESS && info != nullptr;
  std::free(info);  // NOLINT: the library's allocator
  hs_free_compile_error(error);
  return good;
}

void HyperscanScratch::Free::operator()(hs_scratch* scratch) const noexcept { hs_free_scratch(scratch); }
void HyperscanDatabase::Free::operator()(hs_database* database) const noexcept { hs_free_database(database); }

HyperscanDatabase HyperscanDatabase::from_cache(const PatternCache* cache, const std::string& key) {
  HyperscanDatabase out;
  if (key.empty()) return out;
  const auto bytes = cache->read(key);
  hs_database_t* database = nullptr;
  if (bytes &&
      hs_deserialize_database(reinterpret_cast<const char*>(bytes->data()), bytes->size(), &database) == HS_SUCCESS)
    out.database_.reset(database);
  return out;
}

HyperscanDatabase HyperscanDatabase::keep(hs_database* database, const PatternCache* cache, const std::string& key) {
  HyperscanDatabase out;
  out.database_.reset(database);
  char* bytes = nullptr;
  std::size_t size = 0;
  if (key.empty() || hs_serialize_database(database, &bytes, &size) != HS_SUCCESS) return out;
  cache->write(key, {reinterpret_cast<const std::uint8_t*>(bytes), size});
  std::free(bytes);  // NOLINT: the library's allocator
  return out;
}

// As expressions: hs_compile_lit_multi of 5.4.0 makes databases that fail within for some sets of literals.
std::expected<HyperscanDatabase, HyperscanProblem> HyperscanDatabase::compile(
    std::span<const HyperscanLiteral> literals, const PatternCache* cache) {
  std::vector<HyperscanExpression> expressions;
  expressions.reserve(literals.size());
  for (const auto& literal : literals) {
    TOCSIN_ASSERT(!literal.bytes.empty());
    expressions.push_back({.id = literal.id, .text = escaped(literal.bytes), .ignore_case = literal.ignore_case});
  }
  return compile(expressions, cache);
}

std::expected<HyperscanDatabase, HyperscanProblem> HyperscanDatabase::compile(
    std::span<const HyperscanExpression> expressions, const PatternCache* cache) {
  Arrays arrays;
  for (const auto& expression : expressions) {
    arrays.texts.push_back(expression.text.c_str());
    arrays.flags.push_back(flags_of(expression));
    arrays.ids.push_back(expression.id);
  }
  const auto key = cache != nullptr && expressions.size() >= worth_keeping ? key_of(arrays) : std::string();
  if (auto kept = from_cache(cache, key)) return kept;
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  const auto status =
      hs_compile_multi(arrays.texts.data(), arrays.flags.data(), arrays.ids.data(),
                       static_cast<unsigned>(expressions.size()), HS_MODE_BLOCK, nullptr, &database, &error);
  if (status != HS_SUCCESS) return std::unexpected(take_problem(error));
  return keep(database, cache, key);
}

void HyperscanDatabase::prepare(HyperscanScratch& scratch) const {
  auto* raw = scratch.scratch_.release();  // the library may move it
  const auto status = hs_alloc_scratch(database_.get(), &raw);
  scratch.scratch_.reset(raw);
  TOCSIN_ASSERT(status == HS_SUCCESS);
}

bool HyperscanDatabase::scan(Bytes bytes, HyperscanScratch& scratch, std::vector<std::uint32_t>& found) const {
  // An empty text still matches expressions that allow it; the library wants a valid pointer.
  const char* data = bytes.empty() ? "" : reinterpret_cast<const char*>(bytes.data());
  const auto size = static_cast<unsigned>(std::min<std::size_t>(bytes.size(), UINT32_MAX));
  const auto before = found.size();
  if (hs_scan(database_.get(), data, size, 0, scratch.scratch_.get(), on_match, &found) == HS_SUCCESS) return true;
  found.resize(before);
  return false;
}

}  // namespace tocsin::rules
