#include "rules/yara/scanner.h"

#include <yara.h>

#include <algorithm>
#include <cstring>

#include "collectors/base/text.h"

namespace tocsin::rules::yara {
namespace {

constexpr std::size_t most_reasons = 32;
constexpr std::size_t most_excerpt = 256;
constexpr std::size_t excerpt_without_strings = 32;

}  // namespace

ScanCounters::ScanCounters(Metrics& metrics, std::size_t rules)
    : scans(metrics.counter("tocsin_yara_scans", "Pieces of memory scanned")),
      bytes(metrics.counter("tocsin_yara_bytes", "Bytes scanned")),
      timeouts(metrics.counter("tocsin_yara_failures", "Scans that did not finish", "cause=\"timeout\"")),
      failures(metrics.counter("tocsin_yara_failures", "Scans that did not finish", "cause=\"library\"")),
      truncated(metrics.counter("tocsin_yara_limits", "Inputs not wholly looked at", "cause=\"depth\"")),
      too_many(metrics.counter("tocsin_yara_limits", "Inputs not wholly looked at", "cause=\"matches\"")),
      scanned_early(metrics.counter("tocsin_yara_limits", "Inputs not wholly looked at", "cause=\"memory\"")),
      by_rule(rules) {}

struct Scanner::State {
  const CompiledRules* compiled = nullptr;
  YR_SCANNER* scanner = nullptr;
  ScanCounters* counters = nullptr;
  std::size_t per_string = 3;
  // Of the scan that runs.
  Bytes bytes;
  std::string_view where;
  std::vector<Hit> hits;

