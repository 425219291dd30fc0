// Keywords of FTP and of its data channels that are not plain buffers.
#include "collectors/base/text.h"
#include "rules/signature/keyword/number.h"

namespace tocsin::rules::signature {

using collectors::Buffer;
using collectors::BufferSide;
using collectors::Protocol;

Outcome read_ftp_mode(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto word = lower_ascii(trim(option.value));
  if (word != "active" && word != "passive")
    return refuse("S0395", "ftp.mode: '" + option.value + "' is not known", "Write active or passive");
  return compare_number(rule, option, Protocol::ftp, Buffer::ftp_mode, BufferSide::both,
                        equal_to(word == "active" ? 1 : 2));
}

Outcome read_ftp_port(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  std::string_view text = trim(option.value);
  if (text.starts_with('=')) text.remove_prefix(1);
  const auto range = parse_range(text);
  if (!range)
    return refuse("S0395", "ftp.dynamic_port: '" + option.value + "' is not a port", "Write 1024, >1024 or 1024-65535");
  return compare_number(rule, option, Protocol::ftp, Buffer::ftp_dynamic_port, BufferSide::both, *range);
}

Outcome read_ftp_answered(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto word = lower_ascii(trim(option.value));
  const bool yes = word == "yes" || word == "true" || word == "on" || word == "1";
  const bool no = word == "no" || word == "false" || word == "off" || word == "0";
  if (!yes && !no) return refuse("S0395", "ftp.reply_received: '" + option.value + "' is not known", "Write yes or no");
  return compare_number(rule, option, Protocol::ftp, Buffer::ftp_reply_received, BufferSide::to_client,
                        equal_to(yes ? 1 : 0));
}

Outcome read_ftp_bounce(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  if (option.has_value && !option.value.empty()) return refuse("S0395", "ftpbounce takes no value", "Remove the value");
  return compare_number(rule, option, Protocol::ftp, Buffer::ftp_bounce, BufferSide::to_server, equal_to(1));
}

// ftpdata_command:retr — always of the direction in which the file goes when the client is passive.
Outcome read_ftp_data_command(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto word = lower_ascii(trim(option.value));
  if (word != "retr" && word != "stor")
    return refuse("S0395", "ftpdata_command: '" + option.value + "' is not known", "Write retr or stor");
  const bool retrieve = word == "retr";
  return compare_number(rule, option, Protocol::ftp_data, Buffer::ftp_data_command,
                        retrieve ? BufferSide::to_client : BufferSide::to_server, equal_to(retrieve ? 1 : 2));
}

}  // namespace tocsin::rules::signature
