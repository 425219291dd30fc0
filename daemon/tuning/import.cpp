#include "daemon/tuning/import.h"

#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "daemon/tuning/file.h"

namespace tocsin::daemon {
namespace {

using rules::TuningAct;
using rules::TuningEntry;

std::optional<std::string> id_of(std::string_view text) {
  const auto colon = text.find(':');
  const auto gid =
      colon == std::string_view::npos ? std::optional<std::uint64_t>(1) : parse_unsigned(text.substr(0, colon));
  const auto sid = parse_unsigned(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (!gid || !sid) return std::nullopt;
  return fmt::format("{}:{}", *gid, *sid);
}

// "group:emerging-icmp", "filename:rules/x.rules" → "file:emerging-icmp.rules".
std::string file_selector(std::string_view name) {
  name = name.substr(name.rfind('/') + 1);
  const bool whole = name.ends_with(".rules") || name.ends_with('*');
  return fmt::format("file:{}{}", name, whole ? "" : ".rules");
}

std::string quote_pattern(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view(R"(\^$.|?*+()[]{})").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// What one line names; empty when it cannot be read.
std::vector<std::string> selectors(std::string_view line) {
  if (line.starts_with("re:")) return {fmt::format("re:(?i){}", trim(line.substr(3)))};
  if (line.starts_with("group:")) return {file_selector(trim(line.substr(6)))};
  if (line.starts_with("filename:")) return {file_selector(trim(line.substr(9)))};
  if (line.starts_with("metadata:"))
    return {fmt::format("re:(?i)metadata:[^;]*\\b{}\\b", quote_pattern(trim(line.substr(9))))};
  std::vector<std::string> out;
  for (const auto part : split(line, ',')) {
    auto id = id_of(trim(part));
    if (!id) return {};
    out.push_back(std::move(*id));
  }
  return out;
}

// The next word or "quoted text"; a backslash before a quote keeps it.
std::string next_word(std::string_view& text) {
  text = trim(text);
  std::string out;
  const bool quoted = text.starts_with('"');
  if (quoted) text.remove_prefix(1);
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (quoted && c == '\\' && text.starts_with('"')) {
      out += '"';
      text.remove_prefix(1);
      continue;
    }
    if (quoted ? c == '"' : c == ' ' || c == '\t') break;
    out += c;
  }
  return out;
}

class Importer {
 public:
  Importer(SuricataTuningKind kind, std::string_view file, const TuningEntry& like, Time now, Diagnostics& diagnostics)
      : kind_(kind), file_(file), like_(like), now_(now), diagnostics_(diagnostics) {}

  std::vector<TuningEntry> run(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      const auto line = trim(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      ++number_;
      if (!line.empty() && !line.starts_with('#')) one(line);
    }
    if (!named_.empty()) {
      TuningEntry entry = like_;
      entry.act = kind_ == SuricataTuningKind::enable ? TuningAct::enable : TuningAct::disable;
      entry.rules = std::move(named_);
      add(std::move(entry));
    }
    return std::move(entries_);
  }

 private:
  void one(std::string_view line) {
    if (kind_ == SuricataTuningKind::drop) {
      if (!std::exchange(said_, true)) warn("drop acts as alert here: nothing is taken over", "");
      return;
    }
    if (kind_ != SuricataTuningKind::modify) {
      auto found = selectors(line);
      if (found.empty()) return warn("the line names no rule", "write gid:sid, re:, group:, filename: or metadata:");
      for (auto& selector : found) named_.push_back(std::move(selector));
      return;
    }
    modify(line);
  }

  void modify(std::string_view line) {
    if (line.starts_with("modifysid")) line.remove_prefix(9);
    auto rest = line;
    const auto named = next_word(rest);
    TuningEntry entry = like_;
    entry.act = TuningAct::modify;
    entry.rules = named == "*" ? std::vector<std::string>{"*"} : selectors(named);
    entry.pattern = next_word(rest);
    if (trim(rest).starts_with('|')) rest = trim(rest).substr(1);
    const bool has_other = !trim(rest).empty();
    entry.replacement = next_word(rest);
    if (entry.rules.empty() || entry.pattern.empty() || !has_other || !trim(rest).empty())
      return warn("the line is not of the form: RULE \"FROM\" \"TO\"", "add it by hand: tocsin tuning add modify");
    add(std::move(entry));
  }

  void add(TuningEntry entry) {
    entry.id.clear();
    if (auto checked = check_entry(entry, now_); !checked) return warn(checked.error().message, "");
    const auto same = std::ranges::find(entries_, entry.id, &TuningEntry::id);
    if (same == entries_.end()) entries_.push_back(std::move(entry));
  }

  void warn(std::string cause, std::string next) {
    diagnostics_.add({Severity::warning, "T0301", file_, number_, 1, "", std::move(cause), std::move(next)});
  }

  const SuricataTuningKind kind_;
  const std::string file_;
  const TuningEntry& like_;
  const Time now_;
  Diagnostics& diagnostics_;
  std::uint32_t number_ = 0;
  bool said_ = false;
  std::vector<std::string> named_;
  std::vector<TuningEntry> entries_;
};

}  // namespace

std::optional<SuricataTuningKind> suricata_tuning_kind(std::string_view file) noexcept {
  const auto name = file.substr(file.rfind('/') + 1);
  if (name == "enable.conf") return SuricataTuningKind::enable;
  if (name == "disable.conf") return SuricataTuningKind::disable;
  if (name == "modify.conf") return SuricataTuningKind::modify;
  if (name == "drop.conf") return SuricataTuningKind::drop;
  return std::nullopt;
}

std::vector<TuningEntry> import_suricata_tuning(SuricataTuningKind kind, std::string_view file, std::string_view text,
                                                const TuningEntry& like, Time now, Diagnostics& diagnostics) {
  return Importer(kind, file, like, now, diagnostics).run(text);
}

}  // namespace tocsin::daemon
