// What was kept: event search, audit.

#include "daemon/cli/commands/tables.h"
#include "daemon/cli/relay.h"

namespace tocsin::daemon {
namespace {

constexpr unsigned client = feature::output | feature::daemon | feature::store | feature::config;
constexpr unsigned listing = client | feature::rows | feature::period;

constexpr Example search_examples[] = {
    {"tocsin event search --since -1h --where 'source.ip = 203.0.113.9'",
     "everything this address did in the last hour"},
    {"tocsin event search root --class authentication -o ndjson", "log-ins that mention root, for a script"},
    {"tocsin event search --since today --where 'event.outcome = failure' --count-by source.ip,user.name",
     "who tried to log in as whom, and how often"}};
constexpr OptionRow search_options[] = {
    {.name = "word", .kind = OptionKind::positional_list, .help = "words that must all stand in the event"},
    {.name = "class",
     .kind = OptionKind::value,
     .value = "CLASS",
     .help = "only this class",
     .choices = "generic|authentication|process|file|network|http|dns|tls|web|audit|syslog|loss"}};
constexpr Column event_columns[] = {{"@timestamp", "TIME", Style::time},
                                    {"event.class", "CLASS"},
                                    {"host.name", "HOST", Style::plain, false, true},
                                    {"source.ip", "SOURCE"},
                                    {"destination.ip", "DESTINATION"},
                                    {"user.name", "USER"},
                                    {"event.original", "EVENT", Style::plain, false, true},
                                    {"event.id", "ID", Style::faint, true}};

constexpr Example audit_list_examples[] = {{"tocsin audit list --since today", "who asked for and changed what today"}};
constexpr Example audit_verify_examples[] = {
    {"tocsin audit verify", "check that no entry of the journal was changed or removed"}};
constexpr Column audit_columns[] = {{"sequence", "NO"},
                                    {"time", "TIME", Style::time},
                                    {"who", "WHO", Style::strong, false, true},
                                    {"what", "WHAT"},
                                    {"outcome", "OUTCOME", Style::state},
                                    {"subject", "ABOUT", Style::plain, false, true},
                                    {"reason", "REASON", Style::plain, false, true},
                                    {"hash", "HASH", Style::faint, true}};

constexpr CommandRow rows[] = {
    {.noun = "event",
     .verb = "search",
     .summary = "search the events that were kept",
     .examples = search_examples,
     .options = search_options,
     .features = listing | feature::follow | feature::count,
     .columns = event_columns,
     .run = relay_rows,
     .details = "Events of exercises (tocsin replay --live) are not stored; their alerts hold what decided them.",
     .vocabulary = Vocabulary::events},
    {.noun = "audit",
     .verb = "list",
     .summary = "who asked for and changed what",
     .examples = audit_list_examples,
     .options = {},
     .features = listing,
     .columns = audit_columns,
     .run = relay_rows},
    {.noun = "audit",
     .verb = "verify",
     .summary = "check the hash chain of the journal; fails when it is broken",
     .examples = audit_verify_examples,
     .options = {},
     .features = client,
     .columns = audit_columns,
     .run = relay_change},
};

}  // namespace

std::span<const CommandRow> record_commands() { return rows; }

}  // namespace tocsin::daemon
