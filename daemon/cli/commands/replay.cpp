// replay: recordings through the pipeline, offline, or through the running daemon (--live).

#include <fcntl.h>
#include <unistd.h>

#include <ostream>
#include <thread>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/counted.h"
#include "collectors/base/text.h"
#include "daemon/app/offline_replay.h"
#include "daemon/app/vocabulary.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/configured.h"
#include "daemon/cli/incident_view.h"
#include "daemon/cli/output.h"
#include "daemon/cli/relay.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

Result<void> apply_settings(CommandContext& context, OfflineReplayOptions& out) {
  const auto& options = context.options;
  out.inputs = options.list("input");
  out.rules = options.list("rules");
  out.indicators = options.list("indicators");
  out.settings = options.list("set");
  out.suricata_yaml = options.text_or("suricata-yaml", "");
  out.filter = options.text_or("bpf", "");
  out.eve = options.text_or("eve", "");
  out.store = options.text_or("store", "");
  TOCSIN_TRY(out.tuning, tuning_file(context, ""));
  out.now = context.clock.now();
  out.costs = options.text_or("costs", "");
  out.defaults.host = options.text_or("host", "");
  out.defaults.time_zone = options.text_or("tz", "");
  out.defaults.program = options.text_or("program", "");
  if (const auto year = options.number("year")) out.defaults.year = static_cast<int>(*year);
  out.ignore_checksums = options.text_or("checksums", "") == "none";
  out.workers = options.number("workers").value_or(1);
  if (out.workers == 0 || out.workers > 64) return fail(Code::usage, "--workers takes a number from 1 to 64");
  if (out.inputs.empty())
    return fail(Code::usage, "name at least one capture, log, file or recording; see tocsin replay --help");
  Diagnostics diagnostics;
  auto config = read_config(options.text_or("config", context.places.config), context.places, diagnostics);
  if (!config && (config.error().code != Code::not_found || options.text("config"))) {
    for (const auto& d : diagnostics.all()) context.err << render_text(d) << '\n';
    return std::unexpected(std::move(config).error());
  }
  if (config) out.config = std::move(*config);
  else resolve_paths(out.config, context.places);
  if (const auto syntax = options.text("syntax"))
    out.config.rules.syntax = rules::signature::parse_syntax(*syntax).value_or(out.config.rules.syntax);
  return {};
}

json::object parsed(std::string_view text) {
  json::error_code error;
  auto value = json::parse(text, error);
  return error || !value.is_object() ? json::object{} : std::move(value.as_object());
}

void show_diagnostics(CommandContext& context, const Diagnostics& diagnostics) {
  constexpr std::size_t most = 20;
  std::size_t shown = 0;
  for (const auto& d : diagnostics.all()) {
    if (d.severity == Severity::note) continue;
    if (++shown > most) continue;
    context.err << render_text(d) << '\n';
  }
  if (shown > most) context.err << fmt::format("and {} more; tocsin rule check lists them all\n", shown - most);
}

Result<void> replay_offline(CommandContext& context) {
  OfflineReplayOptions options;
  TOCSIN_CHECK(apply_settings(context, options));
  const bool only_incidents = context.options.flag("incidents");
  options.loaded = [&](const Diagnostics& diagnostics) { show_diagnostics(context, diagnostics); };
  options.alert = [&](const rules::Alert& alert) {
    if (only_incidents) return;
    auto row = parsed(rules::render_json(alert));
    if (context.options.flag("fields")) widen_alert(row);
    context.output.row(row);
  };
  if (context.talkative)
    options.progress = [&](std::uint64_t bytes) {
      context.err << fmt::format("\r\x1b[K{} MiB read", bytes >> 20) << std::flush;
    };
  auto done = replay_recording(std::move(options));
  if (context.talkative) context.err << "\r\x1b[K" << std::flush;
  if (!done) return std::unexpected(std::move(done).error());
  if (context.output.for_people()) {
    context.output.finish();
    for (const auto& incident : done->incidents) {
      context.out << '\n';
      auto view = parsed(incident.view);
      view.erase("next");  // no daemon holds it
      draw_incident(context.output, view);
    }
  } else if (only_incidents) {
    for (const auto& incident : done->incidents) context.output.row(parsed(incident.json));
  }
  if (!done->store_trouble.empty()) {
    context.err << escape_terminal(done->store_trouble)
                << "\n  next: make room and replay again; what is stored is not stored twice\n";
    context.exit_status = exit_status(Code::partial);
  }
  for (const auto& remark : done->summary.remarks) context.err << escape_terminal(remark) << '\n';
  if (context.talkative || context.output.for_people())
    context.err << fmt::format("{}, {}, {}; {} in {}\n", counted(done->summary.packets, "packet"),
                               counted(done->summary.events, "event"), counted(done->summary.files, "file"),
                               counted(done->alerts, "alert"), counted(done->incidents.size(), "incident"));
  return {};
}

