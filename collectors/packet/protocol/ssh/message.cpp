#include "collectors/packet/protocol/ssh/message.h"

namespace tocsin::collectors {

std::optional<SshBanner> parse_ssh_banner(std::string_view line) noexcept {
  static constexpr std::string_view mark = "SSH-";
  if (!line.starts_with(mark)) return std::nullopt;
  line.remove_prefix(mark.size());
  const std::size_t dash = line.find('-');
  if (dash == 0 || dash == std::string_view::npos) return std::nullopt;
  SshBanner banner;
  banner.protocol = line.substr(0, dash);
  const std::string_view rest = line.substr(dash + 1);
  banner.software = rest.substr(0, rest.find_first_of(" \r\n"));
  return banner;
}

std::optional<SshAlgorithms> parse_ssh_algorithms(Bytes message) noexcept {
  ByteReader reader(message);
  reader.skip(16);  // cookie
  SshAlgorithms out;
  for (auto& list : out.list) list = as_text(reader.take(reader.u32()));
  reader.skip(1 + 4);  // first_kex_packet_follows, reserved
  return reader.ok() ? std::optional(out) : std::nullopt;
}

std::string hassh_text(const SshAlgorithms& algorithms, bool of_client) {
  using List = SshAlgorithms;
  const auto list = [&](SshAlgorithms::List to_server, SshAlgorithms::List to_client) {
    return algorithms.list[of_client ? to_server : to_client];
  };
  std::string text(algorithms.list[List::key_exchange]);
  for (const auto part :
       {list(List::cipher_to_server, List::cipher_to_client), list(List::mac_to_server, List::mac_to_client),
        list(List::compression_to_server, List::compression_to_client)}) {
    text += ';';
    text += part;
  }
  return text;
}

}  // namespace tocsin::collectors
