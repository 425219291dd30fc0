#include "daemon/tuning/file.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "daemon/config/nearest.h"
#include "daemon/config/yaml_tree.h"

namespace tocsin::daemon {
namespace {

using rules::TuningEntry;

std::uint32_t last_line_of(const YamlNode& node) {
  std::uint32_t last = node.line;
  for (const auto& item : node.items) last = std::max(last, last_line_of(item));
  for (const auto& member : node.members) last = std::max({last, member.key.line, last_line_of(member.value)});
  return last;
}

std::vector<std::string> texts(const YamlNode& node) {
  std::vector<std::string> out;
  if (node.kind == YamlKind::scalar) out.push_back(node.text);
  for (const auto& item : node.items)
    if (item.kind == YamlKind::scalar) out.push_back(item.text);
  return out;
}

// On one line, as YAML reads it; the reader before has bounded its depth.
std::string flow_text(const YamlNode& node) {
  std::string out;
  switch (node.kind) {
    case YamlKind::null: return "null";
    case YamlKind::scalar: append_json_string(out, node.text); return out;
    case YamlKind::sequence:
      for (const auto& item : node.items) out += (out.empty() ? "" : ", ") + flow_text(item);
      return "[" + out + "]";
    case YamlKind::map: break;
  }
  for (const auto& member : node.members)
    out += (out.empty() ? "" : ", ") + flow_text(member.key) + ": " + flow_text(member.value);
  return "{" + out + "}";
}

// One entry of the list, key by key; the first mistake ends it.
class EntryReader {
 public:
  EntryReader(const YamlNode& node, Time now) : node_(node), now_(now) {}

  Result<TuningEntry> read() {
    if (node_.kind != YamlKind::map) return fail(Code::invalid, "an entry is a list of keys and values");
    entry_.line = node_.line;
    entry_.last_line = last_line_of(node_);
    bool act = false;
    for (const auto& member : node_.members) {
      act = act || member.key.text == "do";
      at_ = &member.key;
      if (!seen_.insert(member.key.text).second)
        return fail(Code::invalid, fmt::format("`{}` is there twice", escape_terminal(member.key.text)));
      TOCSIN_CHECK(key(member.key.text, member.value));
    }
    at_ = &node_;
    if (!act) return fail(Code::invalid, "`do` says what: enable, disable, modify or suppress");
    if (!hours_.empty() || !days_.empty()) {
      TOCSIN_TRY(entry_.hours, parse_hours(hours_, days_));
    }
    TOCSIN_CHECK(check_entry(entry_, now_));
    return std::move(entry_);
  }
  const YamlNode& place() const noexcept { return *at_; }

 private:
  static constexpr std::array<std::string_view, 18> keys{
      "id",   "do",      "rule", "network",  "side",  "host",   "filter",  "hours", "days",
      "zone", "replace", "with", "severity", "owner", "reason", "created", "from",  "expires"};

  Result<void> key(std::string_view name, const YamlNode& value) {
    if (std::ranges::find(keys, name) == keys.end()) {
      const auto close = nearest(name, std::vector<std::string>(keys.begin(), keys.end()));
      return fail(Code::invalid, fmt::format("`{}` is not a key of an entry{}", escape_terminal(name),
                                             close.empty() ? "" : fmt::format("; did you mean `{}`?", close)));
    }
    const auto values = texts(value);
    if (name == "rule") {
      entry_.rules = values;
      for (auto& rule : entry_.rules)
        if (!rule.empty() && parse_unsigned(rule)) rule.insert(0, "1:");
      return {};
    }
    if (name == "days") return days_ = values, Result<void>{};
    if (name == "network") {
      for (const auto& network : values) TOCSIN_CHECK(add_network(entry_, network));
      return {};
    }
    if (name == "filter" && value.kind == YamlKind::map) {
      entry_.filter = flow_text(value);
      return {};
    }
    if (value.kind != YamlKind::scalar) return fail(Code::invalid, fmt::format("`{}` takes one value", name));
    return scalar(name, value.text);
  }

  Result<void> scalar(std::string_view name, const std::string& text) {
    if (name == "id") {
      const bool plain = !text.empty() && text.size() <= 64 && escape_terminal(text) == text;
      if (!plain) return fail(Code::invalid, "an id has 1 to 64 characters");
      entry_.id = text;
    } else if (name == "do") {
      const auto act = rules::parse_tuning_act(text);
      if (!act) return fail(Code::invalid, "`do` is enable, disable, modify or suppress");
      entry_.act = *act;
    } else if (name == "side") {
      const auto side = rules::parse_tuning_side(text);
      if (!side) return fail(Code::invalid, "`side` is source, destination or either");
      entry_.side = *side;
    } else if (name == "severity") {
      const auto number = parse_unsigned(text);
      if (!number || *number > 100) return fail(Code::invalid, "`severity` is a number from 0 to 100");
      entry_.severity = static_cast<std::uint8_t>(*number);
    } else if (name == "created" || name == "from" || name == "expires") {
      // A length of time would begin anew with every load.
      if (parse_duration(text)) return fail(Code::invalid, fmt::format("`{}` is a time such as 2026-12-31", name));
      TOCSIN_TRY(const auto moment, parse_moment(text, now_));
      if (name == "created") entry_.created = moment;
      else if (name == "from") entry_.from = moment;
      else entry_.expires = moment;
    } else {
      plain(name) = text;
    }
    return {};
  }

