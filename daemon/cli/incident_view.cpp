#include "daemon/cli/incident_view.h"

#include <ostream>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/counted.h"
#include "collectors/base/text.h"
#include "collectors/base/time.h"
#include "daemon/cli/alert_view.h"
#include "daemon/cli/screen.h"
#include "daemon/cli/table.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;

constexpr std::size_t margin = 29;       // where the words of the timeline start
constexpr std::size_t reasons_most = 2;  // under one entry, unless -o wide

std::string clock_part(std::string_view time) {
  return time.size() >= 20 && time[10] == 'T' ? std::string(time.substr(11, 8)) : std::string(time);
}

std::string day_part(std::string_view time) {
  return time.size() >= 20 && time[10] == 'T' ? std::string(time.substr(0, 10)) : std::string{};
}

std::string length_between(const std::string& first, const std::string& last) {
  const auto from = parse_time(first);
  const auto to = parse_time(last);
  if (!from || !to || *to < *from) return {};
  return " (" + render_duration(std::chrono::floor<std::chrono::seconds>(*to - *from)) + ")";
}

// "alerts" is the number itself, or the list of them; folded repeats are in "alert_count".
unsigned alert_count(const json::object& incident) {
  if (const auto count = number_in(incident, "alert_count"); count != 0) return count;
  if (const auto* list = list_in(incident, "alerts")) return static_cast<unsigned>(list->size());
  return number_in(incident, "alerts");
}

void draw_head(Output& output, const json::object& incident) {
  const auto& paint = output.paint();
  auto& out = output.text();
  const auto severity = number_in(incident, "severity");
  const auto state = text_in(incident, "state");
  out << paint(Paint::strong, text_in(incident, "alias")) << "  " << paint(Paint::strong, text_in(incident, "title"))
      << '\n';
  out << paint(severity_paint(severity), fmt::format("● {} {}", severity_word(severity), severity)) << "  "
      << paint(state_paint(state), state);
  if (const auto verdict = text_in(incident, "verdict"); !verdict.empty()) out << " as " << verdict;
  const auto owner = text_in(incident, "owner");
  out << " · " << (owner.empty() ? paint(Paint::yellow, "nobody has it") : "with " + owner);
  if (const auto to = text_in(incident, "offered_to"); !to.empty())
    out << " · "
        << paint(Paint::yellow, fmt::format("offered to {} until {}", to, short_time(text_in(incident, "answer_by"))));
  if (text_in(incident, "exercise") == "true") out << " · " << paint(Paint::magenta, "exercise");
  out << '\n';
  const auto first = text_in(incident, "first");
  const auto last = text_in(incident, "last");
  out << paint(Paint::faint, fmt::format("{} → {}{} · {} · {}", short_time(first),
                                         day_part(first) == day_part(last) ? clock_part(last) + "Z" : short_time(last),
                                         length_between(first, last), text_in(incident, "host"),
                                         counted(alert_count(incident), "alert")))
      << '\n';
}

void draw_timeline_entry(Screen& screen, const json::object& entry) {
  auto& output = screen.output();
  const auto& paint = output.paint();
  const auto kind = text_in(entry, "kind");
  const bool alert = kind == "alert";
  const auto severity = number_in(entry, "severity");
  const auto mark =
      alert ? paint(severity_paint(severity), fmt::format("▌{:>3}", severity)) : paint(Paint::blue, "│   ");
  std::string label = alert ? text_in(entry, "engine") : kind;
  label = pad_to_width(cut_to_width(label, 10), 10);
  std::string words = text_in(entry, "title");
  if (const auto count = number_in(entry, "count"); count > 1) words += fmt::format(" ×{}", count);
  if (const auto who = text_in(entry, "actor"); !who.empty() && !alert) words += " — " + who;
  const auto width = output.width() > margin + 20 ? output.width() - margin : 0;
  bool first = true;
  for (const auto& line : fold(words, width)) {
    if (first)
      output.text() << "  " << clock_part(text_in(entry, "time")) << "  " << mark << "  " << paint(Paint::faint, label)
                    << " " << (alert ? paint(Paint::strong, line) : line) << '\n';
    else output.text() << std::string(margin, ' ') << line << '\n';
    first = false;
  }
  if (const auto detail = text_in(entry, "detail"); !detail.empty()) screen.line(detail, margin);
  const auto* why = list_in(entry, "why");
  if (why == nullptr) return;
  std::size_t shown = 0;
  for (const auto& reason : *why) {
    if (!reason.is_object()) continue;
    if (!output.wide() && shown == reasons_most) {
      screen.line(paint(Paint::faint, fmt::format("{} more (-o wide)", why->size() - shown)), margin);
      break;
    }
    auto text = reason_line(reason.get_object());
    if (!output.wide() && width != 0) text = cut_to_width(text, width * 2);
    for (const auto& line : fold(text, width))
      output.text() << std::string(margin, ' ') << paint(Paint::faint, line) << '\n';
    ++shown;
  }
}

