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
