#include "daemon/app/set_methods.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <mutex>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/text.h"
#include "daemon/app/asked.h"
#include "daemon/app/engines.h"
#include "daemon/app/rule_files.h"
#include "daemon/app/workbench.h"
#include "daemon/ruleset/kind.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

Result<std::string> reason_given(const Call& call) {
  auto reason = call.text("reason").value_or("");
  if (reason.empty()) return fail(Code::usage, "say why with --reason \"…\"; it is kept in the journal");
  return reason;
}

Result<void> list_sets(const SetDesk& desk, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto wanted, asked(call));
  RowGate gate(wanted, reply);
  for (const auto& name : desk.shelf.names()) {
    const auto used = desk.shelf.manifest(name);
    for (const auto& one : desk.shelf.generations(name)) {
      json::object row;
      row["set"] = name;
      row["generation"] = one.generation;
      row["state"] = used && used->generation == one.generation ? "in use" : "kept";
      row["rules"] = one.rules;
      row["files"] = one.files;
      row["installed"] = render_time(one.installed);
      row["who"] = one.who;
      row["reason"] = one.reason;
      row["source"] = one.source;
      row["sha256"] = one.sha256;
      row["etag"] = one.etag;
      if (!gate.send(row)) return {};
    }
  }
  return {};
}

std::string string_in(const json::object& object, std::string_view key) {
  const auto* found = object.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string{};
}

// The contents stand one after the other behind the descriptor; sizes are what the list says, and no more.
Result<std::string> read_exactly(int descriptor, std::uint64_t& offset, std::uint64_t size) {
  std::string text(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const auto got = ::pread(descriptor, text.data() + have, size - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail(Code::invalid, "the contents of the files are cut off");
    have += static_cast<std::size_t>(got);
  }
  offset += size;
  return text;
}

// Judged again, whoever sent it.
Result<std::vector<BundleFile>> files_of(const Call& call) {
  constexpr BundleLimits limits;
  const auto* list = call.params().if_contains("files");
  if (list == nullptr || !list->is_array()) return fail(Code::usage, "the files are missing");
  if (list->get_array().size() > limits.files) return fail(Code::exhausted, "there are too many files");
  if (call.descriptors().size() != 1) return fail(Code::usage, "the contents of the files are missing");
  const auto descriptor = std::move(call.descriptors().front());
  std::uint64_t offset = 0;
  std::vector<BundleFile> out;
  for (const auto& value : list->get_array()) {
    if (!value.is_object()) return fail(Code::usage, "a file is not an object");
    const auto name = string_in(value.get_object(), "name");
    const auto* size = value.get_object().if_contains("bytes");
    const auto kind = kind_in_set(name);
    if (!good_bundle_name(name) || (kind != KindInSet::rules && kind != KindInSet::data))
      return fail(Code::invalid, fmt::format("`{}` is no file of a rule set", escape_terminal(name)));
    if (size == nullptr || !size->is_int64() || size->get_int64() < 0) return fail(Code::usage, "a size is missing");
    const auto bytes = static_cast<std::uint64_t>(size->get_int64());
    if (bytes > limits.file || offset + bytes > limits.bytes) return fail(Code::exhausted, "the files are too large");
    TOCSIN_TRY(auto text, read_exactly(descriptor.get(), offset, bytes));
    out.push_back({name, std::move(text)});
  }
  if (out.empty()) return fail(Code::usage, "there are no files");
  return out;
}

Result<void> update_set(SetDesk& desk, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto name, call.require("set"));
  if (!SetShelf::good_name(name)) return fail(Code::usage, "a set's name has 1 to 40 of a-z, 0-9, - and _");
  TOCSIN_TRY(const auto reason, reason_given(call));
  TOCSIN_TRY(const auto files, files_of(call));
  SetManifest manifest;
  manifest.source = call.text("source").value_or("").substr(0, 2048);
  manifest.etag = call.text("etag").value_or("").substr(0, 256);
  manifest.sha256 = call.text("sha256").value_or("").substr(0, 64);
  // Without a daemon there is no socket that says who asks.
  manifest.who = call.peer().name.empty() ? call.text("who").value_or("") : call.peer().name;
  manifest.reason = reason;
  manifest.installed = std::chrono::floor<std::chrono::seconds>(desk.clock.now());
  manifest.rules = static_cast<std::uint64_t>(std::max<std::int64_t>(0, call.number("rules").value_or(0)));
  const auto used = desk.shelf.manifest(name);
  const auto before = used ? used->generation : 0;
  TOCSIN_TRY(const auto generation, desk.shelf.install(name, files, std::move(manifest)));
  auto taken = desk.reload ? desk.reload(call.flag("force")) : Result<void>{};
  if (!taken) TOCSIN_CHECK(desk.shelf.withdraw(name, generation, before));
  if (desk.note)
    TOCSIN_CHECK(desk.note(call, {"rule.update", fmt::format("{} generation {}", name, generation), reason,
                                  taken ? "ok" : taken.error().message}));
  if (!taken) return std::unexpected(std::move(taken).error().within("what was in use is in use again"));
  reply.summary("message", fmt::format("{}: generation {} is in use", name, generation));
  reply.summary("generation", static_cast<std::int64_t>(generation));
  return {};
}

