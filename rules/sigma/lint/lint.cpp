#include "rules/sigma/lint/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "collectors/base/text.h"

namespace tocsin::rules::sigma {
namespace {

constexpr double broad = 50;           // looks for each hundred events
constexpr std::size_t most_said = 16;  // findings of one rule

LintFinding finding(std::string code, std::string problem, std::string suggestion) {
  return {nullptr, std::move(code), std::move(problem), 0, std::move(suggestion)};
}

// How often a term holds, guessed by its kind and by how much text it wants.
double chance(const Term& term) {
  switch (term.kind) {
    case Term::Kind::null: return 0.5;
    case Term::Kind::boolean: return 0.5;
    case Term::Kind::exists: return 1;
    case Term::Kind::number: return 0.05;
    case Term::Kind::regex: {
      const auto length = static_cast<double>(term.pattern.literal_text().size());
      return length <= 2 ? 1 : 0.02;
    }
    case Term::Kind::text: {
      const auto length = static_cast<double>(term.pattern.literal_text().size());
      if (length == 0) return term.pattern.empty() ? 0.1 : 1;  // "" or only wildcards
      if (!term.pattern.starts_open() && !term.pattern.ends_open()) return 0.02;
      return std::min(1.0, 8 * std::pow(0.25, length));
    }
    case Term::Kind::any: {
      double sum = 0;
      for (const auto& part : term.alternatives) sum += chance(part);
      return std::min(1.0, sum);
    }
    default: return 0.1;
  }
}

double chance(const Item& item) {
  if (item.negated) return 1;
  double all = 1;
  double any = 0;
  for (const auto& term : item.terms) {
    all *= chance(term);
    any += chance(term);
  }
  return item.all ? all : std::min(1.0, any);
}

// Of the positive part: negations are looked at last, so they narrow nothing.
double chance(const Expression& e) {
  switch (e.kind) {
    case Expression::Kind::item: return chance(e.item);
    case Expression::Kind::negation: return 1;
    case Expression::Kind::all: {
      double all = 1;
      for (const auto& child : e.children) all *= chance(child);
      return all;
    }
    case Expression::Kind::any: {
      double any = 0;
      for (const auto& child : e.children) any += chance(child);
      return std::min(1.0, any);
    }
  }
  return 1;
}

bool same(const Term& a, const Term& b) {
  return a.kind == b.kind && a.boolean == b.boolean && a.cased == b.cased && a.number == b.number &&
         a.pattern == b.pattern && a.flags == b.flags && a.starts == b.starts && a.ends == b.ends &&
         a.comparison == b.comparison && a.time_part == b.time_part && a.kind != Term::Kind::network &&
         std::ranges::equal(a.alternatives, b.alternatives, [](const Term& x, const Term& y) { return same(x, y); });
}

bool same(const Item& a, const Item& b) {
  return a.field == b.field && a.all == b.all && a.negated == b.negated &&
         std::ranges::equal(a.terms, b.terms, [](const Term& x, const Term& y) { return same(x, y); });
}

bool same(const Expression& a, const Expression& b) {
  if (a.kind != b.kind) return false;
  if (a.kind == Expression::Kind::item) return same(a.item, b.item);
  return std::ranges::equal(a.children, b.children,
                            [](const Expression& x, const Expression& y) { return same(x, y); });
}

// What must hold, and what must not, for an expression to hold: the parts of all its nested `and`s.
void conjuncts(const Expression& e, std::vector<const Expression*>& must, std::vector<const Expression*>& must_not) {
  if (e.kind == Expression::Kind::all)
    for (const auto& child : e.children) conjuncts(child, must, must_not);
  else if (e.kind == Expression::Kind::negation && e.children.size() == 1) must_not.push_back(&e.children.front());
  else must.push_back(&e);
}

// The one whole value that an item asks of its field.
const Term* whole_value(const Expression& e) {
  if (e.kind != Expression::Kind::item || !e.item.field || e.item.negated || e.item.terms.size() != 1) return nullptr;
  const auto& term = e.item.terms.front();
  const bool plain = term.kind == Term::Kind::number || (term.kind == Term::Kind::text && term.pattern.is_literal());
  return plain ? &term : nullptr;
}

std::string text_of(const Term& term) {
  return term.kind == Term::Kind::number ? term.number.render() : term.pattern.literal_text();
}

// Whether `part` is among what must hold, or an `any` of which every way needs it would be; plain parts suffice.
std::optional<std::string> contradiction(const Expression& e) {
  std::vector<const Expression*> must, must_not;
  conjuncts(e, must, must_not);
  for (const auto* denied : must_not) {
    std::vector<const Expression*> needed, excluded;
    conjuncts(*denied, needed, excluded);
    const bool held = excluded.empty() && !needed.empty() && std::ranges::all_of(needed, [&](const Expression* part) {
                        return std::ranges::any_of(must, [&](const Expression* there) { return same(*there, *part); });
                      });
    if (held) return "what it asks for it also excludes";
  }
  for (std::size_t i = 0; i < must.size(); ++i) {
    const auto* first = whole_value(*must[i]);
    if (first == nullptr) continue;
    for (std::size_t j = i + 1; j < must.size(); ++j) {
      const auto* second = whole_value(*must[j]);
      if (second == nullptr || must[i]->item.field != must[j]->item.field) continue;
      if (!equals_ignoring_case(text_of(*first), text_of(*second)))
        return fmt::format("the field {} is to be '{}' and '{}' at once", *must[i]->item.field, text_of(*first),
                           text_of(*second));
    }
  }
  return std::nullopt;
}

void check_condition(const Expression& e, std::vector<LintFinding>& out) {
  const auto ways = e.kind == Expression::Kind::any ? std::span(e.children) : std::span(&e, 1);
  for (const auto& way : ways)
    if (const auto why = contradiction(way)) {
      out.push_back(finding("L21", "The condition can never hold: " + *why,
                            "Correct the condition, or join the searches by `or`; a field that holds a list may still "
                            "have both values."));
      return;
    }
}

void used_searches(const Expression& e, std::set<std::string_view>& out) {
  if (e.kind == Expression::Kind::item) out.insert(e.selection);
  for (const auto& child : e.children) used_searches(child, out);
}

void check_unused(const Detection& parsed, const Expression& e, std::vector<LintFinding>& out) {
  std::set<std::string_view> used;
  used_searches(e, used);
  for (const auto& name : parsed.names)
    if (!used.contains(name))
      out.push_back(finding("L22", fmt::format("The condition does not use the search '{}'", name),
                            "Name it in the condition, or remove it."));
}

bool has(const std::vector<std::string_view>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

// One line of a detection as it is written.
class LineCheck {
 public:
  LineCheck(const DetectionRule& rule, std::vector<LintFinding>& out) : rule_(rule), out_(out) {}

  void line(std::string_view key, const Node& value) {
    std::vector<std::string_view> words;
    for (std::size_t at = 0; at <= key.size();) {
      const auto end = std::min(key.find('|', at), key.size());
      words.push_back(key.substr(at, end - at));
      at = end + 1;
    }
    if (value.is_list()) {
      for (const auto& item : value.items) wildcard(words, item);
      repeated(words, key, value);
    } else {
      wildcard(words, value);
    }
    if (has(words, "all") && (!value.is_list() || value.items.size() == 1))
      out_.push_back(finding("L26", fmt::format("`all` stands over one value ({})", key), "Leave `all` out."));
    case_counts(words, value);
  }

 private:
  void wildcard(const std::vector<std::string_view>& words, const Node& value) {
    if (!value.is_text()) return;
    const std::string_view text = value.text;
    const bool head = text.starts_with('*');
    const bool tail = text.ends_with('*') && !text.ends_with("\\*");
    const bool idle = (has(words, "contains") && (head || tail)) || (has(words, "endswith") && head) ||
                      (has(words, "startswith") && tail);
    if (idle && text.size() > 1)
      out_.push_back(finding("L23", fmt::format("The wildcard at an end of '{}' changes nothing", text),
                             "Leave it out: the modifier adds it."));
    if (has(words, "re") && (text.starts_with(".*") || (text.ends_with(".*") && !text.ends_with("\\.*"))))
      out_.push_back(finding("L23", fmt::format("The .* at an end of '{}' changes nothing, and costs time", text),
                             "Leave it out: expressions search anywhere in the value."));
  }

  void repeated(const std::vector<std::string_view>& words, std::string_view key, const Node& value) {
    const bool exact = std::ranges::any_of(
        words, [](auto word) { return word == "cased" || word == "re" || word.starts_with("base64"); });
    std::set<std::string> seen;
    for (const auto& item : value.items)
      if (item.is_text() && !seen.insert(exact ? item.text : lower_ascii(item.text)).second)
        out_.push_back(finding("L26", fmt::format("'{}' stands twice under {}", item.text, key), "Remove one."));
  }

  void case_counts(const std::vector<std::string_view>& words, const Node& value) {
    if (rule_.source.product != "windows") return;
    if (has(words, "cased")) {
      out_.push_back(finding("L27", fmt::format("Windows ignores the case of what {} compares by case", words.front()),
                             "Leave `cased` out unless the case itself is the finding."));
      return;
    }
    if (!has(words, "re") || has(words, "i") || has(words, "ignorecase")) return;
    const auto letters = [](const Node& node) {
      const auto& text = node.text;
      if (!node.is_text() || text.find("(?i") != std::string::npos) return false;
      for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') ++i;
        else if (text[i] == '[') i = std::min(text.find(']', i), text.size());
        else if (to_lower_ascii(text[i]) >= 'a' && to_lower_ascii(text[i]) <= 'z') return true;
      }
      return false;
    };
    if (letters(value) || std::ranges::any_of(value.items, letters))
      out_.push_back(finding(
          "L27", fmt::format("The expression of {} tells case, which Windows ignores", words.front()), "Write |re|i."));
  }

  const DetectionRule& rule_;
  std::vector<LintFinding>& out_;
};

void check_lines(const Node& node, LineCheck& check) {
  for (const auto& item : node.items) check_lines(item, check);
  for (const auto& [key, value] : node.members) {
    if (key == "condition") continue;
    if (value.is_map() || std::ranges::any_of(value.items, [](const Node& i) { return i.is_map(); }))
      check_lines(value, check);
    else if (node.place.line != 0 || !node.members.empty()) check.line(key, value);
  }
}

void field_names(const Expression& e, std::set<std::string>& out) {
  if (e.kind == Expression::Kind::item && e.item.field) out.insert(*e.item.field);
  for (const auto& child : e.children) field_names(child, out);
}

// Two letters changed, left out or added at most; one in short names.
bool nearly(std::string_view a, std::string_view b) {
  if (equals_ignoring_case(a, b)) return true;
  const std::size_t most = std::min(a.size(), b.size()) < 8 ? 1 : 2;
  if (a.size() < 5 || b.size() < 5 || a.size() > b.size() + most || b.size() > a.size() + most) return false;
  std::vector<std::size_t> row(b.size() + 1), before(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) before[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j)
      row[j] = std::min({row[j - 1] + 1, before[j] + 1, before[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
    row.swap(before);
  }
  return before[b.size()] <= most;
}

}  // namespace

double estimate_looks(const Expression& expression) { return 100 * chance(expression); }

std::vector<LintFinding> lint_rule(const Node& detection, const Detection& parsed, const DetectionRule& rule) {
  std::vector<LintFinding> out;
  check_condition(rule.expression, out);
  check_unused(parsed, rule.expression, out);
  LineCheck check(rule, out);
  check_lines(detection, check);
  const double looks = estimate_looks(rule.expression);
  if (looks >= broad)
    out.push_back(finding("L24", "The rule is looked at for nearly every event of its log source",
                          "Ask for a text of three letters or more that is rare in what the source writes; what only "
                          "excludes narrows nothing."));
  std::set<std::pair<std::string, std::string>> said;
  std::erase_if(out, [&](const LintFinding& each) { return !said.emplace(each.code, each.problem).second; });
  if (out.size() > most_said) out.resize(most_said);
  for (auto& each : out) each.cost = looks;
  return out;
}

std::vector<LintFinding> lint_fields(const DetectionRule& rule, const std::vector<const View*>& serving) {
  std::vector<LintFinding> out;
  std::set<std::string> names;
  field_names(rule.expression, names);
  for (const auto& name : names) {
    std::string near;
    bool known = false;
    for (const auto* view : serving)
      for (const auto& [mapped, sources] : view->fields) {
        known = known || mapped == name || std::ranges::any_of(sources, [&](const auto& s) { return s.field == name; });
        if (near.empty() && nearly(name, mapped)) near = mapped;
      }
    if (known || near.empty()) continue;
    out.push_back(finding("L25", fmt::format("The log source has no field {}, but one named {}", name, near),
                          fmt::format("Write {} if that is meant: names are told apart by case.", near)));
    out.back().cost = estimate_looks(rule.expression);
  }
  return out;
}

}  // namespace tocsin::rules::sigma
