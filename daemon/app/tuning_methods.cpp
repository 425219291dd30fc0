#include "daemon/app/tuning_methods.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <mutex>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/counted.h"
#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "daemon/app/asked.h"
#include "daemon/app/rule_files.h"
#include "daemon/store/reader.h"
#include "daemon/tuning/edit.h"
#include "daemon/tuning/file.h"
#include "daemon/tuning/import.h"
#include "daemon/tuning/preview.h"
#include "rules/signature/compile/signature.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
using rules::TuningEntry;
using Desk = std::shared_ptr<const TuningDesk>;

json::array texts(const std::vector<std::string>& values) {
  json::array out;
  for (const auto& value : values) out.emplace_back(value);
  return out;
}

std::string_view state_of(const TuningEntry& entry, const rules::TunedEntry* tuned, Time now) {
  if (entry.expired(now)) return "expired";
  if (entry.waiting(now)) return "waiting";
  return tuned == nullptr ? "not loaded" : "active";
}

// When a suppression holds, in words.
std::string when_of(const TuningEntry& entry) {
  if (!entry.hours) return {};
  auto out = render_hours(*entry.hours) + (entry.zone.empty() ? " UTC" : " " + entry.zone);
  if (entry.hours->days != 0x7F) out += ", " + render_days(entry.hours->days);
  return out;
}

json::object entry_row(const TuningEntry& entry, const rules::TunedEntry* tuned, Time now) {
  json::object row;
  row["id"] = entry.id;
  row["act"] = rules::tuning_act_name(entry.act);
  row["rule"] = texts(entry.rules);
  std::vector<std::string> networks;
  networks.reserve(entry.networks.size() + entry.except.size());
  for (const auto& network : entry.networks) networks.push_back(render_network(network));
  for (const auto& network : entry.except) networks.push_back("!" + render_network(network));
  row["network"] = texts(networks);
  row["side"] = rules::tuning_side_name(entry.side);
  row["host"] = entry.host;
  row["hours"] = when_of(entry);
  row["filter"] = entry.filter;
  row["replace"] = entry.pattern;
  row["with"] = entry.replacement;
  if (entry.severity) row["severity"] = *entry.severity;
  row["state"] = state_of(entry, tuned, now);
  row["owner"] = entry.owner;
  row["reason"] = entry.reason;
  if (entry.created) row["created"] = render_time(*entry.created);
  if (entry.from) row["from"] = render_time(*entry.from);
  row["expires"] = render_time(entry.expires);
  if (tuned != nullptr) {
    row["rules"] = tuned->rules();
    row["alerts"] = tuned->alerts();
    if (const auto last = tuned->last()) row["last"] = render_time(*last);
  }
  std::string warning = too_wide(entry);
  const auto warn = [&](std::string_view text) { warning += (warning.empty() ? "" : "; ") + std::string(text); };
  if (!entry.expired(now) && entry.expires - now < tuning_ends_soon) warn("it ends soon");
  if (tuned != nullptr && tuned->rules() == 0 && entry.in_force(now)) warn("no rule that is loaded is met by it");
  row["warning"] = warning;
  return row;
}

Result<std::string> file_text(const TuningDesk& desk) {
  std::error_code error;
  if (!std::filesystem::exists(desk.file, error)) return std::string{};
  return read_file(desk.file, 1U << 20);
}

const rules::TunedEntry* in_force(const rules::Tuning* tuning, std::string_view id) {
  if (tuning == nullptr) return nullptr;
  for (const auto& tuned : tuning->entries())
    if (tuned->entry().id == id) return tuned.get();
  return nullptr;
}

Result<void> list_entries(const TuningDesk& desk, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto wanted, asked(call));
  TOCSIN_TRY(const auto text, file_text(desk));
  const auto now = desk.clock.now();
  Diagnostics diagnostics;
  auto entries = parse_tuning(desk.file, text, now, diagnostics);
  const auto tuning = desk.in_force ? desk.in_force() : nullptr;
  // Those of files beside rules.
  if (tuning != nullptr)
    for (const auto& tuned : tuning->entries())
      if (std::ranges::find(entries, tuned->entry().id, &TuningEntry::id) == entries.end() &&
          tuned->entry().file != desk.file)
        entries.push_back(tuned->entry());
  std::size_t expired = 0;
  RowGate gate(wanted, reply);
  for (const auto& entry : entries) {
    if (entry.expired(now)) ++expired;
    auto row = entry_row(entry, in_force(tuning.get(), entry.id), now);
    row["file"] = entry.file.empty() ? desk.file : entry.file;
    if (!gate.send(row)) break;
  }
  std::string remark;
  const auto say = [&](std::string line) { remark += (remark.empty() ? "" : "\n") + std::move(line); };
  if (expired != 0)
    say(fmt::format("{} {} and {} no effect; tocsin tuning remove", expired,
                    expired == 1 ? "entry has expired" : "entries have expired", expired == 1 ? "has" : "have"));
  for (const auto& d : diagnostics.all()) say(render_text(d));
  if (!remark.empty()) reply.summary("remark", remark);
  return {};
}

