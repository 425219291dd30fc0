// playbook sign and verify: signatures over playbooks, with keys in files.

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/text.h"
#include "daemon/app/rule_files.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/output.h"
#include "daemon/cli/playbook_file.h"
#include "daemon/cli/times.h"
#include "responders/playbook/signature/key_directory.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;
using responders::KeyStore;

constexpr std::size_t key_bytes_most = 64U << 10U;

Result<KeyStore> read_keys(CommandContext& context) {
  std::vector<std::string> paths = context.options.list("key");
  if (paths.empty()) {
    const fs::path beside = fs::path(context.places.config).parent_path() / "playbook-keys";
    std::error_code missing;
    if (fs::is_directory(beside, missing)) paths.push_back(beside.string());
  }
  KeyStore store;
  for (const fs::path path : paths) {
    std::error_code missing;
    TOCSIN_CHECK(fs::is_directory(path, missing) ? add_key_directory(store, path.string())
                                                 : add_key_file(store, path.string(), KeyStore::Standing::trusted));
  }
  return store;
}

Result<Time> moment_of(CommandContext& context, std::string_view option) {
  const auto text = context.options.text(option);
  if (!text) return context.clock.now();
  const auto time = parse_when(*text, context.clock.now());
  if (!time) return fail(Code::usage, fmt::format("--{} takes a time, such as 2026-01-31T08:00:00Z", option));
  return *time;
}

json::object verdict_row(const std::string& file, const responders::JsonDocument& document,
                         const responders::SignatureVerdict& verdict) {
  const auto place = document.place(verdict.offset);
  return {{"file", file},
          {"signature", verdict.id},
          {"signee", verdict.signee},
          {"algorithm", verdict.algorithm},
          {"valid", verdict.valid},
          {"code", verdict.code},
          {"reason", verdict.reason},
          {"key", verdict.key},
          {"line", place.line},
          {"column", place.column},
          {"hash", verdict.hash},
          {"canonical", verdict.canonical}};
}

Result<void> verify_playbooks(CommandContext& context) {
  const auto files = context.options.list("file");
  if (files.empty()) return fail(Code::usage, "name at least one playbook file");
  TOCSIN_TRY(const KeyStore store, read_keys(context));
  TOCSIN_TRY(const Time now, moment_of(context, "at"));
  const auto form_name = context.options.text_or("form", "hex");
  const auto form = form_name == "digest" ? responders::SignedForm::digest
                    : form_name == "text" ? responders::SignedForm::text
                                          : responders::SignedForm::hexadecimal;
  for (const auto& name : files) {
    TOCSIN_TRY(const auto given, read_playbook(name));
    const std::string& file = given.path;
    const auto document = responders::read_json(given.text);
    const auto verdicts = responders::verify_signatures(document, store, now, form);
    if (!responders::is_signed(verdicts)) context.exit_status = 1;
    for (const auto& verdict : verdicts) {
      if (context.output.draws()) {
        const auto place = document.place(verdict.offset);
        context.out << fmt::format(
            "{}:{}:{}: {}{}{}\n", escape_terminal(file), place.line, place.column,
            verdict.valid ? "valid: " : fmt::format("refused[{}]: ", verdict.code), escape_terminal(verdict.reason),
            verdict.signee.empty() ? "" : fmt::format(" (signee: {})", escape_terminal(verdict.signee)));
        continue;
      }
      context.output.row(verdict_row(file, document, verdict));
    }
  }
  if (store.entries().empty())
    context.err << "no key is trusted; name one with --key, or put it into playbook-keys beside the configuration\n";
  return {};
}

Result<responders::PrivateKey> read_private_key(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return fail_errno("cannot open " + path, errno);
  if ((info.st_mode & 077) != 0)
    return fail(Code::denied, fmt::format("others may read the private key {}; run chmod 600 on it", path));
  TOCSIN_TRY(const auto pem, read_file(path, key_bytes_most));
  auto key = responders::PrivateKey::from_pem(pem);
  if (!key) return std::unexpected(std::move(key).error().within("while reading " + path));
  return key;
}

Uuid random_uuid() {
  SystemRandom random;
  Uuid out;
  for (std::size_t i = 0; i < out.bytes.size(); ++i) out.bytes[i] = static_cast<std::uint8_t>(random.next());
  out.bytes[6] = static_cast<std::uint8_t>((out.bytes[6] & 0x0FU) | 0x40U);
  out.bytes[8] = static_cast<std::uint8_t>((out.bytes[8] & 0x3FU) | 0x80U);
  return out;
}