  std::string& plain(std::string_view name) {
    if (name == "host") return entry_.host;
    if (name == "hours") return hours_;
    if (name == "filter") return entry_.filter;
    if (name == "zone") return entry_.zone;
    if (name == "replace") return entry_.pattern;
    if (name == "with") return entry_.replacement;
    return name == "owner" ? entry_.owner : entry_.reason;
  }

  const YamlNode& node_;
  const YamlNode* at_ = &node_;
  const Time now_;
  std::string hours_;
  std::vector<std::string> days_;
  std::set<std::string> seen_;
  TuningEntry entry_;
};

class FileReader {
 public:
  FileReader(std::string_view file, Time now, Diagnostics& diagnostics)
      : file_(file), now_(now), diagnostics_(diagnostics) {}

  std::vector<TuningEntry> read(std::string_view text) {
    YamlNode root;
    if (!parse_yaml(text, file_, root, diagnostics_) || root.kind == YamlKind::null) return {};
    const YamlNode* list = nullptr;
    if (root.kind != YamlKind::map) report(root, "", "the file holds one list, `tuning`");
    for (const auto& member : root.members) {
      if (member.key.text == "tuning") list = &member.value;
      else report(member.key, "", fmt::format("`{}` is not known here; the list is `tuning`", member.key.text));
    }
    if (list == nullptr || list->kind == YamlKind::null) return {};
    if (list->kind != YamlKind::sequence) report(*list, "", "`tuning` is a list of entries");
    for (const auto& item : list->items) one(item);
    return std::move(entries_);
  }

 private:
  void one(const YamlNode& item) {
    EntryReader reader(item, now_);
    auto entry = reader.read();
    if (!entry) return report(reader.place(), "", entry.error().message);
    selectors_ += entry->rules.size();
    if (entries_.size() >= rules::Tuning::entries_most || selectors_ > rules::Tuning::rules_most)
      return report(item, entry->id, "there are more entries than can be held");
    if (!ids_.insert(entry->id).second) return report(item, entry->id, "there is an entry of this id already");
    entries_.push_back(std::move(*entry));
  }

  void report(const YamlNode& node, const std::string& item, std::string cause) {
    diagnostics_.add({Severity::error, "T0101", file_, node.line, node.column, item, std::move(cause),
                      "The entry is left out: its rules act as their author wrote them; `tocsin tuning --help`"});
  }

  const std::string file_;
  const Time now_;
  Diagnostics& diagnostics_;
  std::size_t selectors_ = 0;
  std::set<std::string> ids_;
  std::vector<TuningEntry> entries_;
};

std::string about(const TuningEntry& entry) {
  return fmt::format("{} {} ({})", rules::tuning_act_name(entry.act), entry.rules.front(), entry.owner);
}

}  // namespace

std::vector<TuningEntry> parse_tuning(std::string_view file, std::string_view text, Time now,
                                      Diagnostics& diagnostics) {
  return FileReader(file, now, diagnostics).read(text);
}

void judge_tuning(const rules::Tuning& tuning, Time now, Diagnostics& diagnostics) {
  for (const auto& tuned : tuning.entries()) {
    const auto& entry = tuned->entry();
    const auto warn = [&](Severity severity, const char* code, std::string cause, std::string next) {
      diagnostics.add({severity, code, entry.file, entry.line, 1, entry.id, about(entry) + ": " + std::move(cause),
                       std::move(next)});
    };
    if (entry.expired(now)) {
      warn(Severity::warning, "T0201", "it ended " + render_time(entry.expires) + " and has no effect",
           "`tocsin tuning remove " + entry.id + "`, or add it again");
      continue;
    }
    if (!entry.waiting(now) && tuned->rules() == 0)
      warn(Severity::warning, "T0202", "no rule that is loaded is met by it",
           "is the rule's id right? `tocsin rule check` says what is loaded");
    if (entry.expires - now < tuning_ends_soon)
      warn(Severity::warning, "T0203", "it ends " + render_time(entry.expires), "add it again if it is still needed");
    if (const auto wide = too_wide(entry); !wide.empty())
      warn(Severity::warning, "T0204", wide, "say which network, host or hours; or disable the rule");
  }
}

}  // namespace tocsin::daemon