// Some modifiers take numbers or a boolean; all others take text as it is written.
void append_filter_value(JsonWriter& json, std::string_view field, const std::string& value) {
  const auto modifier = field.substr(std::min(field.rfind('|'), field.size() - 1) + 1);
  if (modifier == "exists" && (value == "true" || value == "false")) {
    json.value(value == "true");
    return;
  }
  static constexpr std::array<std::string_view, 4> numeric{"gt", "gte", "lt", "lte"};
  const auto number = std::ranges::find(numeric, modifier) == numeric.end() ? std::nullopt : parse_real(value);
  if (number) json.value(*number);
  else json.value(value);
}

// FIELD=VALUE, with Sigma's modifiers behind the name: all fields must agree, of a field's values one. Or a whole
// filter, {…}.
Result<std::string> filter_of(const std::vector<std::string>& given) {
  if (given.size() == 1 && trim(given.front()).starts_with('{')) return given.front();
  std::map<std::string, std::vector<std::string>> fields;
  for (const auto& text : given) {
    const auto sign = text.find('=');
    if (sign == std::string::npos || sign == 0)
      return fail(Code::usage, "--filter takes FIELD=VALUE, FIELD|contains=VALUE, or a Sigma filter in braces");
    fields[text.substr(0, sign)].push_back(text.substr(sign + 1));
  }
  if (fields.empty()) return std::string{};
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("selection").begin_object();
  for (const auto& [field, values] : fields) {
    json.key(field);
    if (values.size() == 1) {
      append_filter_value(json, field, values.front());
      continue;
    }
    json.begin_array();
    for (const auto& value : values) append_filter_value(json, field, value);
    json.end_array();
  }
  json.end_object().member("condition", "not selection").end_object();
  return out;
}

// The entry that a call describes.
Result<TuningEntry> entry_of(const TuningDesk& desk, const Call& call) {
  TuningEntry entry;
  TOCSIN_TRY(const auto act, call.require("act"));
  const auto parsed = rules::parse_tuning_act(act);
  if (!parsed) return fail(Code::usage, "ACT is enable, disable, modify or suppress");
  entry.act = *parsed;
  entry.rules = call.list("rule");
  for (auto& rule : entry.rules)
    if (parse_unsigned(rule)) rule.insert(0, "1:");
  for (const auto& network : call.list("network")) TOCSIN_CHECK(add_network(entry, network));
  if (const auto side = call.text("side")) {
    const auto known = rules::parse_tuning_side(*side);
    if (!known) return fail(Code::usage, "--side is source, destination or either");
    entry.side = *known;
  }
  entry.host = call.text("host").value_or("");
  if (call.text("hours") || !call.list("days").empty()) {
    TOCSIN_TRY(entry.hours, parse_hours(call.text("hours").value_or(""), call.list("days")));
  }
  entry.zone = call.text("zone").value_or("");
  TOCSIN_TRY(entry.filter, filter_of(call.list("filter")));
  entry.pattern = call.text("replace").value_or("");
  entry.replacement = call.text("with").value_or("");
  if (const auto severity = call.number("severity")) {
    if (*severity < 0 || *severity > 100) return fail(Code::usage, "--severity takes a number from 0 to 100");
    entry.severity = static_cast<std::uint8_t>(*severity);
  }
  // Whole seconds: that is how the file has them.
  const auto now = std::chrono::floor<std::chrono::seconds>(desk.clock.now());
  entry.created = now;
  if (const auto from = call.text("from")) {
    TOCSIN_TRY(entry.from, parse_moment(*from, now));
  }
  entry.owner = call.text("owner").value_or(call.peer().name);
  entry.reason = call.text("reason").value_or("");
  if (const auto expires = call.text("expires")) {
    TOCSIN_TRY(entry.expires, parse_moment(*expires, now));
  }
  return entry;
}

Result<void> checked(TuningEntry& entry, Time now) {
  if (auto good = check_entry(entry, now); !good) {
    auto error = std::move(good).error();
    error.code = Code::usage;
    return std::unexpected(std::move(error));
  }
  return {};
}

// Ids that selectors by file or text stand for, among the rules that are loaded.
std::vector<std::string> ids_meant(const TuningDesk& desk, const TuningEntry& entry) {
  std::vector<std::string> out;
  const bool by_face = std::ranges::any_of(
      entry.rules, [](const auto& rule) { return rule.starts_with("file:") || rule.starts_with("re:"); });
  if (!by_face || !desk.loaded) return out;
  for (const auto& rule : desk.loaded()) {
    std::string_view text;
    if (rule->engine == rules::Engine::signature)
      text = static_cast<const rules::signature::SignatureInfo&>(*rule).source;
    if (rules::selects(entry, {rule->id, rule->file, text})) out.push_back(rule->id);
  }
  return out;
}

