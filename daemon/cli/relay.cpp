#include "daemon/cli/relay.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ostream>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/json.h"
#include "collectors/base/text.h"
#include "daemon/app/evidence/evidence_export.h"
#include "daemon/app/store_methods.h"
#include "daemon/app/vocabulary.h"
#include "daemon/cli/output.h"
#include "daemon/cli/shared_options.h"
#include "daemon/cli/times.h"
#include "daemon/config/config.h"

namespace tocsin::daemon {
namespace {

// What concerns this end only.
constexpr std::array<std::string_view, 13> ours{"output", "fields", "color",   "no-color", "no-pager", "width", "quiet",
                                                "help",   "socket", "timeout", "yes",      "store",    "config"};

std::string parameter_name(std::string_view option) {
  std::string out(option);
  std::ranges::replace(out, '-', '_');
  return out;
}

void show_progress(CommandContext& context, std::string_view what, std::uint64_t done, std::uint64_t of) {
  if (!context.talkative) return;
  if (of == 0) context.err << fmt::format("\r\x1b[K{} {}", escape_terminal(what), done) << std::flush;
  else
    context.err << fmt::format("\r\x1b[K{} {}/{} ({}%)", escape_terminal(what), done, of, done * 100 / of)
                << std::flush;
}

// The answer of a method that only reads, from a store on this machine and without a daemon.
class LocalReply final : public Reply {
 public:
  explicit LocalReply(const std::function<bool(const boost::json::object&)>& row) : row_(row) {}
  bool row(std::string_view json_object) override {
    boost::json::error_code error;
    const auto value = boost::json::parse(json_object, error);
    return !error && value.is_object() && row_(value.get_object());
  }
  bool progress(std::string_view, std::uint64_t, std::uint64_t) override { return true; }
  void summary(std::string_view key, std::string_view text) override { summary_[key] = text; }
  void summary(std::string_view key, std::int64_t number) override { summary_[key] = number; }
  bool wait(Duration) override { return false; }  // nothing follows in a store nobody writes
  std::string text() const { return boost::json::serialize(summary_); }

 private:
  const std::function<bool(const boost::json::object&)>& row_;
  boost::json::object summary_;
};

}  // namespace

Result<std::string> call_local(const MethodTable& methods, const std::string& method_name, std::string_view params_text,
                               const std::function<bool(const boost::json::object&)>& row,
                               std::span<const int> descriptors) {
  const auto* method = methods.find(method_name);
  if (method == nullptr) return fail(Code::usage, "this command asks the daemon; it cannot read a store by itself");
  boost::json::error_code error;
  const auto params = boost::json::parse(params_text, error);
  const Peer nobody;
  Descriptors own;
  for (const int descriptor : descriptors) own.emplace_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  LocalReply reply(row);
  TOCSIN_CHECK(method->handler(Call(method->name, nobody, params.as_object(), own), reply));
  return reply.text();
}

std::string method_of(const CommandRow& command) {
  return command.verb.empty() ? std::string(command.noun) : std::string(command.noun) + "." + std::string(command.verb);
}

std::string params_of(const CommandContext& context) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  const auto known = options_of(context.command);
  for (const auto& [name, values] : context.options.all()) {
    if (std::ranges::find(ours, name) != ours.end()) continue;
    const auto row = std::ranges::find(known, name, &OptionRow::name);
    json.key(parameter_name(name));
    if (row != known.end() && row->kind == OptionKind::flag) {
      json.value(true);
    } else if (row != known.end() && (row->kind == OptionKind::list || row->kind == OptionKind::positional_list)) {
      json.begin_array();
      for (const auto& value : values) json.value(value);
      json.end_array();
    } else if (name == "since" || name == "until") {
      const auto when = parse_when(values.back(), context.clock.now());
      json.value(when ? render_time(*when) : values.back());
    } else {
      json.value(values.back());
    }
  }
  json.end_object();
  return out;
}

std::string socket_path(const CommandContext& context) {
  if (auto given = context.options.text("socket")) return *given;
  if (const char* given = std::getenv("TOCSIN_SOCKET"); given != nullptr && *given != '\0') return given;
  Diagnostics ignored;  // a broken configuration must not stop people from asking
  if (const auto config = read_config(context.places.config, context.places, ignored)) return config->control.socket;
  return context.places.runtime + "/control.sock";
}

