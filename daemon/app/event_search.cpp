#include "daemon/app/event_search.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "collectors/base/digest.h"
#include "collectors/base/text.h"
#include "daemon/app/asked.h"
#include "daemon/app/tally.h"
#include "daemon/store/reader.h"
#include "daemon/store/segment/line.h"
#include "daemon/store/segment/search.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
using std::filesystem::path;

constexpr std::size_t page = 20'000;
constexpr std::size_t page_most = 100'000;  // as much as the store gives at once

json::object parsed(std::string_view text) {
  json::error_code error;
  auto value = json::parse(text, error);
  return error || !value.is_object() ? json::object{} : std::move(value.as_object());
}

bool is_text(const json::object& row, std::string_view key, std::string_view wanted) {
  const auto* found = row.if_contains(key);
  return found != nullptr && found->is_string() && found->get_string() == wanted;
}

// What a search asks of one stored line besides its time.
class LineTest {
 public:
  LineTest(const Call& call, const Filter& where)
      : words_(call.list("word")), class_(call.text("class").value_or("")), where_(where) {}
  bool sifts(const Call& call) const { return !words_.empty() || !class_.empty() || call.text("where").has_value(); }
  bool has_words(std::string_view line) const {
    return std::ranges::all_of(words_, [&](const std::string& word) { return line.contains(word); });
  }
  bool passes(const json::object& row) const {
    return (class_.empty() || is_text(row, "event.class", class_)) && where_.matches(row);
  }
  bool passes(std::string_view line) const { return has_words(line) && passes(parsed(line)); }
  // The longest word prunes best.
  std::string longest_word() const {
    const auto longest = std::ranges::max_element(words_, {}, &std::string::size);
    return longest == words_.end() ? std::string{} : *longest;
  }

 private:
  std::vector<std::string> words_;
  std::string class_;
  const Filter& where_;
};

// Segments and lines that cannot hold what --where demands are left out by what the store keeps of each segment.
void demand(EventQuery& query, const Filter& where) {
  for (const auto& one : where.required()) {
    const auto kind = key_kind(one.field);
    // What compares as a number, a time, a network or a pattern is more than this very text.
    if (!kind || one.value.find_first_of("*?/") != std::string::npos || parse_real(one.value) || parse_time(one.value))
      continue;
    switch (*kind) {  // of two of a kind the last prunes; each line is tested for both
      case KeyKind::address: query.address = one.value; break;
      case KeyKind::user: query.user = one.value; break;
      case KeyKind::host: query.host = one.value; break;
      case KeyKind::hash: query.hash = one.value; break;
    }
  }
}

Result<void> follow(const path& events, EventQuery query, const LineTest& test, Time from, Reply& reply) {
  std::set<Digest128> seen;  // of the last minutes
  query.since = from;
  query.newest_first = false;
  query.limit = page_most;
  query.wanted = [&](std::string_view line) { return test.passes(line); };
  LineReader reader;
  while (reply.wait(std::chrono::milliseconds{500})) {
    TOCSIN_TRY(const EventHits hits, search_events(events, query));
    std::set<Digest128> now;
    for (const auto& line : hits.lines) {
      const auto digest = hash128(line);
      now.insert(digest);
      // A log is read behind its time: look back a little, and show nothing twice.
      if (const auto time = reader.time(line)) query.since = std::max(*query.since, *time - std::chrono::minutes{2});
      if (!seen.contains(digest) && !reply.row(line)) return {};
    }
    seen = std::move(now);
  }
  return {};
}

Result<void> count(const path& events, EventQuery query, const LineTest& test, std::string_view fields,
                   std::size_t limit, Reply& reply) {
  TOCSIN_TRY(Tally tally, Tally::parse(fields));
  query.wanted = [&](std::string_view line) {
    if (!test.has_words(line)) return false;
    if (const auto row = parsed(line); test.passes(row)) tally.add(row);
    return false;  // counted: nothing has to be kept
  };
  TOCSIN_CHECK(search_events(events, query));
  tally.send(reply, limit);
  return {};
}

// Page by page: the next ends with the moment the last ended with, less what was sent of that moment.
Result<std::uint64_t> list(const path& events, EventQuery query, std::size_t limit, Reply& reply) {
  const auto wanted = limit == 0 ? std::numeric_limits<std::size_t>::max() : limit;
  LineReader reader;
  std::set<Digest128> sent_of_moment;
  std::optional<Time> moment;
  std::uint64_t sent = 0;
  for (auto most = page;;) {
    query.limit = std::min(most, wanted - sent + sent_of_moment.size());
    TOCSIN_TRY(const EventHits hits, search_events(events, query));
    const auto before = sent;
    for (const auto& line : hits.lines) {
      const auto digest = hash128(line);
      if (sent_of_moment.contains(digest)) continue;
      if (!reply.row(line) || ++sent == wanted) return sent;
      const auto time = reader.time(line);
      if (time != moment) sent_of_moment.clear();
      moment = time;
      sent_of_moment.insert(digest);
    }
    if (!hits.more || !moment) return sent;
    if (sent == before && most == page_most) {
      reply.summary("remark", "more events of one moment than can be listed; the rest of the period is left out");
      return sent;
    }
    if (sent == before) most = page_most;
    query.until = *moment + std::chrono::nanoseconds{1};
  }
}

}  // namespace

Result<void> search_stored_events(const path& store, const Clock& clock, const Call& call, Reply& reply) {
  TOCSIN_TRY(const Asked wanted, asked(call));
  const LineTest test(call, wanted.where);
  const auto events = store / "events";
  std::error_code gone;
  if (!std::filesystem::exists(events, gone)) {
    TOCSIN_CHECK(StoreReader::open(store));  // says so where there is no store at all
  }
  const auto fields = call.text("count_by");
  EventQuery query;
  query.since = wanted.since;
  query.until = wanted.until;
  query.text = test.longest_word();
  demand(query, wanted.where);
  if (wanted.follow && fields) return fail(Code::usage, "--count-by counts what there is; leave out --follow");
  if (wanted.follow) return follow(events, query, test, wanted.since.value_or(clock.now()), reply);
  query.go_on = [&](std::uint64_t looked, std::uint64_t of) { return reply.progress("event segments", looked, of); };
  if (fields) return count(events, query, test, *fields, wanted.limit, reply);
  if (test.sifts(call)) query.wanted = [&](std::string_view line) { return test.passes(line); };
  TOCSIN_TRY(const auto sent, list(events, query, wanted.limit, reply));
  if (sent == 0) reply.summary("remark", "events of exercises are not stored; their alerts hold what decided them");
  return {};
}

}  // namespace tocsin::daemon