Result<std::string> previewed(const TuningDesk& desk, const TuningEntry& entry, const Call& call, Reply* reply) {
  constexpr Duration looked_back = std::chrono::hours{24 * 7};
  TOCSIN_TRY(const auto wanted, asked(call));
  const Time until = wanted.until.value_or(desk.clock.now());
  const Time since = wanted.since.value_or(until - looked_back);
  TOCSIN_TRY(const auto reader, StoreReader::open(desk.store));
  TOCSIN_TRY(const auto preview,
             preview_tuning(*reader, entry, ids_meant(desk, entry), since, until,
                            call.flag("exercise") ? ExerciseFilter::with : ExerciseFilter::without));
  if (reply != nullptr) {
    RowGate gate(wanted, *reply);
    for (const auto& count : preview.counts) {
      json::object row;
      row["what"] = count.what;
      row["value"] = count.value;
      row["title"] = count.title;
      row["alerts"] = count.gone;
      row["of"] = count.of;
      row["last"] = render_time(count.last);
      if (!gate.send(row)) break;
    }
  }
  return preview_sentence(preview, entry, since, until);
}

Result<void> preview_entry(const TuningDesk& desk, const Call& call, Reply& reply) {
  const auto now = desk.clock.now();
  TuningEntry entry;
  if (const auto id = call.text("id")) {
    TOCSIN_TRY(const auto text, file_text(desk));
    Diagnostics ignored;
    const auto entries = parse_tuning(desk.file, text, now, ignored);
    TOCSIN_TRY(const auto* found, find_entry(entries, *id));
    entry = *found;
  } else {
    TOCSIN_TRY(entry, entry_of(desk, call));
    // What only an entry that is kept needs.
    if (entry.owner.empty()) entry.owner = "preview";
    if (entry.reason.empty()) entry.reason = "preview";
    if (entry.expires == Time{}) entry.expires = now + std::chrono::hours{24};
    TOCSIN_CHECK(checked(entry, now));
  }
  if (desk.store.empty()) return fail(Code::usage, "name the store whose alerts are looked at: --store DIR");
  TOCSIN_TRY(auto sentence, previewed(desk, entry, call, &reply));
  if (const auto wide = too_wide(entry); !wide.empty()) sentence += "; warning: " + wide;
  reply.summary("message", sentence);
  return {};
}

std::string target_of(const TuningEntry& entry) {
  auto out = fmt::format("{} {} {}", entry.id, rules::tuning_act_name(entry.act), entry.rules.front());
  if (entry.rules.size() > 1) out += fmt::format(" and {} more", entry.rules.size() - 1);
  for (const auto& network : entry.networks) out += " " + render_network(network);
  return out + " until " + render_time(entry.expires);
}

// What would never have an effect is a slip of the pen.
Result<void> still_to_come(Time expires, Time now) {
  if (expires > now) return {};
  return fail(Code::usage,
              fmt::format("--expires {} is over already; write 30d or a date to come", render_time(expires)));
}

Result<void> add_entry(const TuningDesk& desk, const Call& call, Reply& reply) {
  const auto now = desk.clock.now();
  const bool dry = call.flag("dry_run");
  TOCSIN_TRY(auto entry, entry_of(desk, call));
  if (dry && entry.reason.empty()) entry.reason = "dry run";
  if (entry.expires == Time{})
    return fail(Code::usage, "say until when with --expires, for example --expires 30d; nothing is tuned for ever");
  TOCSIN_CHECK(still_to_come(entry.expires, now));
  TOCSIN_CHECK(checked(entry, now));
  TOCSIN_TRY(const auto text, file_text(desk));
  TOCSIN_TRY(auto fresh, with_entry(text, entry, now));
  // Asked first: afterwards the store may hold none of them.
  auto effect = desk.store.empty() ? std::string{} : previewed(desk, entry, call, nullptr).value_or("");
  if (!dry)
    TOCSIN_CHECK(desk.commit(call, {"tuning.add", target_of(entry), entry.reason, std::move(fresh), {entry.id}}));
  const auto tuning = desk.in_force ? desk.in_force() : nullptr;
  const auto row = entry_row(entry, in_force(tuning.get(), entry.id), now);
  reply.row(json::serialize(row));
  auto message = fmt::format("{} {} until {}", entry.id, dry ? "would hold" : "holds", render_time(entry.expires));
  if (!effect.empty()) message += "; in the alerts that are stored it " + effect;
  if (const auto& warning = row.at("warning").as_string(); !warning.empty())
    message += "; warning: " + std::string(warning);
  reply.summary("message", message);
  return {};
}

