#include "rules/indicator/parse/intake.h"

#include <fmt/format.h>

#include "rules/indicator/value.h"

namespace tocsin::rules::indicator {
namespace {

std::string_view base_name(std::string_view file) { return file.substr(file.rfind('/') + 1); }

constexpr std::size_t item_most = 120;
constexpr std::size_t name_most = 120;

}  // namespace

Intake::Intake(const std::string& file, const IndicatorOptions& options, const AllowList& allow_list,
               IndicatorTable& table, Diagnostics& diagnostics)
    : file_(file), options_(options), allow_list_(allow_list), table_(table), diagnostics_(diagnostics) {
  load_.file = file;
  load_.name = base_name(file);
}

Intake::~Intake() {
  if (untold_ == 0) return;
  told_ = 0;
  remark(Severity::warning, 0, {}, "I0008", fmt::format("{} more entries have remarks like these", untold_),
         "correct those that are listed and check again");
}

void Intake::call_it(std::string_view name) {
  if (!named_ && !name.empty()) load_.name = std::string(name.substr(0, name_most));
}

std::uint16_t Intake::source() {
  if (!std::exchange(named_, true)) number_ = table_.add_source(load_.name);
  return number_;
}

void Intake::remark(Severity severity, std::uint32_t line, std::string_view item, std::string_view code,
                    std::string cause, std::string next) {
  if (++told_ > diagnostics_most) {
    ++untold_;
    return;
  }
  Diagnostic d;
  d.severity = severity;
  d.code = code;
  d.file = file_;
  d.line = line;
  d.item = std::string(item.substr(0, item_most));
  d.cause = std::move(cause);
  d.next_step = std::move(next);
  diagnostics_.add(std::move(d));
}

void Intake::refuse(std::uint32_t line, std::string_view item, std::string_view code, std::string cause,
                    std::string next) {
  ++load_.refused;
  remark(Severity::error, line, item, code, std::move(cause), std::move(next));
}

void Intake::add(Statement statement) {
  auto& value = statement.value;
  if (allow_list_.covers(value)) {
    ++load_.refused;
    return remark(Severity::warning, statement.line, render_value(value.kind, value.key), "I0002",
                  "this is private, reserved or on the allow-list: it never alerts", "take it out of the list");
  }
  const auto broad = judge_broadness(value);
  if (broad.breadth == Breadth::too_wide)
    return refuse(statement.line, render_value(value.kind, value.key), "I0003", broad.reason,
                  "list what is meant more narrowly");
  if (broad.breadth == Breadth::wide) {
    const bool domain = value.kind == Kind::domain;
    remark(Severity::warning, statement.line, render_value(value.kind, value.key), "I0004",
           broad.reason + (domain ? "; only the name itself is matched" : ""), "list what is meant more narrowly");
    value.reach = Reach::exact;
  }
  switch (table_.add(statement, source(), options_.confidence)) {
    case Added::fresh: ++load_.loaded; break;
    case Added::merged: ++load_.merged; break;
    case Added::full:
      ++load_.refused;
      if (!std::exchange(full_told_, true))
        remark(Severity::error, statement.line, {}, "I0005",
               fmt::format("there are {} indicators already, as many as may be", table_.entries().size()),
               "raise rules.indicators.most, or load fewer lists; this one's rest is left out");
  }
}

void Intake::take(Result<ListedValue> value, std::string_view text, Statement& statement) {
  if (!value)
    return refuse(statement.line, text, "I0001", value.error().message, "correct it, or make the line a comment");
  statement.value = std::move(*value);
  add(std::move(statement));
}

void Intake::add_text(std::string_view text, Statement statement) { add_text(text, reach(), std::move(statement)); }

void Intake::add_text(std::string_view text, Reach reach, Statement statement) {
  take(parse_value(text, reach), text, statement);
}

void Intake::add_text_as(Kind kind, std::string_view text, Reach reach, Statement statement) {
  take(parse_value_as(kind, text, reach), text, statement);
}

}  // namespace tocsin::rules::indicator
