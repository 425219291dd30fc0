#include "rules/sigma/evaluate/correlation_run.h"

#include <cmath>

#include "collectors/base/json.h"
#include "rules/sigma/compile/plan.h"
#include "rules/sigma/correlate/state.h"
#include "rules/sigma/evaluate/json_input.h"
#include "rules/sigma/match/detector.h"

namespace tocsin::rules::sigma {
namespace {

// Raw alerts go straight on to the second stage; what comes out of it is dropped, the firings are what is asked for.
class Feeder final : public AlertSink {
 public:
  explicit Feeder(SigmaState& state) : state_(state) {}
  void raise(Alert alert) override { state_.decide(std::move(alert), out_); }
  AlertSink& out() { return out_; }

 private:
  struct Nowhere final : AlertSink {
    void raise(Alert) override {}
  };
  SigmaState& state_;
  Nowhere out_;
};

Time time_of(const Node& event) {
  const auto* ts = event.find("ts");
  if (ts == nullptr) return {};
  if (ts->kind == Node::Kind::integer) return Time{std::chrono::seconds(ts->integer)};
  if (ts->kind == Node::Kind::real) return Time{Duration(std::llround(ts->real * 1e9))};
  return parse_time(ts->text).value_or(Time{});
}

Node wrap(const Node& question) {
  Node document;
  document.kind = Node::Kind::map;
  document.members.emplace_back("title", Node::of_text("correlation"));
  document.members.emplace_back("correlation", *question.find("correlation"));
  return document;
}

std::string render_error(const Diagnostics& diagnostics) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("error").begin_object();
  for (const auto& d : diagnostics.all()) {
    if (d.severity != Severity::error) continue;
    json.member("code", d.code).member("reason", d.cause);
    break;
  }
  json.end_object().end_object();
  return out;
}

std::string render_firings(const std::vector<Firing>& firings) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("firings").begin_array();
  for (const auto& firing : firings) {
    json.begin_object().key("key").begin_array();
    for (const auto& value : firing.key) json.value(value);
    json.end_array();
    const auto since = firing.time.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    if (since == seconds) json.member("ts", seconds.count());
    else json.member("ts", std::chrono::duration<double>(since).count());
    json.member("value", firing.value).end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace

std::string run_correlation(const Node& question, const SigmaOptions& options) {
  Diagnostics diagnostics;
  RuleBook book;
  const auto* rules = question.find("rules");
  const auto documents = rules != nullptr ? rules->items : std::vector<Node>();
  add_documents(book, documents, "question", options.placeholders, diagnostics);
  add_documents(book, {wrap(question)}, "question", options.placeholders, diagnostics);
  const auto plan = make_plan(book, {open_view()}, options, diagnostics);
  if (diagnostics.has_errors() || plan->network.correlations.empty()) return render_error(diagnostics);

  // The asked-for correlation is the last document.
  const auto asked = static_cast<std::uint32_t>(plan->network.correlations.size() - 1);
  std::vector<Firing> firings;
  SigmaState state(plan->network, {options.most_groups, options.most_entries, options.lateness}, plan);
  state.watch([&](const Firing& firing) {
    if (firing.correlation == asked) firings.push_back(firing);
  });
  FieldNames names;
  SigmaDetector detector(plan, {.names = names});
  Feeder feeder(state);
  EventBatch batch;
  Time last{};
  for (const auto& event : question.find("events")->items) {
    if (!event.is_map()) continue;
    if (batch.full()) {
      detector.inspect(batch, feeder);
      batch.clear();
    }
    last = std::max(last, time_of(event));
    build_event(event, batch, names, time_of(event));
  }
  detector.inspect(batch, feeder);
  // All windows close at the end.
  state.advance(last + plan->network.correlations[asked].timespan + options.lateness, feeder.out());
  return render_firings(firings);
}

}  // namespace tocsin::rules::sigma