  ~State() {
    if (scanner != nullptr) yr_scanner_destroy(scanner);
  }
  void explain(YR_SCAN_CONTEXT& context, const YR_RULE& rule, Hit& hit) const;
  static int on_message(YR_SCAN_CONTEXT* context, int message, void* data, void* user);
};

// libyara packs matches without regard to alignment: they are copied out, never looked at in place.
static YR_MATCH read_match(const void* at) {
  YR_MATCH match;
  std::memcpy(&match, at, sizeof match);
  return match;
}

void Scanner::State::explain(YR_SCAN_CONTEXT& context, const YR_RULE& rule, Hit& hit) const {
  const YR_RULE* const self = &rule;  // the library's macros want plain names
  YR_STRING* string = nullptr;
  yr_rule_strings_foreach(self, string) {
    if (STRING_IS_PRIVATE(string)) continue;
    std::size_t shown = 0;
    for (const void* at = context.matches[string->idx].head; at != nullptr;) {
      const YR_MATCH match = read_match(at);
      at = match.next;
      if (match.is_private) continue;
      if (shown++ >= per_string || hit.why.size() >= most_reasons) break;
      const auto length = std::min(static_cast<std::size_t>(match.data_length), most_excerpt);
      Reason reason;
      reason.condition = string->identifier;
      reason.where = where;
      reason.value.assign(reinterpret_cast<const char*>(match.data), length);
      reason.offset = match.base + match.offset;
      reason.length = static_cast<std::uint64_t>(match.match_length);
      hit.why.push_back(std::move(reason));
    }
  }
  if (!hit.why.empty()) return;
  // The condition speaks of structure (size, header, modules) only: show what it looked at.
  const auto start = bytes.first(std::min(bytes.size(), excerpt_without_strings));
  hit.why.push_back({"condition", std::string(where), std::string(as_text(start)), 0, bytes.size()});
}

int Scanner::State::on_message(YR_SCAN_CONTEXT* context, int message, void* data, void* user) {
  auto& state = *static_cast<State*>(user);
  if (message == CALLBACK_MSG_TOO_MANY_MATCHES) {
    state.counters->too_many.add();
    return CALLBACK_CONTINUE;
  }
  if (message != CALLBACK_MSG_RULE_MATCHING) return CALLBACK_CONTINUE;
  const auto* rule = static_cast<const YR_RULE*>(data);
  Hit hit;
  hit.rule = static_cast<std::size_t>(rule - state.compiled->rules->rules_table);
  if (!state.compiled->by_index[hit.rule]) return CALLBACK_CONTINUE;
  state.explain(*context, *rule, hit);
  state.hits.push_back(std::move(hit));
  return CALLBACK_CONTINUE;
}

Scanner::Scanner(const CompiledRules& rules, const YaraOptions& options, ScanCounters& counters)
    : state_(std::make_unique<State>()) {
  state_->compiled = &rules;
  state_->counters = &counters;
  state_->per_string = options.most_reasons_per_string;
  if (!rules.rules || yr_scanner_create(rules.rules.get(), &state_->scanner) != ERROR_SUCCESS) return;
  yr_scanner_set_callback(state_->scanner, &State::on_message, state_.get());
  yr_scanner_set_timeout(state_->scanner, static_cast<int>(std::max<std::int64_t>(1, options.scan_timeout.count())));
  // Never fast mode: it stops at a string's first match and changes what `#a` and `@a[i]` mean. No signal handlers:
  // they belong to the whole process, and the bytes we scan are our own memory.
  yr_scanner_set_flags(state_->scanner, SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING);
}

Scanner::~Scanner() = default;

std::vector<Hit> Scanner::scan(Bytes bytes, const Subject& subject) {
  auto& s = *state_;
  if (s.scanner == nullptr) return {};
  const auto dot = subject.filename.rfind('.');
  const std::string extension =
      dot == std::string_view::npos ? std::string() : lower_ascii(subject.filename.substr(dot));
  const auto set = [&](const char* name, std::string_view value) {
    yr_scanner_define_string_variable(s.scanner, name, std::string(value).c_str());
  };
  set("filename", subject.filename);
  set("filepath", subject.filepath);
  set("extension", extension);
  set("filetype", file_type(bytes));
  set("owner", subject.owner);
  s.bytes = bytes;
  s.where = subject.where;
  s.hits.clear();
  s.counters->scans.add();
  s.counters->bytes.add(bytes.size());
  const int status = yr_scanner_scan_mem(s.scanner, bytes.data(), bytes.size());
  if (status == ERROR_SCAN_TIMEOUT) s.counters->timeouts.add();
  else if (status != ERROR_SUCCESS) s.counters->failures.add();
  for (const auto& hit : s.hits) s.counters->by_rule[hit.rule].add();
  s.bytes = {};
  std::ranges::sort(s.hits, {}, &Hit::rule);
  return std::move(s.hits);
}

std::string_view file_type(Bytes bytes) noexcept {
  struct Magic {
    std::string_view start;
    std::string_view type;
  };
  static constexpr std::array<Magic, 17> table{{{"MZ", "EXE"},
                                                {"\x7f"
                                                 "ELF",
                                                 "ELF"},
                                                {"%PDF", "PDF"},
                                                {"PK\x03\x04", "ZIP"},
                                                {"Rar!", "RAR"},
                                                {"7z\xbc\xaf\x27\x1c", "7ZIP"},
                                                {"\x1f\x8b", "GZIP"},
                                                {"\xd0\xcf\x11\xe0", "OLE"},
                                                {"{\\rtf", "RTF"},
                                                {"GIF8", "GIF"},
                                                {"\xff\xd8\xff", "JPG"},
                                                {"\x89PNG", "PNG"},
                                                {"\xca\xfe\xba\xbe", "JAVACLASS"},
                                                {"MDMP", "MDMP"},
                                                {"regf", "REGISTRYHIVE"},
                                                {"#!", "SCRIPT"},
                                                {"<?php", "PHP"}}};
  for (const auto& row : table)
    if (as_text(bytes).starts_with(row.start)) return row.type;
  return {};
}

}  // namespace tocsin::rules::yara