Result<void> roll_back(SetDesk& desk, const Call& call, Reply& reply) {
  TOCSIN_TRY(const auto name, call.require("set"));
  const bool dry = call.flag("dry_run");
  std::string reason = "dry run";
  if (!dry) {
    TOCSIN_TRY(reason, reason_given(call));
  }
  const auto used = SetShelf::good_name(name) ? desk.shelf.manifest(name) : std::nullopt;
  if (!used)
    return fail(Code::not_found, fmt::format("there is no rule set {}; see tocsin rule sets", escape_terminal(name)));
  const auto all = desk.shelf.generations(name);
  auto wanted = call.number("to").value_or(0);
  if (wanted == 0)
    for (const auto& one : all)
      if (one.generation < used->generation && wanted == 0) wanted = static_cast<std::int64_t>(one.generation);
  const auto target =
      std::ranges::find(all, static_cast<std::uint64_t>(std::max<std::int64_t>(0, wanted)), &SetManifest::generation);
  if (target == all.end())
    return fail(Code::not_found, fmt::format("{} has no such generation to go back to; see tocsin rule sets", name));
  if (!dry) {
    TOCSIN_CHECK(desk.shelf.use(name, target->generation));
    auto taken = desk.reload ? desk.reload(true) : Result<void>{};
    if (!taken) TOCSIN_CHECK(desk.shelf.use(name, used->generation));
    if (desk.note)
      TOCSIN_CHECK(desk.note(
          call, {"rule.rollback", fmt::format("{} generation {} to {}", name, used->generation, target->generation),
                 reason, taken ? "ok" : taken.error().message}));
    if (!taken) return taken;
  }
  reply.summary("message", fmt::format("{}: generation {} of {} {} in use, instead of {}", name, target->generation,
                                       render_time(target->installed), dry ? "would be" : "is", used->generation));
  return {};
}

RuleListing listing(const EngineOptions& options, const std::string& inside, std::size_t& brought) {
  RuleListing out;
  Diagnostics diagnostics;
  const auto engines = Engines::load(options, diagnostics);
  for (const auto& active : engines.active()) {
    list_rules(active.set->rules(), out);
    if (inside.empty()) continue;
    for (const auto& rule : active.set->rules())
      if (rule->file.starts_with(inside + "/")) ++brought;
  }
  list_refused(diagnostics, out);
  Diagnostics ignored;
  list_commented(read_rule_files(options.paths, ignored).signatures, out);
  return out;
}

}  // namespace

void add_set_methods(MethodTable& methods, SetDesk given) {
  const auto desk = std::make_shared<SetDesk>(std::move(given));
  const auto writing = std::make_shared<std::mutex>();  // a shelf has one writer at a time
  methods.add({"rule.sets", Role::viewer, "rule sets that were installed",
               [desk](const Call& c, Reply& r) { return list_sets(*desk, c, r); }});
  methods.add({"rule.update", Role::admin, "install a rule set", [desk, writing](const Call& c, Reply& r) {
                 const std::lock_guard lock(*writing);
                 return update_set(*desk, c, r);
               }});
  methods.add({"rule.rollback", Role::admin, "use an earlier generation of a rule set",
               [desk, writing](const Call& c, Reply& r) {
                 const std::lock_guard lock(*writing);
                 return roll_back(*desk, c, r);
               }});
}

std::string set_parameters(const std::string& set, const std::vector<BundleFile>& files, const SetManifest& manifest,
                           bool force) {
  json::object out;
  out["set"] = set;
  json::array list;
  for (const auto& file : files) {
    json::object one;
    one["name"] = file.name;
    one["bytes"] = file.text.size();
    list.push_back(std::move(one));
  }
  out["files"] = std::move(list);
  out["source"] = manifest.source;
  out["etag"] = manifest.etag;
  out["sha256"] = manifest.sha256;
  out["reason"] = manifest.reason;
  out["rules"] = manifest.rules;
  out["who"] = manifest.who;
  if (force) out["force"] = true;
  return json::serialize(out);
}

SetJudgement judge_set(const Config& config, const std::string& set, const std::string& directory, Time now) {
  auto options = engine_options(config, {});
  options.now = now;
  SetJudgement out;
  std::size_t none = 0;
  const auto before = listing(options, {}, none);
  const auto current = SetShelf(config.rules.installed).current(set);
  std::erase(options.paths, current);
  options.paths.push_back(directory);
  const auto after = listing(options, directory, out.rules);
  out.comparison = compare_rules(before, after);
  out.worse = much_worse({before.loaded, before.refused.size()}, {after.loaded, after.refused.size()});
  return out;
}

}  // namespace tocsin::daemon
