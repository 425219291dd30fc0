#include "rules/signature/config/classification.h"

#include "collectors/base/text.h"

namespace tocsin::rules::signature {
namespace {

constexpr std::string_view default_classes =
    "not-suspicious,Not Suspicious Traffic,3\n"
    "unknown,Unknown Traffic,3\n"
    "bad-unknown,Potentially Bad Traffic,2\n"
    "attempted-recon,Attempted Information Leak,2\n"
    "successful-recon-limited,Information Leak,2\n"
    "successful-recon-largescale,Large Scale Information Leak,2\n"
    "attempted-dos,Attempted Denial of Service,2\n"
    "successful-dos,Denial of Service,2\n"
    "attempted-user,Attempted User Privilege Gain,1\n"
    "unsuccessful-user,Unsuccessful User Privilege Gain,1\n"
    "successful-user,Successful User Privilege Gain,1\n"
    "attempted-admin,Attempted Administrator Privilege Gain,1\n"
    "successful-admin,Successful Administrator Privilege Gain,1\n"
    "rpc-portmap-decode,Decode of an RPC Query,2\n"
    "shellcode-detect,Executable code was detected,1\n"
    "string-detect,A suspicious string was detected,3\n"
    "suspicious-filename-detect,A suspicious filename was detected,2\n"
    "suspicious-login,An attempted login using a suspicious username was detected,2\n"
    "system-call-detect,A system call was detected,2\n"
    "tcp-connection,A TCP connection was detected,4\n"
    "trojan-activity,A Network Trojan was detected,1\n"
    "unusual-client-port-connection,A client was using an unusual port,2\n"
    "network-scan,Detection of a Network Scan,3\n"
    "denial-of-service,Detection of a Denial of Service Attack,2\n"
    "non-standard-protocol,Detection of a non-standard protocol or event,2\n"
    "protocol-command-decode,Generic Protocol Command Decode,3\n"
    "web-application-activity,access to a potentially vulnerable web application,2\n"
    "web-application-attack,Web Application Attack,1\n"
    "misc-activity,Misc activity,3\n"
    "misc-attack,Misc Attack,2\n"
    "icmp-event,Generic ICMP event,3\n"
    "inappropriate-content,Inappropriate Content was Detected,1\n"
    "policy-violation,Potential Corporate Privacy Violation,1\n"
    "default-login-attempt,Attempt to login by a default username and password,2\n"
    "targeted-activity,Targeted Malicious Activity was Detected,1\n"
    "exploit-kit,Exploit Kit Activity Detected,1\n"
    "external-ip-check,Device Retrieving External IP Address Detected,2\n"
    "domain-c2,Domain Observed Used for C2 Detected,1\n"
    "pup-activity,Possibly Unwanted Program Detected,2\n"
    "credential-theft,Successful Credential Theft Detected,1\n"
    "social-engineering,Possible Social Engineering Attempted,2\n"
    "coin-mining,Crypto Currency Mining Activity Detected,2\n"
    "command-and-control,Malware Command and Control Activity Detected,1\n";

constexpr std::string_view default_reference_lines =
    "bugtraq http://www.securityfocus.com/bid/\n"
    "bid http://www.securityfocus.com/bid/\n"
    "cve https://nvd.nist.gov/vuln/detail/CVE-\n"
    "secunia http://www.secunia.com/advisories/\n"
    "arachnids http://www.whitehats.com/info/IDS\n"
    "mcafee http://vil.nai.com/vil/content/v_\n"
    "nessus http://cgi.nessus.org/plugins/dump.php3?id=\n"
    "url https://\n"
    "et http://doc.emergingthreats.net/\n"
    "etpro http://doc.emergingthreatspro.com/\n"
    "telus http://\n"
    "osvdb http://osvdb.org/show/osvdb/\n"
    "threatexpert http://www.threatexpert.com/report.aspx?md5=\n"
    "md5 http://www.threatexpert.com/report.aspx?md5=\n"
    "exploitdb http://www.exploit-db.com/exploits/\n"
    "openpacket https://www.openpacket.org/capture/grab/\n"
    "securitytracker http://securitytracker.com/id?\n"
    "xforce http://xforce.iss.net/xforce/xfdb/\n"
    "msft http://technet.microsoft.com/security/bulletin/\n";

template <class Line>
void for_lines(std::string_view text, Line&& line) {
  std::uint32_t number = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view piece = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (!piece.empty() && piece.front() != '#') line(piece, number);
  }
}

bool add_classification(std::string_view line, Classifications& out) {
  const auto first = line.find(',');
  const auto last = line.rfind(',');
  if (first == std::string_view::npos || last == first) return false;
  const auto priority = parse_unsigned(trim(line.substr(last + 1)));
  if (!priority || *priority == 0 || *priority > 255) return false;
  out[lower_ascii(trim(line.substr(0, first)))] = {std::string(trim(line.substr(first + 1, last - first - 1))),
                                                   static_cast<std::uint8_t>(*priority)};
  return true;
}

bool add_reference(std::string_view line, References& out) {
  const auto blank = line.find_first_of(" \t");
  if (blank == std::string_view::npos) return false;
  out[lower_ascii(line.substr(0, blank))] = std::string(trim(line.substr(blank)));
  return true;
}

// "config NAME:" or "config NAME :" before the line's content.
std::string_view without_prefix(std::string_view line, std::string_view name) {
  if (!line.starts_with("config")) return {};
  line = trim(line.substr(6));
  if (!line.starts_with(name)) return {};
  line = trim(line.substr(name.size()));
  if (!line.starts_with(':')) return {};
  return trim(line.substr(1));
}

void report(std::string_view file, std::uint32_t line, std::string cause, Diagnostics& diagnostics) {
  diagnostics.add({Severity::warning, "S0501", std::string(file), line, 1, "", std::move(cause),
                   "The line is skipped; write it as the documentation of Suricata shows"});
}

}  // namespace

Classifications default_classifications() {
  Classifications out;
  for_lines(default_classes, [&](std::string_view line, std::uint32_t) { add_classification(line, out); });
  return out;
}

References default_references() {
  References out;
  for_lines(default_reference_lines, [&](std::string_view line, std::uint32_t) { add_reference(line, out); });
  return out;
}

void parse_classifications(std::string_view file, std::string_view text, Classifications& out,
                           Diagnostics& diagnostics) {
  for_lines(text, [&](std::string_view line, std::uint32_t number) {
    const auto body = without_prefix(line, "classification");
    if (body.empty() || !add_classification(body, out))
      report(file, number, "not of the form 'config classification: name,description,priority'", diagnostics);
  });
}

void parse_references(std::string_view file, std::string_view text, References& out, Diagnostics& diagnostics) {
  for_lines(text, [&](std::string_view line, std::uint32_t number) {
    const auto body = without_prefix(line, "reference");
    if (body.empty() || !add_reference(body, out))
      report(file, number, "not of the form 'config reference: key URL'", diagnostics);
  });
}

}  // namespace tocsin::rules::signature
