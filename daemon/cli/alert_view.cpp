#include "daemon/cli/alert_view.h"

#include <ostream>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/text.h"
#include "daemon/cli/output.h"
#include "daemon/cli/screen.h"
#include "daemon/cli/table.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

void draw_head(Output& output, const json::object& alert) {
  const auto& paint = output.paint();
  const auto severity = number_in(alert, "alert.severity");
  output.text() << paint(severity_paint(severity), fmt::format("● {} {}", severity_word(severity), severity)) << "  "
                << paint(Paint::strong, text_in(alert, "rule.title"));
  if (text_in(alert, "tocsin.exercise") == "true") output.text() << paint(Paint::magenta, "  exercise");
  output.text() << '\n'
                << short_time(text_in(alert, "@timestamp")) << " · " << text_in(alert, "host.name") << " · "
                << text_in(alert, "rule.engine") << " " << text_in(alert, "rule.id") << " rev "
                << text_in(alert, "rule.revision") << " · confidence " << number_in(alert, "alert.confidence");
  if (const auto count = number_in(alert, "alert.count"); count > 1) output.text() << " · ×" << count;
  output.text() << "\n";
}

void draw_lines(Output& output, const json::object& alert) {
  Screen screen(output);
  if (const auto* list = list_in(alert, "rule.attack")) screen.pair("ATT&CK", escape_terminal(plain_text(*list)));
  screen.pair("meaning", text_in(alert, "rule.description"));
  screen.pair("false positives", text_in(alert, "rule.false_positives"));
  if (const auto* list = list_in(alert, "rule.references"))
    screen.pair("references", escape_terminal(plain_text(*list)));
  const auto file = text_in(alert, "rule.file");
  if (!file.empty()) screen.pair("rule", fmt::format("{}:{}", file, number_in(alert, "rule.line")));
  screen.pair("id", text_in(alert, "alert.id"));
}

// The flow of a packet-side alert, and whose socket this host's end of it is.
void draw_flow(Screen& screen, const json::object& alert) {
  const auto* packet = object_in(alert, "packet");
  if (packet == nullptr) return;
  const auto end = [&](std::string_view side) {
    const auto port = number_in(*packet, fmt::format("{}_port", side));
    const auto address = text_in(*packet, fmt::format("{}_ip", side));
    return port == 0 ? address : fmt::format("{} port {}", address, port);
  };
  screen.pair("flow", fmt::format("{} → {}", end("source"), end("destination")));
  screen.pair("community id", text_in(*packet, "community_id"));
  const auto* fields = object_in(alert, "fields");
  if (fields == nullptr) return;
  std::string owner;
  const auto add = [&](const std::string& name, const std::string& number) {
    if (name.empty() && number.empty()) return;
    owner += (owner.empty() ? "" : " · ") + (name.empty()     ? number
                                             : number.empty() ? name
                                                              : name + " (" + number + ")");
  };
  add(text_in(*fields, "user.name"), text_in(*fields, "user.id"));
  add(text_in(*fields, "process.name"), text_in(*fields, "process.pid"));
  add(text_in(*fields, "process.executable"), "");
  add(text_in(*fields, "service.name"), "");
  screen.pair("owner", owner);
}

}  // namespace

std::string reason_line(const json::object& reason) {
  std::string out = text_in(reason, "condition");
  const auto where = text_in(reason, "where");
  if (!where.empty()) out += (out.empty() ? "" : " · ") + where;
  const auto value = text_in(reason, "value");
  if (!value.empty()) out += " = " + value;
  if (find_field(reason, "offset") != nullptr)
    out += fmt::format(" [at {}, {} bytes]", number_in(reason, "offset"), number_in(reason, "length"));
  return out;
}

void draw_alert(Output& output, const json::object& alert) {
  draw_head(output, alert);
  Screen screen(output);
  if (const auto* why = list_in(alert, "why")) {
    screen.title("Why");
    for (const auto& reason : *why)
      if (reason.is_object()) screen.line(reason_line(reason.get_object()));
  }
  if (const auto* entities = list_in(alert, "entities")) {
    screen.title("Who and what");
    draw_entities(screen, *entities);
    draw_flow(screen, alert);
  }
  screen.title("Rule");
  draw_lines(output, alert);
  if (const auto original = text_in(alert, "event.original"); !original.empty()) {
    screen.title("Original");
    screen.line(original);
  }
  if (const auto* fields = object_in(alert, "fields"); fields != nullptr && output.wide()) {
    screen.title("Fields");
    for (const auto& member : *fields)
      screen.pair(escape_terminal({member.key().data(), member.key().size()}),
                  escape_terminal(plain_text(member.value())));
  }
}

}  // namespace tocsin::daemon
