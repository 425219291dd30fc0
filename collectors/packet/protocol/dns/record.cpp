// ECS fields of a DNS message.

#include <vector>

#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/dns/transaction.h"

namespace tocsin::collectors {

void DnsTransaction::fill(EventBuilder& builder) const {
  builder.set(field::dns_id, std::to_string(message_.id));
  builder.set(field::dns_type, message_.is_response() ? "answer" : "query");
  std::vector<std::string_view> flags;
  const auto flag = [&](unsigned bit, std::string_view name) {
    if ((message_.flags & bit) != 0) flags.push_back(name);
  };
  flag(0x0400, "AA");
  flag(0x0200, "TC");
  flag(0x0100, "RD");
  flag(0x0080, "RA");
  flag(0x0020, "AD");
  flag(0x0010, "CD");
  if (!flags.empty()) builder.set_list(field::dns_header_flags, flags);
  if (!message_.questions.empty()) {
    builder.set(field::dns_question_name, message_.questions.front().name);
    builder.set(field::dns_question_type, dns_type_name(message_.questions.front().type));
  }
  if (!message_.is_response()) return;
  builder.set(field::dns_response_code, dns_response_code_name(message_.response_code()));
  std::vector<std::string_view> data;
  std::vector<std::string> types;
  std::vector<IpAddress> addresses;
  static constexpr std::size_t answers_most = 256;  // of one record
  for (const auto& answer : message_.answers) {
    if (data.size() >= answers_most) break;
    data.emplace_back(answer.data);
    types.push_back(dns_type_name(answer.type));
    if (answer.address) addresses.push_back(answer.address);
  }
  if (data.empty()) return;
  const std::vector<std::string_view> type_views(types.begin(), types.end());
  builder.set_list(field::dns_answers_data, data);
  builder.set_list(field::dns_answers_type, type_views);
  builder.set(field::dns_answers_ttl, std::uint64_t{message_.answers.front().time_to_live});
  if (addresses.size() == 1) builder.set(field::dns_resolved_ip, addresses.front());
  else
    for (const auto& address : addresses) builder.append(field::dns_resolved_ip, render_address(address));
}

}  // namespace tocsin::collectors
