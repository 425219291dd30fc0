#include "responders/action/ssh_revoke_key/ssh_revoke_key.h"

#include <pwd.h>

#include <fmt/format.h>

#include "collectors/base/digest.h"
#include "collectors/base/text.h"
#include "responders/action/accounts/replace.h"
#include "responders/action/kept/before.h"
#include "responders/action/ssh_revoke_key/authorized_keys.h"

namespace tocsin::responders {
namespace {

class SshRevokeKey final : public Action {
 public:
  explicit SshRevokeKey(const ActionEnvironment& environment)
      : root_(environment.root), before_(environment.before_directory) {}
  const ActionSpec& spec() const noexcept override { return ssh_revoke_key_spec; }

  Result<Forecast> rehearse(const Parameters& parameters) override {
    Forecast forecast = describe_ssh_revoke_key(parameters);
    const auto file = read(parameters);
    if (!file) {
      forecast.obstacle = file.error().message;
      return forecast;
    }
    const bool there = revoke_key(file->content, parameters.text("fingerprint")).has_value();
    forecast.now.push_back(there ? fmt::format("the key is in {}", escape_terminal(file->state.path))
                                 : fmt::format("the key is not in {}", escape_terminal(file->state.path)));
    forecast.already = !there;
    return forecast;
  }

  Result<Outcome> apply(const Parameters& parameters, std::string_view) override {
    TOCSIN_TRY(HostFile file, read(parameters));
    Outcome out;
    const auto changed = revoke_key(file.content, parameters.text("fingerprint"));
    if (!changed) {
      TOCSIN_TRY(const auto kept, before_.read(target(parameters)));
      if (!kept) return fail(Code::not_found, fmt::format("the key is not in {}", escape_terminal(file.state.path)));
      out.state = Outcome::State::already;
      out.summary = "the key was taken out already";
      return out;
    }
    // The state alone: the content can be made again from the file, and keys of people are not copied about.
    file.state.key = target(parameters);
    TOCSIN_CHECK(before_.keep(target(parameters), render_manifest(file.state)));
    TOCSIN_CHECK(replace_host_file(file.state.path, *changed, file.state, Times::fresh, file.state.sha256));
    out.summary =
        fmt::format("{} does not let in as {} any more", parameters.text("fingerprint"), parameters.text("account"));
    out.outputs = {{"path", file.state.path}};
    return out;
  }

  Result<Verification> verify(const Parameters& parameters, std::string_view) override {
    TOCSIN_TRY(const auto kept, before_.read(target(parameters)));
    if (!kept) return Verification{Presence::absent, "the key was not taken out"};
    const auto file = read(parameters);
    if (!file) return Verification{Presence::changed, file.error().message};
    if (revoke_key(file->content, parameters.text("fingerprint")))
      return Verification{Presence::changed, "the key lets in"};
    return Verification{Presence::in_effect, "the key lets nobody in"};
  }

  Result<Outcome> undo(const Parameters& parameters, std::string_view, std::string_view) override {
    TOCSIN_TRY(const auto kept, before_.read(target(parameters)));
    Outcome out;
    out.state = Outcome::State::undone;
    out.summary = "the key lets in as before";
    if (!kept) return out;
    TOCSIN_TRY(const QuarantineManifest state, parse_manifest(*kept));
    TOCSIN_TRY(const HostFile file, read(parameters));
    const std::string restored = restore_key(file.content, parameters.text("fingerprint"));
    const std::string before_digest = render_digest(sha256(as_bytes(restored)));
    const bool untouched = before_digest == state.sha256;
    if (restored != file.content)
      // With the times it had, when it is the very file it was.
      TOCSIN_CHECK(replace_host_file(state.path, restored, untouched ? state : file.state,
                                     untouched ? Times::of_state : Times::fresh, file.state.sha256));
    if (!untouched) out.summary += "; the file was changed by somebody since, and those changes stay";
    TOCSIN_CHECK(before_.forget(target(parameters)));
    return out;
  }

 private:
  static std::string target(const Parameters& parameters) {
    return fmt::format("ssh.revoke_key {} {}", parameters.text("account"), parameters.text("fingerprint"));
  }

  Result<HostFile> read(const Parameters& parameters) const {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 16384> buffer{};
    const std::string& account = parameters.text("account");
    if (::getpwnam_r(account.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
      return fail(Code::not_found, fmt::format("there is no account {}", account));
    return read_host_file(fmt::format("{}{}/.ssh/authorized_keys", root_, found->pw_dir));
  }

  const std::string root_;
  const Before before_;
};

}  // namespace

Forecast describe_ssh_revoke_key(const Parameters& parameters) {
  Forecast forecast;
  forecast.would.push_back(fmt::format("make the line of the key {} in authorized_keys of {} a comment, for {}",
                                       escape_terminal(parameters.text("fingerprint")), parameters.text("account"),
                                       render_duration(parameters.duration("ttl"))));
  forecast.touches.push_back({"account", parameters.text("account")});
  forecast.undo = "after that time it is a key again; earlier with `tocsin action undo`";
  return forecast;
}

std::unique_ptr<Action> make_ssh_revoke_key(const ActionEnvironment& environment) {
  return std::make_unique<SshRevokeKey>(environment);
}

}  // namespace tocsin::responders
