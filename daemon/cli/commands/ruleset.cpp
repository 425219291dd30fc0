// rule sets, update and rollback. What comes from outside is fetched, unpacked and test-loaded here, in the person's
// own process; the daemon is handed plain files.

#include <pwd.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <ostream>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/descriptor.h"
#include "collectors/base/digest.h"
#include "collectors/base/text.h"
#include "daemon/app/rule_files.h"
#include "daemon/app/set_methods.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/output.h"
#include "daemon/cli/relay.h"
#include "daemon/ruleset/fetch.h"
#include "daemon/store/store.h"

namespace tocsin::daemon {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

Result<Config> configuration(CommandContext& context) {
  Diagnostics diagnostics;
  auto config = read_config(context.options.text_or("config", context.places.config), context.places, diagnostics);
  for (const auto& d : diagnostics.all()) context.err << render_text(d) << '\n';
  return config;
}

// Gone with what is in it when the command ends.
class Scratch {
 public:
  static Result<Scratch> make() {
    std::string path = (fs::temp_directory_path() / "tocsin-rules-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) return fail_errno("cannot make a folder for the test load", errno);
    return Scratch(std::move(path));
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const std::string& path() const noexcept { return path_; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

struct Arrived {
  RuleBundle bundle;
  SetManifest manifest;
  bool unchanged = false;
};

Sha256 digest_of(const RuleBundle& bundle) {
  std::string all;
  for (const auto& file : bundle.files)
    all += fmt::format("{} {}\n", file.name, render_digest(sha256(as_bytes(file.text))));
  return sha256(as_bytes(all));
}

Result<Arrived> arrive_from_server(CommandContext& context, const std::string& source, const SetManifest& before) {
  Arrived out;
  FetchRequest request;
  request.url = source;
  request.authorities = context.options.text_or("ca", "");
  if (before.source == source && !context.options.flag("force")) request.etag = before.etag;
  auto fetched = fetch(request);
  if (!fetched) return std::unexpected(std::move(fetched).error().within("fetching " + escape_terminal(source)));
  out.unchanged = fetched->unchanged;
  if (out.unchanged) return out;
  out.manifest.etag = fetched->etag;
  out.manifest.sha256 = render_digest(sha256(as_bytes(fetched->bytes)));
  TOCSIN_TRY(out.bundle, unpack_bundle(as_bytes(fetched->bytes)));
  return out;
}

Result<Arrived> arrive(CommandContext& context, const std::string& source, const SetManifest& before) {
  Arrived out;
  if (is_url(source)) {
    TOCSIN_TRY(out, arrive_from_server(context, source, before));
  } else {
    const std::string path = source.starts_with("file://") ? source.substr(7) : source;
    std::error_code error;
    if (!fs::exists(path, error)) return fail(Code::not_found, escape_terminal(path) + " does not exist");
    TOCSIN_TRY(out.bundle, read_bundle(path));
    if (fs::is_directory(path, error)) {
      out.manifest.sha256 = render_digest(digest_of(out.bundle));
    } else {
      TOCSIN_TRY(const auto bytes, read_file(path));
      out.manifest.sha256 = render_digest(sha256(as_bytes(bytes)));
    }
  }
  out.manifest.source = source;
  const auto wanted = lower_ascii(context.options.text_or("sha256", ""));
  if (!out.unchanged && !wanted.empty() && wanted != out.manifest.sha256)
    return fail(Code::conflict,
                fmt::format("its SHA-256 is {}, not {}; nothing was changed", out.manifest.sha256, wanted));
  out.unchanged = out.unchanged || (before.sha256 == out.manifest.sha256 && before.source == source);
  return out;
}

Result<void> lay_out(const RuleBundle& bundle, const std::string& directory) {
  std::error_code error;
  for (const auto& file : bundle.files) {
    const auto path = fs::path(directory) / file.name;
    fs::create_directories(path.parent_path(), error);
    TOCSIN_CHECK(replace_file(path, as_bytes(file.text), 0644));
  }
  return {};
}

void show_differences(CommandContext& context, const RuleComparison& comparison) {
  for (const auto& one : comparison.differences) {
    json::object row;
    row["change"] = rule_change_name(one.change);
    row["rule"] = one.rule;
    row["before"] = one.before;
    row["after"] = one.after;
    row["title"] = one.title;
    row["file"] = one.file;
    row["reason"] = one.reason;
    context.output.row(row);
  }
  context.output.finish();
}

std::string counted(const RuleComparison& comparison) {
  std::string out;
  for (const auto& [change, count] : comparison.counts)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, rule_change_name(change));
  return fmt::format("{}; {} rules instead of {}", out.empty() ? "no rule differs" : out, comparison.loaded_after,
                     comparison.loaded_before);
}

std::string own_name() {
  const auto* known = ::getpwuid(::getuid());
  return known == nullptr ? std::to_string(::getuid()) : known->pw_name;
}

// Who asks where there is no socket, and what is kept of it: the store's own journal, while nobody else writes it.
Result<void> note_offline(const Config& config, const Clock& clock, const SetDesk::Act& act) {
  TOCSIN_TRY(const auto store, Store::open(config.store.directory, OpenMode::create, clock, {}));
  AuditEntry entry;
  entry.time = clock.now();
  entry.actor = {static_cast<std::uint32_t>(::getuid()), responders::Actor::nobody, own_name()};
  entry.act = act.verb;
  entry.target = act.target;
  entry.reason = act.reason;
  entry.outcome = act.outcome;
  return store->records().add_audit(entry);
}

// The running daemon, or with --offline the methods themselves.
Result<std::string> ask(CommandContext& context, const Config& config, const std::string& params,
                        std::span<const int> descriptors, const std::function<bool(const json::object&)>& row) {
  const auto method = method_of(context.command);
  if (!context.options.flag("offline")) return call_method(context, method, params, descriptors, row);
  if (ControlClient::connect(socket_path(context), std::chrono::seconds{1}))
    return fail(Code::conflict, "tocsind is running; leave out --offline, or stop it first");
  MethodTable methods;
  SetDesk desk{SetShelf(config.rules.installed), context.clock, {}, {}};
  desk.note = [&](const Call&, const SetDesk::Act& act) { return note_offline(config, context.clock, act); };
  add_set_methods(methods, std::move(desk));
  return call_local(methods, method, params, row, descriptors);
}

void say(CommandContext& context, std::string_view summary) {
  json::error_code error;
  const auto value = json::parse({summary.data(), summary.size()}, error);
  if (error || !value.is_object()) return;
  if (const auto* message = value.get_object().if_contains("message"); message != nullptr && message->is_string())
    context.err << escape_terminal(plain_text(*message)) << '\n';
}

Result<void> hand_over(CommandContext& context, const Config& config, const std::string& set, Arrived& arrived) {
  OwnedDescriptor contents(::memfd_create("rules", MFD_CLOEXEC));
  if (!contents) return fail_errno("cannot hold the files in memory", errno);
  for (const auto& file : arrived.bundle.files) {
    std::string_view left = file.text;
    while (!left.empty()) {
      const auto put = ::write(contents.get(), left.data(), left.size());
      if (put < 0 && errno != EINTR) return fail_errno("cannot hold the files in memory", errno);
      if (put > 0) left.remove_prefix(static_cast<std::size_t>(put));
    }
  }
  arrived.manifest.who = own_name();
  arrived.manifest.reason = context.options.text_or("reason", "");
  const auto params = set_parameters(set, arrived.bundle.files, arrived.manifest, context.options.flag("force"));
  const int descriptors[] = {contents.get()};
  TOCSIN_TRY(const auto summary, ask(context, config, params, descriptors, [](const json::object&) { return true; }));
  say(context, summary);
  return {};
}

Result<void> update_rules(CommandContext& context) {
  TOCSIN_TRY(const auto config, configuration(context));
  const auto set = context.options.text_or("set", "");
  if (!SetShelf::good_name(set)) return fail(Code::usage, "a set's name has 1 to 40 of a-z, 0-9, - and _");
  const SetShelf shelf(config.rules.installed);
  const auto before = shelf.manifest(set).value_or(SetManifest{});
  auto source = context.options.text_or("from", before.source);
  if (source.empty())
    return fail(Code::usage, fmt::format("where does {} come from? name it once with --from DIR, ARCHIVE or URL", set));
  if (!is_url(source) && !source.starts_with("file://")) source = fs::absolute(source).lexically_normal().string();
  TOCSIN_TRY(auto arrived, arrive(context, source, before));
  if (arrived.unchanged && !context.options.flag("force")) {
    context.output.finish();
    context.err << fmt::format("{}: what {} has is generation {} already\n", set, escape_terminal(source),
                               before.generation);
    return {};
  }
  TOCSIN_TRY(const auto scratch, Scratch::make());
  TOCSIN_CHECK(lay_out(arrived.bundle, scratch.path()));
  const auto judged = judge_set(config, set, scratch.path(), context.clock.now());
  arrived.manifest.rules = judged.rules;
  show_differences(context, judged.comparison);
  context.err << fmt::format("{}: {}\n", set, counted(judged.comparison));
  for (const auto& name : arrived.bundle.left_out)
    context.err << fmt::format("{} is left out: a set does not tune this house\n", escape_terminal(name));
  if (!judged.worse.empty() && !context.options.flag("force"))
    return fail(Code::conflict, judged.worse + "; look at the rows above, or --force");
  if (context.options.flag("dry-run")) return {};
  return hand_over(context, config, set, arrived);
}

Result<void> relay_sets(CommandContext& context) {
  TOCSIN_TRY(const auto config, configuration(context));
  TOCSIN_TRY(const auto summary, ask(context, config, params_of(context), {}, [&](const json::object& row) {
               context.output.row(row);
               return true;
             }));
  if (context.output.rows() == 0 && context.output.for_people() && context.command.verb == "sets")
    context.err << "no rule set was installed; see tocsin rule update --help\n";
  else context.output.finish();
  say(context, summary);
  return {};
}

constexpr Example sets_examples[] = {
    {"tocsin rule sets", "what was installed, by whom, and what is kept to go back to"}};
constexpr Example update_examples[] = {
    {"tocsin rule update et-open --from https://rules.emergingthreats.net/open/suricata-7.0/emerging.rules.tar.gz "
     "--dry-run",
     "fetch, load beside what is in use, and say what would differ"},
    {"tocsin rule update et-open --reason \"weekly\"", "again from where it came from, if the server has a newer one"},
    {"tocsin rule update ours --from /srv/rules --reason \"ticket 4711\" -o json",
     "a directory; differences for a script"}};
constexpr Example rollback_examples[] = {
    {"tocsin rule rollback et-open --reason \"false alarms\"", "the generation before the one in use"},
    {"tocsin rule rollback et-open --to 3 --reason \"it was good\"", "that one"}};
constexpr OptionRow set_argument = {.name = "set",
                                    .kind = OptionKind::positional,
                                    .value = "",
                                    .help = "its name here: a-z, 0-9, - and _",
                                    .required = true};
constexpr OptionRow offline = {
    .name = "offline", .kind = OptionKind::flag, .value = "", .help = "without tocsind, which must not be running"};
constexpr OptionRow sets_options[] = {offline};
constexpr OptionRow update_options[] = {
    set_argument,
    {.name = "from",
     .kind = OptionKind::value,
     .value = "SOURCE",
     .help = "directory, .tar.gz, .tar.zst, .zip, http(s):// or file:// URL; default: as last time"},
    {.name = "sha256", .kind = OptionKind::value, .value = "HEX", .help = "of the archive; another one is refused"},
    {.name = "ca", .kind = OptionKind::value, .value = "FILE", .help = "certificates to trust instead of the system's"},
    {.name = "force", .kind = OptionKind::flag, .value = "", .help = "although it loads much worse, or is the same"},
    offline};
constexpr OptionRow rollback_options[] = {
    set_argument,
    {.name = "to", .kind = OptionKind::value, .value = "N", .help = "generation; default: the one before"},
    offline};
constexpr Column set_columns[] = {{"set", "SET", Style::strong},
                                  {"generation", "GENERATION"},
                                  {"state", "STATE", Style::state},
                                  {"rules", "RULES"},
                                  {"installed", "INSTALLED", Style::time},
                                  {"who", "WHO"},
                                  {"reason", "REASON", Style::plain, false, true},
                                  {"source", "SOURCE", Style::plain, false, true},
                                  {"files", "FILES", Style::plain, true},
                                  {"sha256", "SHA-256", Style::faint, true},
                                  {"etag", "ETAG", Style::faint, true}};
constexpr Column difference_columns[] = {{"change", "CHANGE", Style::state},
                                         {"rule", "RULE", Style::strong},
                                         {"before", "BEFORE"},
                                         {"after", "AFTER"},
                                         {"title", "TITLE", Style::plain, false, true},
                                         {"reason", "REASON", Style::plain, false, true},
                                         {"file", "FILE", Style::faint, true, true}};
constexpr std::string_view update_details =
    "The new set is loaded beside what is configured before anything changes. It is refused when more than 2 % of the\n"
    "rules (at least 20) would be refused anew, or more than a third of them would be gone; the daemon judges so "
    "again\n"
    "and goes back by itself. Three older generations are kept. Archives with links or names that lead out are "
    "refused.";
constexpr unsigned client = feature::output | feature::daemon | feature::config;

constexpr CommandRow rows[] = {{.noun = "rule",
                                .verb = "sets",
                                .summary = "rule sets that were installed, and their generations",
                                .examples = sets_examples,
                                .options = sets_options,
                                .features = client | feature::rows,
                                .columns = set_columns,
                                .run = relay_sets},
                               {.noun = "rule",
                                .verb = "update",
                                .summary = "install a rule set or its newer version: differences, test load, then use",
                                .examples = update_examples,
                                .options = update_options,
                                .features = client | feature::change,
                                .columns = difference_columns,
                                .run = update_rules,
                                .details = update_details},
                               {.noun = "rule",
                                .verb = "rollback",
                                .summary = "use an earlier generation of a rule set",
                                .examples = rollback_examples,
                                .options = rollback_options,
                                .features = client | feature::change,
                                .columns = set_columns,
                                .run = relay_sets}};

}  // namespace

std::span<const CommandRow> ruleset_commands() { return rows; }

}  // namespace tocsin::daemon
