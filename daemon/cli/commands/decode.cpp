// decode: what the decoders make of lines, for people and for scripts. Judged here, with no daemon.

#include <istream>
#include <ostream>
#include <utility>

#include "collectors/base/text.h"
#include "collectors/log/line/line_decoder.h"
#include "daemon/app/engines.h"
#include "daemon/app/workbench.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/configured.h"
#include "daemon/cli/output.h"

namespace tocsin::daemon {
namespace {

Result<collectors::LineSource> source_of(CommandContext& context) {
  const auto& options = context.options;
  collectors::LineSource source;
  source.name = options.text_or("name", "command line");
  source.host = options.text_or("host", "");
  source.default_host = "localhost";
  source.program = options.text_or("program", "");
  if (const auto kind = options.text("kind")) {
    const auto known = collectors::parse_log_kind(*kind);
    if (!known) return fail(Code::usage, "--kind is one of auto, syslog, access, audit, json");
    source.kind = *known;
  }
  collectors::TimeZone zone;
  if (const auto name = options.text("tz")) {
    TOCSIN_TRY(zone, collectors::TimeZone::load(*name));
  }
  source.clock = collectors::LineClock(std::move(zone), static_cast<int>(options.number("year").value_or(0)));
  return source;
}

Result<void> decode_lines(CommandContext& context) {
  TOCSIN_TRY(const auto config, configured(context));
  FieldNames names;
  Diagnostics diagnostics;
  TOCSIN_TRY(const auto decoders, load_decoders(config, names, diagnostics));
  for (const auto& d : diagnostics.all())
    if (d.severity == Severity::error) context.err << render_text(d) << '\n';
  TOCSIN_TRY(const auto source, source_of(context));
  const auto one = [&](const std::string& line) -> Result<void> {
    if (!context.output.for_people())
      return context.output.row_json(collectors::render_reading(decoders, names, line, source, context.clock.now()));
    context.out << collectors::explain_line(decoders, names, line, source, context.clock.now()) << '\n';
    return {};
  };
  const auto given = context.options.list("line");
  for (const auto& line : given) TOCSIN_CHECK(one(line));
  std::string line;
  while (given.empty() && std::getline(context.in, line)) TOCSIN_CHECK(one(line));
  return {};
}

constexpr Example examples[] = {
    {"tocsin decode 'Nov 22 15:30:00 web01 sshd[7]: Failed password for root from 203.0.113.9 port 5000 ssh2'",
     "which decoder, which fields"},
    {"tail -n 5 /var/log/auth.log | tocsin decode", "the same for lines on standard input"},
    {"tocsin decode --program postgres -o ndjson < postgresql.log",
     "lines that do not say who wrote them, for a script"}};
constexpr OptionRow options[] = {
    {.name = "line", .kind = OptionKind::positional_list, .value = "", .help = "lines; default: standard input"},
    {.name = "explain", .kind = OptionKind::flag, .value = "", .help = "say which decoder matched (always done)"},
    {.name = "program",
     .kind = OptionKind::value,
     .value = "NAME",
     .help = "what wrote the lines, where they do not say it: nginx, postgres, keycloak"},
    {.name = "kind", .kind = OptionKind::value, .value = "KIND", .help = "auto syslog access audit json"},
    {.name = "host", .kind = OptionKind::value, .value = "NAME", .help = "whose lines these are"},
    {.name = "year", .kind = OptionKind::value, .value = "YEAR", .help = "of time stamps without one"},
    {.name = "tz", .kind = OptionKind::value, .value = "ZONE", .help = "of time stamps without one"}};
constexpr Column columns[] = {{"decoder", "DECODER"}, {"pattern", "PATTERN"}, {"line", "LINE"}};

constexpr CommandRow rows[] = {{.noun = "decode",
                                .verb = "",
                                .summary = "what the decoders make of a line",
                                .examples = examples,
                                .options = options,
                                .features = feature::output | feature::config,
                                .columns = columns,
                                .run = decode_lines}};

}  // namespace

std::span<const CommandRow> decode_commands() { return rows; }

}  // namespace tocsin::daemon
