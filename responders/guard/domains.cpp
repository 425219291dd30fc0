#include "responders/guard/domains.h"

#include <libpsl.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::responders {
namespace {

// RFC 6761 and 6762: these are not the public DNS's, and hosts do not work without them.
constexpr std::array<std::string_view, 3> special{"arpa", "localhost", "local"};

bool below(std::string_view name, std::string_view above) {
  return name == above ||
         (name.size() > above.size() && name.ends_with(above) && name[name.size() - above.size() - 1] == '.');
}

std::string plain(std::string_view name) {
  std::string out = lower_ascii(name);
  while (out.ends_with('.')) out.pop_back();
  return out;
}

}  // namespace

std::vector<std::string> parse_search_domains(std::string_view resolv_conf) {
  std::vector<std::string> out;
  for (const std::string_view line : split(resolv_conf, '\n')) {
    bool first = true;
    bool wanted = false;
    std::string spaced(line);
    for (char& c : spaced)
      if (c == '\t' || c == '\r') c = ' ';
    for (const std::string_view word : split(spaced, ' ')) {
      if (word.empty()) continue;
      if (first) wanted = word == "search" || word == "domain";
      else if (const std::string name = plain(word); wanted && !name.empty()) out.push_back(name);
      first = false;
    }
  }
  return out;
}

std::vector<std::string> own_domains() {
  std::vector<std::string> out;
  for (const auto* path : {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"}) {
    std::ifstream file(path);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    for (std::string& name : parse_search_domains(text)) out.push_back(std::move(name));
  }
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) == 0)
    if (std::string own = plain(name.data()); own.find('.') != std::string::npos) out.push_back(std::move(own));
  return out;
}

std::string domain_reason(const Policy& policy, std::string_view domain, const std::vector<std::string>& own) {
  for (const std::string_view name : special)
    if (below(domain, name)) return fmt::format("{} is a special name that hosts need", name);
  const psl_ctx_t* list = psl_builtin();
  if (list == nullptr) return "whether many others have names below it cannot be found out";
  if (psl_is_public_suffix(list, std::string(domain).c_str()) != 0)
    return fmt::format("{} is a public suffix: names of many others are below it", domain);
  for (const std::string& name : own)
    if (below(domain, name) || below(name, domain)) return fmt::format("{} is this host's own", name);
  for (const std::string& name : policy.never_touch_domains)
    if (below(domain, name) || below(name, domain)) return fmt::format("{} is on the never-touch list", name);
  return {};
}

}  // namespace tocsin::responders
