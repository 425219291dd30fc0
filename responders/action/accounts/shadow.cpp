#include "responders/action/accounts/shadow.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "collectors/base/descriptor.h"
#include "collectors/base/text.h"
#include "responders/action/accounts/replace.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t password_field = 1;
constexpr std::size_t expires_field = 7;
constexpr std::size_t fields_expected = 9;

// What passwd(1) and useradd(8) wait for (lckpwdf(3)), without waiting here: they hold it for moments only.
Result<OwnedDescriptor> lock_accounts(const std::string& directory) {
  OwnedDescriptor file(::open((directory + "/.pwd.lock").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return fail_errno("cannot open the lock of the account database", errno);
  struct flock lock{};
  lock.l_type = F_WRLCK;
  for (int tries = 0; tries < 20; ++tries) {
    if (::fcntl(file.get(), F_SETLK, &lock) == 0) return file;
    ::usleep(50'000);
  }
  return fail(Code::conflict, "somebody else is changing the account database; ask again");
}

// Begin and end of the account's line, without its newline.
std::optional<std::pair<std::size_t, std::size_t>> line_of(std::string_view shadow, std::string_view account) {
  for (std::size_t begin = 0; begin < shadow.size();) {
    const std::size_t end = std::min(shadow.find('\n', begin), shadow.size());
    const std::string_view line = shadow.substr(begin, end - begin);
    if (line.size() > account.size() && line.starts_with(account) && line[account.size()] == ':')
      return std::pair{begin, end};
    begin = end + 1;
  }
  return std::nullopt;
}

Result<void> edit(const std::string& directory, const std::string& account, std::size_t field,
                  const std::string& value) {
  TOCSIN_TRY(const OwnedDescriptor lock, lock_accounts(directory));
  const std::string path = directory + "/shadow";
  TOCSIN_TRY(const HostFile file, read_host_file(path));
  const auto changed = change_field(file.content, account, field, value);
  if (!changed) return fail(Code::not_found, fmt::format("{} has no entry in {}", account, path));
  if (*changed == file.content) return {};
  return replace_host_file(path, *changed, file.state, Times::fresh, file.state.sha256);
}

}  // namespace

std::optional<std::string> read_field(std::string_view shadow, std::string_view account, std::size_t field) {
  const auto at = line_of(shadow, account);
  if (!at) return std::nullopt;
  const auto fields = split(shadow.substr(at->first, at->second - at->first), ':');
  if (fields.size() != fields_expected || field >= fields.size()) return std::nullopt;
  return std::string(fields[field]);
}

std::optional<std::string> change_field(std::string_view shadow, std::string_view account, std::size_t field,
                                        const std::string& value) {
  const auto at = line_of(shadow, account);
  if (!at || value.find_first_of(":\n") != std::string::npos) return std::nullopt;
  auto fields = split(shadow.substr(at->first, at->second - at->first), ':');
  if (fields.size() != fields_expected || field >= fields.size()) return std::nullopt;
  fields[field] = value;
  return fmt::format("{}{}{}", shadow.substr(0, at->first), fmt::join(fields, ":"), shadow.substr(at->second));
}

Result<ShadowEntry> Shadow::read(const std::string& account) const {
  TOCSIN_TRY(const HostFile file, read_host_file(directory_ + "/shadow"));
  const auto password = read_field(file.content, account, password_field);
  const auto expires = read_field(file.content, account, expires_field);
  if (!password || !expires) return fail(Code::not_found, fmt::format("there is no account {}", account));
  return ShadowEntry{password->starts_with('!'), *expires};
}

Result<void> Shadow::set_password(const std::string& account, Password password) const {
  TOCSIN_TRY(const HostFile file, read_host_file(directory_ + "/shadow"));
  const auto now = read_field(file.content, account, password_field);
  if (!now) return fail(Code::not_found, fmt::format("there is no account {}", account));
  if (now->starts_with('!') == (password == Password::locked)) return {};
  return edit(directory_, account, password_field, password == Password::locked ? "!" + *now : now->substr(1));
}

Result<void> Shadow::set_expires(const std::string& account, const std::string& days) const {
  return edit(directory_, account, expires_field, days);
}

}  // namespace tocsin::responders
