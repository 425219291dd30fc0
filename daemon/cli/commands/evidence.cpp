// What the vault has: evidence list, verify, pcap, get.

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <ostream>

#include <boost/json.hpp>

#include "collectors/base/base64.h"
#include "collectors/base/text.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/output.h"
#include "daemon/cli/relay.h"

namespace tocsin::daemon {
namespace {

constexpr unsigned client = feature::daemon | feature::store | feature::config;
constexpr unsigned listing = client | feature::output | feature::rows | feature::period;

// Into a file of its own, or to what stdout leads to when that is no terminal.
Result<void> take_bytes(CommandContext& context) {
  const auto path = context.options.text("output");
  const bool to_file = path && *path != "-";
  if (!to_file && context.terminal)
    return fail(Code::usage,
                "these bytes are not for a terminal; add -o FILE, or pipe them: tocsin evidence pcap INCIDENT | "
                "tshark -r -");
  std::ofstream file;
  std::ostream& out = to_file ? file : context.out;
  Result<void> trouble;
  const auto summary = call_daemon(context, [&](const boost::json::object& row) {
    const auto* data = row.if_contains("data");
    const auto bytes = data == nullptr ? std::nullopt : parse_base64(plain_text(*data));
    if (!bytes) {
      trouble = fail(Code::invalid, "tocsind sent something that is not its evidence; are both of one version?");
      return false;
    }
    if (to_file && !file.is_open()) {
      // Evidence is for who asked for it, and may be hostile: nobody else reads it, nobody runs it.
      const auto mask = ::umask(0177);
      file.open(*path, std::ios::binary | std::ios::trunc);
      ::umask(mask);
    }
    out.write(bytes->data(), static_cast<std::streamsize>(bytes->size()));
    return static_cast<bool>(out);
  });
  if (!trouble) return trouble;
  if (!summary) return std::unexpected(summary.error());
  out.flush();
  if (!out)
    return fail(Code::exhausted, "cannot write " + (to_file ? *path : "to standard output") +
                                     "; is the disk full, and may you write there?");
  boost::json::error_code error;
  const auto value = boost::json::parse(*summary, error);
  const auto* message = error || !value.is_object() ? nullptr : value.get_object().if_contains("message");
  if (message != nullptr && !context.options.flag("quiet"))
    context.err << escape_terminal(plain_text(*message)) << (to_file ? ", in " + escape_terminal(*path) : "") << '\n';
  return {};
}

constexpr Example list_examples[] = {
    {"tocsin evidence list --incident INC-2026-0042", "what was kept for an incident"}};
constexpr Example verify_examples[] = {
    {"tocsin evidence verify", "is each piece there, and does its custody begin with its collection"},
    {"tocsin evidence verify --store /var/lib/tocsin --key vault.key", "compute every digest again"}};
constexpr Example pcap_examples[] = {
    {"tocsin evidence pcap INC-2026-0042 -o incident.pcapng", "its packets, from before the alerts on, for Wireshark"},
    {"tocsin evidence pcap INC-2026-0042 | tshark -r - -Y http", "without a file"},
    {"tocsin evidence pcap 42 --store replayed -o - > all.pcapng", "from a store that `tocsin replay --store` made"}};
constexpr Example get_examples[] = {
    {"tocsin evidence get 3f9a61 -o sample.bin -r 'for the laboratory'", "a file that a connection carried"},
    {"tocsin evidence get 3f9a61 | yara rules.yar -", "without a file"}};
constexpr OptionRow of_incident[] = {
    {.name = "incident", .kind = OptionKind::value, .value = "INCIDENT", .help = "only evidence of this incident"}};
constexpr OptionRow verify_options[] = {
    of_incident[0],
    {.name = "key", .kind = OptionKind::value, .value = "FILE", .help = "the vault's key; with --store"}};
constexpr OptionRow pcap_options[] = {
    {.name = "incident", .kind = OptionKind::positional, .help = "alias or id", .required = true},
    {.name = "output",
     .kind = OptionKind::value,
     .value = "FILE",
     .help = "write the capture here; -: to standard output",
     .letter = 'o'},
    {.name = "reason", .kind = OptionKind::value, .value = "TEXT", .help = "why; kept in custody", .letter = 'r'},
    {.name = "key", .kind = OptionKind::value, .value = "FILE", .help = "the vault's key; with --store"}};
constexpr OptionRow get_options[] = {
    {.name = "piece", .kind = OptionKind::positional, .help = "its SHA-256, or the start of it", .required = true},
    {.name = "output",
     .kind = OptionKind::value,
     .value = "FILE",
     .help = "write it here; -: to standard output",
     .letter = 'o'},
    {.name = "reason", .kind = OptionKind::value, .value = "TEXT", .help = "why; kept in custody", .letter = 'r'},
    {.name = "key", .kind = OptionKind::value, .value = "FILE", .help = "the vault's key; with --store"}};
constexpr std::string_view members[] = {"host"};
constexpr Column columns[] = {{"time", "TIME", Style::time},
                              {"incident", "INCIDENT"},
                              {"name", "NAME", Style::strong, false, true},
                              {"bytes", "BYTES"},
                              {"state", "STATE", Style::state},
                              {"detail", "DETAIL", Style::plain, false, true},
                              {"collector", "COLLECTED BY", Style::plain, true, true},
                              {"sha256", "SHA-256", Style::faint, true}};

constexpr CommandRow rows[] = {
    {.noun = "evidence",
     .verb = "list",
     .summary = "evidence and who kept it",
     .examples = list_examples,
     .options = of_incident,
     .features = listing,
     .columns = columns,
     .run = relay_rows,
     .members = members},
    {.noun = "evidence",
     .verb = "verify",
     .summary = "is evidence what it was; fails when a piece is not",
     .examples = verify_examples,
     .options = verify_options,
     .features = client | feature::output | feature::rows,
     .columns = columns,
     .run = relay_change,
     .details =
         "Without --key: is each piece there, of the right length, and does its custody begin with its collection.\n"
         "With --store and --key each piece is opened and its digest computed; only who holds the key can do that.",
     .members = members},
    {.noun = "evidence",
     .verb = "pcap",
     .summary = "the packets of an incident as one pcapng capture",
     .examples = pcap_examples,
     .options = pcap_options,
     .features = client,
     .run = take_bytes,
     .details =
         "The packets of each flow that raised an alert of the incident: those from before the alert that were still\n"
         "in memory (evidence.recent_packets), and those that followed for a while. Each flow is an interface of the\n"
         "capture whose description has its community id and flow id; packets that alerted carry a comment.\n"
         "Who took them and why is in the custody of each piece and in `tocsin audit list`.\n"
         "Needs the role analyst. Exit status 3: no packets are kept for it."},
    {.noun = "evidence",
     .verb = "get",
     .summary = "one piece of evidence as it is",
     .examples = get_examples,
     .options = get_options,
     .features = client,
     .run = take_bytes,
     .details = "For files that connections carried: those on which YARA alerted, and those that a rule asks for with\n"
                "`filestore`. They may be hostile: the file is written for its reader only and never to be run.\n"
                "Who took it and why is in its custody and in `tocsin audit list`.\n"
                "Needs the role analyst. Exit status 3: the vault has no such piece."},
};

}  // namespace

std::span<const CommandRow> evidence_commands() { return rows; }

}  // namespace tocsin::daemon