Result<responders::SigningSpec> signing_spec(CommandContext& context, const responders::PrivateKey& key) {
  responders::SigningSpec spec;
  spec.id = random_uuid();
  spec.signee = context.options.text_or("signee", "");
  spec.created_by = context.options.text_or("created-by", "");
  spec.now = context.clock.now();
  if (context.options.text("valid-until")) {
    TOCSIN_TRY(spec.valid_until, moment_of(context, "valid-until"));
    if (*spec.valid_until <= spec.now) return fail(Code::usage, "--valid-until is in the past");
  }
  if (const auto name = context.options.text("algorithm")) {
    const auto algorithm = responders::parse_signature_algorithm(*name);
    if (!algorithm) return fail(Code::usage, fmt::format("there is no algorithm {}", *name));
    spec.algorithm = *algorithm;
  } else {
    TOCSIN_TRY(spec.algorithm, key.public_half().algorithm());
  }
  return spec;
}

Result<void> sign_playbook_file(CommandContext& context) {
  TOCSIN_TRY(const auto given, read_playbook(context.options.text_or("playbook", "")));
  const auto& [file, text] = given;
  TOCSIN_TRY(const auto key, read_private_key(context.options.text_or("key", "")));
  TOCSIN_TRY(const auto spec, signing_spec(context, key));
  auto signed_text = responders::sign_playbook(responders::read_json(text), key, spec);
  if (!signed_text) return std::unexpected(std::move(signed_text).error().within("while signing " + file));
  const auto path = context.options.text_or("file", "");
  if (path.empty()) {
    context.out << *signed_text;
    return {};
  }
  std::ofstream out(path, std::ios::binary);
  out << *signed_text;
  out.close();
  if (!out) return fail(Code::failure, "cannot write " + path + "; check that its directory exists and has room");
  context.err << "written: " << escape_terminal(path) << '\n';
  return {};
}

constexpr Example verify_examples[] = {
    {"tocsin playbook verify playbook.json", "by the keys in playbook-keys beside the configuration"},
    {"tocsin playbook verify playbook.json --key partner.pem -o json",
     "by one key; canonical form and hash for a script"},
    {"tocsin playbook verify playbook.json --key keys --at 2026-01-31T08:00:00Z", "as it stood then"}};
constexpr Example sign_examples[] = {
    {"tocsin playbook sign playbook.json --key private.pem --signee \"ACME SOC\" --file signed.json",
     "the algorithm follows from the key: RS256, ES256, ES384, ES512, Ed25519, Ed448"}};
constexpr OptionRow verify_options[] = {
    {.name = "file", .kind = OptionKind::positional_list, .value = "", .help = "playbook files"},
    {.name = "key",
     .kind = OptionKind::list,
     .value = "PATH",
     .help =
         "trusted public key or certificate in PEM, or a directory of them (*.pem, *.crt; revoked ones in revoked/)"},
    {.name = "at", .kind = OptionKind::value, .value = "TIME", .help = "valid at this time; default: now"},
    {.name = "form",
     .kind = OptionKind::value,
     .value = "FORM",
     .help = "what was signed: the hash in hexadecimal, its bytes, or the canonical text; default hex",
     .choices = "hex|digest|text"}};
constexpr OptionRow sign_options[] = {
    {.name = "playbook", .kind = OptionKind::positional, .value = "", .help = "playbook file", .required = true},
    {.name = "key",
     .kind = OptionKind::value,
     .value = "FILE",
     .help = "private key in PEM, without a passphrase",
     .required = true},
    {.name = "signee", .kind = OptionKind::value, .value = "NAME", .help = "who signs", .required = true},
    {.name = "created-by", .kind = OptionKind::value, .value = "ID", .help = "identity--UUID of who signs"},
    {.name = "valid-until", .kind = OptionKind::value, .value = "TIME", .help = "how long the signature holds"},
    {.name = "algorithm",
     .kind = OptionKind::value,
     .value = "NAME",
     .help = "default: the usual one for the key",
     .choices = "RS256|RS384|RS512|ES256|ES384|ES512|PS256|PS384|PS512|Ed25519|Ed448"},
    {.name = "file", .kind = OptionKind::value, .value = "FILE", .help = "write here instead of standard output"}};
constexpr Column verify_columns[] = {{"file", "FILE"}, {"valid", "VALID"},
                                     {"code", "CODE"}, {"signee", "SIGNEE"},
                                     {"key", "KEY"},   {"reason", "REASON", Style::plain, false, true}};
constexpr std::string_view verify_members[] = {"signature", "algorithm", "line", "column", "hash", "canonical"};

constexpr CommandRow rows[] = {{.noun = "playbook",
                                .verb = "verify",
                                .summary = "is a playbook signed by a key that counts?",
                                .examples = verify_examples,
                                .options = verify_options,
                                .features = feature::output | feature::config,
                                .columns = verify_columns,
                                .run = verify_playbooks,
                                .members = verify_members},
                               {.noun = "playbook",
                                .verb = "sign",
                                .summary = "sign a playbook with a private key",
                                .examples = sign_examples,
                                .options = sign_options,
                                .features = 0,
                                .columns = {},
                                .run = sign_playbook_file}};

}  // namespace

std::span<const CommandRow> playbook_signature_commands() { return rows; }

}  // namespace tocsin::daemon