// The daemon may not open files: we open them and hand the descriptors over.
Result<void> replay_live(CommandContext& context) {
  Diagnostics diagnostics;
  auto recording = collect_inputs(context.options.list("input"), {}, diagnostics);
  for (const auto& d : diagnostics.all()) context.err << render_text(d) << '\n';
  if (!recording) return std::unexpected(std::move(recording).error());
  std::string params;
  JsonWriter writer(params);
  writer.begin_object().member("name", recording->name).key("inputs").begin_array();
  std::vector<OwnedDescriptor> opened;
  std::vector<int> numbers;
  for (const auto& input : recording->inputs) {
    opened.emplace_back(::open(input.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!opened.back()) return fail_errno("cannot open " + input.path, errno);
    numbers.push_back(opened.back().get());
    writer.begin_object()
        .member("name", input.name)
        .member("kind", input_kind_name(input.kind))
        .member("host", input.host);
    writer.member("timezone", input.time_zone);
    if (!input.program.empty()) writer.member("program", input.program);
    if (input.year) writer.member("year", *input.year);
    if (input.observed) writer.member("observed", render_time(*input.observed));
    writer.end_object();
  }
  writer.end_array().end_object();
  auto summary = call_method(context, "replay.run", params, numbers, [&](const json::object& row) {
    if (!context.output.for_people()) context.output.row(row);
    return true;
  });
  if (!summary) return std::unexpected(std::move(summary).error());
  show_remark(context, *summary);
  const auto said = parsed(*summary);
  if (const auto* message = said.if_contains("message")) {
    const auto text = plain_text(*message);
    for (const auto line : split(text, '\n')) context.err << escape_terminal(line) << '\n';
  }
  return {};
}

Result<void> run_replay(CommandContext& context) {
  return context.options.flag("live") ? replay_live(context) : replay_offline(context);
}

constexpr Example examples[] = {
    {"tocsin replay etc/examples/intrusion", "the bundled recording: its alerts, then the incident"},
    {"tocsin replay -o ndjson traffic.pcap auth.log", "a capture and a log together, one alert a line"},
    {"tocsin replay --rules mine.rules --rules sigma/ traffic.pcap",
     "with these rules instead of the configured packs"},
    {"tocsin replay --rules sigma/ Security.evtx collected/", "Windows event logs (EVTX), one or a directory of them"},
    {"tocsin replay --indicators feed.csv --indicators event.json traffic.pcap", "which of these were met in it"},
    {"tocsin replay -k none --eve eve.json traffic.pcap", "Suricata's EVE records too; bad checksums are accepted"},
    {"tocsin replay --costs costs.jsonl traffic.pcap", "what each rule cost over this traffic, the dearest first"},
    {"tocsin replay --live etc/examples/intrusion", "through the running daemon, marked as an exercise"}};
constexpr OptionRow options[] = {
    {.name = "input",
     .kind = OptionKind::positional_list,
     .value = "",
     .help = "captures, logs, JSON, EVTX, any file, or a directory with recording.yaml or event logs"},
    {.name = "rules",
     .kind = OptionKind::list,
     .value = "PATH",
     .help = "rule file or directory; replaces the configured packs"},
    {.name = "indicators",
     .kind = OptionKind::list,
     .value = "FILE",
     .help = "indicator list or directory of them; replaces the configured ones"},
    {.name = "tuning", .kind = OptionKind::value, .value = "FILE", .help = "what to enable, disable, modify, suppress"},
    {.name = "suricata-yaml",
     .kind = OptionKind::value,
     .value = "FILE",
     .help = "variables and settings of a Suricata configuration"},
    {.name = "set",
     .kind = OptionKind::list,
     .value = "KEY=VALUE",
     .help = "one setting, as Suricata names it: stream.midstream=true"},
    {.name = "checksums",
     .kind = OptionKind::value,
     .value = "MODE",
     .help = "none: packets with bad checksums are used",
     .choices = "none|all",
     .letter = 'k'},
    {.name = "bpf",
     .kind = OptionKind::value,
     .value = "FILTER",
     .help = "only packets that pass, as tcpdump takes it"},
    {.name = "year",
     .kind = OptionKind::value,
     .value = "YEAR",
     .help = "of time stamps without one; default: when the file was written"},
    {.name = "tz",
     .kind = OptionKind::value,
     .value = "ZONE",
     .help = "of time stamps without one, e.g. Asia/Ho_Chi_Minh"},
    {.name = "host", .kind = OptionKind::value, .value = "NAME", .help = "whose logs these are"},
    {.name = "program",
     .kind = OptionKind::value,
     .value = "NAME",
     .help = "what wrote the logs, where their lines do not say it: nginx, postgres, keycloak"},
    {.name = "eve", .kind = OptionKind::value, .value = "FILE", .help = "write EVE records here"},
    {.name = "costs",
     .kind = OptionKind::value,
     .value = "FILE",
     .help = "write checks, matches and time of each rule here, a JSON object a line"},
    {.name = "store", .kind = OptionKind::value, .value = "DIR", .help = "keep alerts, incidents and events there"},
    {.name = "workers",
     .kind = OptionKind::value,
     .value = "N",
     .help = "threads; the output is the same for any number"},
    {.name = "incidents", .kind = OptionKind::flag, .value = "", .help = "print incidents instead of alerts"},
    {.name = "live", .kind = OptionKind::flag, .value = "", .help = "through the running daemon, as an exercise"}};

constexpr Column columns[] = {{"@timestamp", "TIME", Style::time},
                              {"alert.severity", "SEV", Style::severity},
                              {"rule.engine", "ENGINE"},
                              {"host.name", "HOST", Style::plain, true},
                              {"rule.title", "ALERT", Style::strong, false, true},
                              {"entities", "ABOUT", Style::plain, false, true},
                              {"rule.id", "RULE", Style::faint, true, true},
                              {"rule.attack", "ATT&CK", Style::plain, true, true}};

constexpr std::string_view members[] = {"entities", "why", "packet", "fields", "incident", "timeline"};

constexpr CommandRow rows[] = {{.noun = "replay",
                                .verb = "",
                                .summary = "recordings through the engines: the same output every time",
                                .examples = examples,
                                .options = options,
                                .features = feature::output | feature::daemon | feature::config | feature::signatures,
                                .columns = columns,
                                .run = run_replay,
                                .members = members,
                                .vocabulary = Vocabulary::alerts}};

}  // namespace

std::span<const CommandRow> replay_commands() { return rows; }

}  // namespace tocsin::daemon
