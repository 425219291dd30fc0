#include "rules/sigma/alert_filter.h"

#include <algorithm>
#include <memory>
#include <mutex>

#include "collectors/event/field_table.h"
#include "rules/sigma/compile/program.h"
#include "rules/sigma/match/matcher.h"
#include "rules/sigma/parse/filter.h"

namespace tocsin::rules::sigma {
namespace {

constexpr YamlLimits limits{.most_bytes = std::size_t{64} << 10, .most_nodes = 10'000, .most_depth = 16};

Result<Expression> parse_condition_of(std::string_view text) {
  const auto wrong = [](const Problem& problem) {
    return fail(Code::invalid, problem.cause + (problem.next_step.empty() ? "" : " " + problem.next_step));
  };
  auto documents = parse_yaml(text, limits);
  if (!documents) return wrong(documents.error());
  if (documents->size() != 1 || !documents->front().is_map())
    return fail(Code::invalid, "a filter is one map: {selection: {user.name: backup}, condition: not selection}");
  auto detection = parse_detection(documents->front(), {});
  if (!detection) return wrong(detection.error());
  auto condition = resolve(*detection);
  if (!condition) return wrong(condition.error());
  if (auto expanded = expand_placeholders(*condition, {}); !expanded) return wrong(expanded.error());
  return std::move(*condition);
}

// Names, program and matcher are made with the first alert: most entries never see one.
class Judge {
 public:
  explicit Judge(Expression condition) : condition_(std::move(condition)) {}

  bool keeps(const Alert& alert) {
    const std::lock_guard lock(mutex_);
    if (!work_) work_ = std::make_unique<Work>(condition_);
    auto& work = *work_;
    work.batch.clear();
    EventBuilder event(work.batch);
    for (const auto& [name, value] : alert.fields)
      if (const auto field = work.names.find(name)) event.set_typed(*field, value);
    if (alert.packet) {
      event.set(field::source_ip, alert.packet->source);
      event.set(field::destination_ip, alert.packet->destination);
      event.set(field::source_port, std::uint64_t{alert.packet->source_port});
      event.set(field::destination_port, std::uint64_t{alert.packet->destination_port});
    }
    if (event.find(field::host_name) == nullptr && !alert.host.empty()) event.set(field::host_name, alert.host);
    EventHeader header;
    header.observed = alert.time;
    return !work.matcher->match(event.finish(header, alert.original)).empty();
  }

 private:
  struct Work {
    explicit Work(const Expression& condition)
        : program(compile_program({&condition}, {}, {Acceleration::off, nullptr})), binding(*program, nullptr) {
      // Names of alerts come from outside: only those that are asked for get a number.
      for (const auto& slot : program->slots)
        if (!slot.empty()) static_cast<void>(names.intern(slot));
      matcher = std::make_unique<Matcher>(*program, binding, names);
    }
    FieldNames names;
    std::shared_ptr<const Program> program;
    Binding binding;
    std::unique_ptr<Matcher> matcher;
    EventBatch batch;
  };
  const Expression condition_;
  std::mutex mutex_;
  std::unique_ptr<Work> work_;
};

}  // namespace

Result<std::function<bool(const Alert&)>> compile_alert_filter(std::string_view text) {
  TOCSIN_TRY(auto condition, parse_condition_of(text));
  const auto judge = std::make_shared<Judge>(std::move(condition));
  return [judge](const Alert& alert) { return judge->keeps(alert); };
}

Result<bool> filter_negates(std::string_view text) {
  TOCSIN_TRY(const auto condition, parse_condition_of(text));
  return has_negation(condition);
}

}  // namespace tocsin::rules::sigma
