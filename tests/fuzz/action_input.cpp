// rooms: action
// What actions take from others: parameters, the answers of nftables, the manifest of a quarantined file. Typed values
// are canonical, and what becomes a transaction cannot hold a second command.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "responders/action/accounts/shadow.h"
#include "responders/action/file_quarantine/manifest.h"
#include "responders/action/firewall/ruleset.h"
#include "responders/action/notify/ticket.h"
#include "responders/action/process_dump_maps/maps.h"
#include "responders/action/process_lend_memory/lent.h"
#include "responders/action/processes/target.h"
#include "responders/action/share_stix/limit.h"
#include "responders/action/ssh_revoke_key/authorized_keys.h"
#include "responders/action/table.h"

using namespace tocsin;
using namespace tocsin::responders;

namespace {

void parameters(std::string_view text) {
  for (const auto& row : all_actions()) {
    Parameters::Texts texts;
    std::string_view rest = text;
    for (const auto& spec : row.spec.parameters) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      (void)parse_parameter(spec, text);
      if (!line.empty()) texts.emplace_back(spec.name, line);
    }
    const auto typed = parse_parameters(row.spec, texts);
    if (!typed) continue;
    const auto again = parse_parameters(row.spec, typed->texts());
    if (!again || again->texts() != typed->texts()) std::abort();
    (void)row.describe(*typed);
  }
}

// What a tracker answers, and a bundle: what is let through once is let through again.
void words_of_others(std::string_view text) {
  if (const auto ticket = ticket_in(text, "/issues/0/key"))
    if (ticket->empty() || ticket->find('\n') != std::string::npos) std::abort();
  const auto limited = limit_stix(text, rules::Tlp::green);
  if (!limited) return;
  const auto again = limit_stix(limited->text, rules::Tlp::green);
  if (!again || again->withheld != 0) std::abort();
}

// What accounts of others write: their keys, their names, their processes.
void texts_of_the_host(std::string_view text) {
  (void)parse_process_stat(text);
  for (const auto& mapping : worth_copying(parse_maps(text, 64).mappings))
    if (mapping.begin >= mapping.end || !mapping.readable) std::abort();
  if (const auto index = parse_index(text, text.size()))
    for (const auto& mapping : index->mappings)
      for (const auto& run : mapping.runs)
        if (run.offset + run.size > text.size() || run.begin < mapping.mapping.begin ||
            run.begin + run.size > mapping.mapping.end)
          std::abort();
  for (const auto& process : parse_token(text))
    if (process.pid < 0) std::abort();
  if (const auto fingerprint = fingerprint_of(text)) {
    const auto revoked = revoke_key(text, *fingerprint);
    if (revoked && restore_key(*revoked, *fingerprint) != restore_key(text, *fingerprint)) std::abort();
  }
  const std::string account(text.substr(0, text.find(':')));
  const auto before = read_field(text, account, 1);
  const auto changed = before ? change_field(text, account, 1, "!" + *before) : std::nullopt;
  if (changed && change_field(*changed, account, 1, *before) != std::string(text)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text({data, size});
  parameters(text);
  (void)count_rules(text);
  if (const auto elements = parse_elements(text))
    for (const auto& e : *elements)
      if (e.network) (void)set_of(*e.network);
  const auto network = *parse_network("203.0.113.9", HostBits::refuse);
  const std::array elements_of{blocked_element(network)};
  const auto harmless = put_transaction(elements_of, std::chrono::hours(1), "key");
  if (is_action_key(text)) {
    const auto other = put_transaction(elements_of, std::chrono::hours(1), text);
    for (const char c : {'\n', ';', '{', '}', '"', ' '})
      if (std::ranges::count(other, c) != std::ranges::count(harmless, c)) std::abort();
  }
  texts_of_the_host(text);
  words_of_others(text);
  const auto manifest = parse_manifest(text);
  if (!manifest) return 0;
  const auto again = parse_manifest(render_manifest(*manifest));
  if (!again || !(*again == *manifest)) std::abort();
  return 0;
}