void draw_timeline(Screen& screen, const json::array& timeline) {
  screen.title("Timeline");
  std::string day;
  for (const auto& item : timeline) {
    const auto* entry = item.if_object();
    if (entry == nullptr) continue;
    if (const auto today = day_part(text_in(*entry, "time")); today != day) {
      day = today;
      screen.output().text() << "  " << screen.output().paint()(Paint::cyan, day) << '\n';
    }
    draw_timeline_entry(screen, *entry);
  }
}

void draw_steps(Screen& screen, const json::array& steps) {
  const auto& paint = screen.output().paint();
  std::size_t number = 0;
  for (const auto& item : steps) {
    const auto* step = item.if_object();
    if (step == nullptr) continue;
    const auto state = text_in(*step, "state");
    screen.output().text() << fmt::format("    {:>2}  ", ++number) << paint(state_paint(state), pad_to_width(state, 10))
                           << "  " << text_in(*step, "name") << '\n';
    for (const auto& [key, label] : {std::pair{"forecast", "would"}, std::pair{"obstacle", "but"},
                                     std::pair{"outcome", "did"}, std::pair{"undo", "undo"}})
      if (const auto text = text_in(*step, key); !text.empty())
        screen.line(paint(Paint::faint, label) + std::string(7 - std::string_view(label).size(), ' ') + text, 20);
  }
}

void draw_playbooks(Screen& screen, const json::array& playbooks) {
  screen.title("Response");
  for (const auto& item : playbooks) {
    const auto* playbook = item.if_object();
    if (playbook == nullptr) continue;
    const auto state = text_in(*playbook, "state");
    screen.output().text() << "  " << screen.output().paint()(Paint::strong, text_in(*playbook, "name")) << "  "
                           << screen.output().paint()(state_paint(state), state);
    if (const auto mode = text_in(*playbook, "mode"); !mode.empty() && !state.starts_with(mode))
      screen.output().text() << " · " << mode;
    screen.output().text() << '\n';
    if (const auto* steps = list_in(*playbook, "steps")) draw_steps(screen, *steps);
  }
}

}  // namespace

void draw_incident(Output& output, const json::object& incident) {
  draw_head(output, incident);
  Screen screen(output);
  if (const auto summary = text_in(incident, "summary"); !summary.empty()) {
    output.text() << '\n';
    screen.line(summary, 0);
  }
  if (const auto* entities = list_in(incident, "entities")) {
    screen.title("Who and what");
    draw_entities(screen, *entities);
  }
  if (const auto* attack = list_in(incident, "attack")) {
    if (list_in(incident, "entities") == nullptr) output.text() << '\n';
    screen.pair("ATT&CK", escape_terminal(plain_text(*attack)));
  }
  if (const auto* timeline = list_in(incident, "timeline")) draw_timeline(screen, *timeline);
  if (const auto* playbooks = list_in(incident, "playbooks")) draw_playbooks(screen, *playbooks);
  if (const auto* evidence = list_in(incident, "evidence")) {
    screen.title("Evidence");
    for (const auto& item : *evidence)
      if (const auto* one = item.if_object())
        screen.line(text_in(*one, "name") + "  " + text_in(*one, "bytes") + " bytes  sha256 " +
                    text_in(*one, "sha256").substr(0, 16));
  }
  if (const auto* next = list_in(incident, "next")) {
    screen.title("Next");
    for (const auto& step : *next)
      output.text() << "  " << output.paint()(Paint::green, "$ " + escape_terminal(plain_text(step))) << '\n';
  }
}

}  // namespace tocsin::daemon
