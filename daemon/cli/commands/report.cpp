// report list and make.

#include <fstream>
#include <ostream>

#include <boost/json.hpp>

#include "collectors/base/text.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/output.h"
#include "daemon/cli/relay.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

Result<void> make_report(CommandContext& context) {
  if (context.options.text_or("kind", "") == "incident" && !context.options.text("incident"))
    return fail(Code::usage, "name the incident: tocsin report make incident --incident INC-2026-0042");
  std::string content;
  TOCSIN_TRY([[maybe_unused]] const auto summary, call_daemon(context, [&](const json::object& row) {
               const auto* text = row.if_contains("content");
               if (text != nullptr && text->is_string()) content = std::string(text->get_string());
               return true;
             }));
  const auto path = context.options.text_or("file", "");
  if (path.empty()) {
    context.out << content;
    return {};
  }
  std::ofstream out(path, std::ios::binary);
  out << content;
  out.close();
  if (!out) return fail(Code::failure, "cannot write " + path + "; check that its directory exists and has room");
  context.err << "written: " << escape_terminal(path) << '\n';
  return {};
}

constexpr Example list_examples[] = {{"tocsin report list", "reports that were made, newest first"}};
constexpr Column report_columns[] = {
    {"made", "MADE", Style::time}, {"kind", "KIND", Style::strong},        {"period", "PERIOD"},
    {"format", "FORMAT"},          {"bytes", "BYTES", Style::plain, true}, {"path", "PATH", Style::plain, false, true}};
constexpr Example make_examples[] = {
    {"tocsin report make daily --file report.html", "the last 24 hours"},
    {"tocsin report make weekly --since 2026-11-16 --until 2026-11-23 --format csv", "a week of the calendar"},
    {"tocsin report make incident --incident INC-2026-0042 --format markdown", "one incident, to the terminal"}};
constexpr OptionRow make_options[] = {
    {.name = "kind",
     .kind = OptionKind::positional,
     .value = "",
     .help = "of the last 24 hours, 7 or 30 days (or --since and --until), or of an incident",
     .choices = "daily|weekly|monthly|incident",
     .required = true},
    {.name = "incident", .kind = OptionKind::value, .value = "INCIDENT", .help = "which one, for kind incident"},
    {.name = "format",
     .kind = OptionKind::value,
     .value = "FORMAT",
     .help = "default html",
     .choices = "html|markdown|csv|json"},
    {.name = "max-tlp",
     .kind = OptionKind::value,
     .value = "TLP",
     .help = "default amber; of what is marked stricter only the numbers",
     .choices = "none|clear|green|amber|amber+strict|red"},
    {.name = "file", .kind = OptionKind::value, .value = "FILE", .help = "write here instead of standard output"}};

constexpr CommandRow rows[] = {
    {.noun = "report",
     .verb = "list",
     .summary = "reports that were made",
     .examples = list_examples,
     .options = {},
     .features = feature::output | feature::rows | feature::period | feature::daemon | feature::config,
     .columns = report_columns,
     .run = relay_rows},
    {.noun = "report",
     .verb = "make",
     .summary = "a report now, as HTML, Markdown, CSV or JSON",
     .examples = make_examples,
     .options = make_options,
     .features = feature::period | feature::daemon | feature::config,
     .columns = {},
     .run = make_report},
};

}  // namespace

std::span<const CommandRow> report_commands() { return rows; }

}  // namespace tocsin::daemon
