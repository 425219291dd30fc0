#include "rules/sigma/evaluate.h"

#include <unordered_map>

#include "collectors/base/json.h"
#include "rules/sigma/evaluate/correlation_run.h"
#include "rules/sigma/evaluate/json_input.h"
#include "rules/sigma/evaluate/render_tree.h"
#include "rules/sigma/match/matcher.h"
#include "rules/sigma/parse/filter.h"
#include "rules/sigma/parse/modifier.h"
#include "rules/sigma/parse/rule.h"

namespace tocsin::rules::sigma {
namespace {

// One rule alone, every field name bound to itself.
struct Compiled {
  Compiled(const Expression& expression, const PatternOptions& patterns, const FieldNames& names)
      : program(compile_program({&expression}, {}, patterns)),
        binding(*program, nullptr),
        matcher(*program, binding, names) {}
  std::shared_ptr<const Program> program;
  Binding binding;
  Matcher matcher;
};

std::string render_error(std::string_view code, std::string_view reason) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("error").begin_object();
  json.member("code", code).member("reason", reason).end_object().end_object();
  return out;
}
std::string render_error(const Problem& problem) { return render_error(problem.code, problem.cause); }

std::string render_match(bool match, const std::vector<Reason>& why) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("match", match).key("why").begin_array();
  for (const auto& reason : why) {
    json.begin_object().member("condition", reason.condition).member("where", reason.where);
    json.member("value", reason.value).end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace

struct Evaluator::State {
  SigmaOptions options;
  RuleBook book;
  std::unordered_map<std::string, std::size_t> by_name;  // id and name
  std::unordered_map<std::string, std::string> refused;  // id → answer
  std::unordered_map<std::size_t, std::unique_ptr<Compiled>> compiled;
  FieldNames names;
  EventBatch batch;

  std::string answer_rule(const Node& question);
  std::string answer_key(const Node& question) const;
};

std::string Evaluator::State::answer_rule(const Node& question) {
  const std::string id(question.text_of("rule"));
  const auto* event = question.find("event");
  const auto found = by_name.find(id);
  if (found == by_name.end()) {
    const auto reason = refused.find(id);
    return reason != refused.end() ? reason->second : render_error("G0100", "There is no rule " + id + '.');
  }
  auto& one = compiled[found->second];
  const PatternOptions patterns{options.matching == Matching::plain ? Acceleration::off : Acceleration::automatic,
                                options.cache};
  if (!one) one = std::make_unique<Compiled>(book.rules[found->second].expression, patterns, names);
  batch.clear();
  const auto& built = build_event(*event, batch, names, Time{});
  const bool match = !one->matcher.match(built).empty();
  return render_match(match, match ? one->matcher.explain(0) : std::vector<Reason>());
}

std::string Evaluator::State::answer_key(const Node& question) const {
  const auto item = parse_item(question.text_of("key"), *question.find("value"));
  if (!item) return render_error(item.error());
  std::string out;
  JsonWriter json(out);
  append_json(json, *item);
  return out;
}

Evaluator::Evaluator(std::span<const RuleSource> rules, const SigmaOptions& options, Diagnostics& diagnostics)
    : state_(std::make_unique<State>()) {
  Diagnostics own;
  state_->options = options;
  state_->book = parse_rules(rules, options.placeholders, own);
  apply_filters(state_->book, options.placeholders, options.now, own);
  for (const auto& d : own.all())
    if (d.severity == Severity::error && !d.item.empty())
      state_->refused.try_emplace(d.item, render_error(d.code, d.cause));
  diagnostics.append(std::move(own));
  for (std::size_t i = 0; i < state_->book.rules.size(); ++i) {
    const auto& heading = state_->book.rules[i].heading;
    state_->by_name.try_emplace(heading.info.id, i);
    if (!heading.name.empty()) state_->by_name.try_emplace(heading.name, i);
  }
}

Evaluator::~Evaluator() = default;

Result<std::string> Evaluator::answer(std::string_view json_line) {
  TOCSIN_TRY(const auto question, parse_json(json_line));
  if (!question.is_map()) return fail(Code::invalid, "the question must be a JSON object");
  const auto* event = question.find("event");
  if (question.find("rule") != nullptr && event != nullptr && event->is_map()) return state_->answer_rule(question);
  const auto* events = question.find("events");
  if (question.find("correlation") != nullptr && events != nullptr && events->is_list())
    return run_correlation(question, state_->options);
  if (question.find("key") != nullptr && question.find("value") != nullptr) return state_->answer_key(question);
  return fail(Code::invalid, "the question needs rule and event, key and value, or correlation, rules and events");
}

}  // namespace tocsin::rules::sigma