Result<void> remove_entry(const TuningDesk& desk, const Call& call, Reply& reply) {
  const auto now = desk.clock.now();
  TOCSIN_TRY(const auto name, call.require("id"));
  TOCSIN_TRY(auto text, file_text(desk));
  Diagnostics ignored;
  const auto entries = parse_tuning(desk.file, text, now, ignored);
  TOCSIN_TRY(const auto* entry, find_entry(entries, name));
  TOCSIN_TRY(auto fresh, without_entry(text, entry->id, now));
  const bool dry = call.flag("dry_run");
  const auto reason = call.text("reason").value_or("");
  if (!dry && reason.empty()) return fail(Code::usage, "say why with --reason \"…\"; it is kept in the journal");
  if (!dry) TOCSIN_CHECK(desk.commit(call, {"tuning.remove", target_of(*entry), reason, std::move(fresh), {}}));
  auto row = entry_row(*entry, nullptr, now);
  if (!dry) row["state"] = "removed";
  reply.row(json::serialize(row));
  reply.summary("message", fmt::format("{} {} removed; its rules act as their author wrote them", entry->id,
                                       dry ? "would be" : "is"));
  return {};
}

Result<void> import_entries(const TuningDesk& desk, const Call& call, Reply& reply) {
  const auto now = std::chrono::floor<std::chrono::seconds>(desk.clock.now());
  TOCSIN_TRY(const auto file, call.require("file"));
  const auto kind = suricata_tuning_kind(file);
  if (!kind && !is_sigma_tuning(file))
    return fail(
        Code::usage,
        "enable.conf, disable.conf, modify.conf and drop.conf are taken over, by their names, and Sigma filters "
        "(.yml); a threshold.config beside rules is obeyed as it is");
  TuningEntry like;
  like.created = now;
  like.owner = call.text("owner").value_or(call.peer().name);
  const bool dry = call.flag("dry_run");
  like.reason = call.text("reason").value_or(dry ? "dry run" : "");
  TOCSIN_TRY(const auto expires, call.require("expires"));
  TOCSIN_TRY(like.expires, parse_moment(expires, now));
  TOCSIN_CHECK(still_to_come(like.expires, now));
  Diagnostics diagnostics;
  const auto given = call.text("text").value_or("");
  const auto entries = kind ? import_suricata_tuning(*kind, file, given, like, now, diagnostics)
                            : import_sigma_tuning(file, given, like, now, diagnostics);
  TOCSIN_TRY(auto text, file_text(desk));
  TuningDesk::Change change{"tuning.import", file, like.reason, {}, {}};
  for (const auto& entry : entries) {
    TOCSIN_TRY(text, with_entry(text, entry, now));
    change.wanted.push_back(entry.id);
  }
  change.text = std::move(text);
  change.target += ", " + counted(entries.size(), "entry");
  if (!dry && !entries.empty()) TOCSIN_CHECK(desk.commit(call, change));
  const auto tuning = desk.in_force ? desk.in_force() : nullptr;
  for (const auto& entry : entries) reply.row(json::serialize(entry_row(entry, in_force(tuning.get(), entry.id), now)));
  auto message = fmt::format("{} {}", counted(entries.size(), "entry"), dry ? "would be taken over" : "taken over");
  constexpr std::size_t told_most = 20;
  for (std::size_t i = 0; i < diagnostics.all().size() && i < told_most; ++i)
    message += "; " + fmt::format("line {}: {}", diagnostics.all()[i].line, diagnostics.all()[i].cause);
  reply.summary("message", message);
  return {};
}

}  // namespace

void add_tuning_methods(MethodTable& methods, TuningDesk given) {
  const auto desk = std::make_shared<const TuningDesk>(std::move(given));
  // A change reads the file, and writes it: one after the other.
  const auto writing = std::make_shared<std::mutex>();
  const auto add = [&](const char* name, Role least, const char* summary,
                       Result<void> (*handler)(const TuningDesk&, const Call&, Reply&)) {
    const bool changes = least != Role::viewer;
    methods.add({name, least, summary, [desk, writing, changes, handler](const Call& call, Reply& reply) {
                   std::unique_lock lock(*writing, std::defer_lock);
                   if (changes) lock.lock();
                   return handler(*desk, call, reply);
                 }});
  };
  add("tuning.list", Role::viewer, "what analysts changed about rules", list_entries);
  add("tuning.preview", Role::viewer, "what an entry would do to stored alerts", preview_entry);
  add("tuning.add", Role::analyst, "enable, disable, modify or suppress rules", add_entry);
  add("tuning.remove", Role::analyst, "end an entry", remove_entry);
  add("tuning.import", Role::analyst, "take over suricata-update's files, or Sigma filters", import_entries);
}

}  // namespace tocsin::daemon