Result<std::string> call_daemon(CommandContext& context, const std::function<bool(const boost::json::object&)>& row) {
  if (const auto store = context.options.text("store")) {
    MethodTable methods;
    add_store_methods(methods, *store, context.clock);
    add_evidence_export(methods, *store, vault_of(*store, context.options.text_or("key", ""), context.clock));
    return call_local(methods, method_of(context.command), params_of(context), row);
  }
  return call_method(context, method_of(context.command), params_of(context), {}, row);
}

Result<std::string> call_method(CommandContext& context, const std::string& method, const std::string& params,
                                std::span<const int> descriptors,
                                const std::function<bool(const boost::json::object&)>& row) {
  CallRequest request;
  request.method = method;
  request.params = params;
  request.descriptors = descriptors;
  if (context.options.flag("follow")) {
    request.patience = Duration{0};
    request.listener = STDOUT_FILENO;
  }
  if (const auto given = context.options.text("timeout")) {
    const auto patience = parse_duration(*given);
    if (!patience) return fail(Code::usage, "--timeout takes a length of time such as 90s");
    request.patience = *patience;
  }
  TOCSIN_TRY(auto client, ControlClient::connect(socket_path(context)));
  bool progress_shown = false;
  CallHandlers handlers;
  const auto clear_progress = [&] {
    if (std::exchange(progress_shown, false)) context.err << "\r\x1b[K" << std::flush;
  };
  handlers.row = [&](const boost::json::object& one) {
    clear_progress();
    return row(one);
  };
  handlers.progress = [&](std::string_view what, std::uint64_t done, std::uint64_t of) {
    show_progress(context, what, done, of);
    progress_shown = context.talkative;
  };
  auto summary = client.call(request, handlers);
  clear_progress();
  return summary;
}

namespace {

// A condition typed where words are expected is looked for as text and found nowhere.
std::string condition_among_words(const CommandContext& context) {
  for (const auto& word : context.options.list("word")) {
    const auto sign = word.find_first_of("=<>");
    const auto dot = word.find('.');
    if (sign != std::string::npos && dot != std::string::npos && dot > 0 && dot < sign && sign + 1 < word.size())
      return "; a condition goes to --where";
  }
  return {};
}

}  // namespace

Result<void> relay_rows(CommandContext& context) {
  // Fields of its event are an alert's own when somebody asks for them by name.
  const bool widen = context.command.vocabulary == Vocabulary::alerts && context.options.flag("fields");
  const auto summary = call_daemon(context, [&](const boost::json::object& row) {
    if (widen) {
      auto wide = row;
      widen_alert(wide);
      context.output.row(wide);
    } else {
      context.output.row(row);
    }
    return static_cast<bool>(context.output.text());
  });
  if (!summary) return std::unexpected(summary.error());
  if (context.output.rows() == 0 && context.output.for_people() && !context.options.flag("quiet"))
    context.err << "nothing found"
                << (context.options.flag("where") ? "; try a wider --where" : condition_among_words(context)) << '\n';
  else context.output.finish();
  show_remark(context, *summary);
  return {};
}

void show_remark(CommandContext& context, std::string_view summary) {
  boost::json::error_code error;
  const auto value = boost::json::parse(summary, error);
  if (error || !value.is_object() || context.options.flag("quiet")) return;
  const auto* remark = value.get_object().if_contains("remark");
  if (remark == nullptr || !remark->is_string()) return;
  const auto text = plain_text(*remark);
  for (const auto line : split(text, '\n')) context.err << escape_terminal(line) << '\n';
}

Result<void> relay_change(CommandContext& context) {
  TOCSIN_TRY(const auto summary, call_daemon(context, [&](const boost::json::object& row) {
               context.output.row(row);
               return true;
             }));
  boost::json::error_code error;
  const auto value = boost::json::parse(summary, error);
  if (error || !value.is_object()) return {};
  if (const auto* message = value.get_object().if_contains("message"); message != nullptr && message->is_string()) {
    context.output.finish();
    context.err << escape_terminal(plain_text(*message)) << '\n';
  }
  return {};
}

Result<void> relay_text(CommandContext& context) {
  const auto summary = call_daemon(context, [&](const boost::json::object& row) {
    const auto* text = row.if_contains("text");
    const auto all = text == nullptr ? std::string{} : plain_text(*text);
    for (const auto line : split(all, '\n'))
      if (!line.empty()) context.out << escape_terminal(line) << '\n';
    return static_cast<bool>(context.out);
  });
  if (!summary) return std::unexpected(summary.error());
  return {};
}

}  // namespace tocsin::daemon
