// The optimised program must say exactly what a plain walk over the rule's tree says, for random rules and events.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>

#include "rules/sigma/compile/fold.h"
#include "rules/sigma/evaluate/json_input.h"
#include "rules/sigma/match/matcher.h"
#include "rules/sigma/parse/rule.h"

namespace tocsin::rules::sigma {
namespace {

using Fields = std::map<std::string, std::vector<std::string>>;  // "" holds every value, for keywords

// An evaluator that shares nothing with the program but the parsed terms and the glob and regex primitives.
class Plain {
 public:
  explicit Plain(const Node& event) {
    for (const auto& [name, value] : event.members) {
      auto& values = fields_[name];
      const auto add = [&](const Node& node) {
        if (node.kind == Node::Kind::null) return;
        values.push_back(node.text);
        keywords_.push_back(node.text);
      };
      if (value.is_list()) std::ranges::for_each(value.items, add);
      else add(value);
    }
  }

  bool holds(const Expression& e) const {
    const auto child = [&](const Expression& c) { return holds(c); };
    switch (e.kind) {
      case Expression::Kind::item: return holds(e.item);
      case Expression::Kind::all: return std::ranges::all_of(e.children, child);
      case Expression::Kind::any: return std::ranges::any_of(e.children, child);
      case Expression::Kind::negation: return !holds(e.children.front());
    }
    return false;
  }

 private:
  bool holds(const Item& item) const {
    const auto one = [&](const Term& term) { return holds(item, term); };
    const bool result = item.all ? std::ranges::all_of(item.terms, one) : std::ranges::any_of(item.terms, one);
    return result != item.negated;
  }

  bool holds(const Item& item, const Term& term) const {
    if (term.kind == Term::Kind::any)
      return std::ranges::any_of(term.alternatives, [&](const Term& t) { return holds(item, t); });
    const auto found = item.field ? fields_.find(*item.field) : fields_.end();
    static const std::vector<std::string> nothing;
    const auto& values = !item.field ? keywords_ : found == fields_.end() ? nothing : found->second;
    if (term.kind == Term::Kind::null) return values.empty();
    if (term.kind == Term::Kind::exists) return (found != fields_.end()) == term.boolean;
    if (term.kind == Term::Kind::field) return field_holds(term, values);
    return std::ranges::any_of(values, [&](const std::string& v) { return holds(term, v, !item.field); });
  }

  bool field_holds(const Term& term, const std::vector<std::string>& values) const {
    const auto other = fields_.find(term.pattern.literal_text());
    if (other == fields_.end()) return false;
    for (const auto& value : values)
      for (const auto& with : other->second) {
        const auto a = folded(value);
        const auto b = folded(with);
        const bool hit = term.starts && term.ends ? a.find(b) != std::string::npos
                         : term.starts            ? a.starts_with(b)
                         : term.ends              ? a.ends_with(b)
                                                  : a == b;
        if (hit) return true;
      }
    return false;
  }

  static bool holds(const Term& term, const std::string& value, bool keyword) {
    switch (term.kind) {
      case Term::Kind::boolean: return folded(value) == (term.boolean ? "true" : "false");
      case Term::Kind::number:
        return keyword ? value.find(term.number.render()) != std::string::npos : same_number(term, value);
      case Term::Kind::regex: {
        Regex regex;
        EXPECT_FALSE(compile_regex(term.pattern.literal_text(), term.flags, regex));
        return regex.search(value);
      }
      case Term::Kind::text: {
        Pattern pattern;
        for (const auto& part : term.pattern.parts())
          pattern.append({part.kind, term.cased ? part.text : folded(part.text)});
        if (keyword) {
          pattern.open_start();
          pattern.open_end();
        }
        return matches(pattern, term.cased ? value : folded(value));
      }
      default: return false;
    }
  }

  static bool same_number(const Term& term, const std::string& value) {
    if (value == term.number.render()) return true;
    std::size_t used = 0;
    try {
      return std::stod(value, &used) == term.number.real && used == value.size();
    } catch (const std::exception&) {
      return false;
    }
  }

  Fields fields_;
  std::vector<std::string> keywords_;
};

// Small alphabets, so that things match by chance.
class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}
  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

  std::string word() {
    static const std::array<std::string, 7> letters{"a", "B", "b", "-", "é", "É", "1"};
    std::string out;
    for (int i = below(4); i >= 0; --i) out += letters[static_cast<std::size_t>(below(7))];
    return out;
  }
  std::string pattern() {
    std::string out;
    for (int i = below(3); i >= 0; --i) {
      const int kind = below(6);
      out += kind == 0 ? "*" : kind == 1 ? "?" : word();
    }
    return out;
  }
  std::string quoted(const std::string& text) { return "'" + text + "'"; }
  std::string field() { return std::string(1, static_cast<char>('f' + below(3))); }

  std::string item() {
    static const std::array<std::string, 9> modifiers{
        "",     "|contains",         "|startswith",    "|endswith", "|cased", "|contains|all",
        "|neq", "|windash|contains", "|contains|cased"};
    switch (below(8)) {
      case 0: return field() + ": null";
      case 1: return field() + "|exists: " + (below(2) == 0 ? "true" : "false");
      case 2: return field() + "|fieldref" + modifiers[static_cast<std::size_t>(below(4))] + ": " + field();
      case 3: return field() + "|re: " + quoted(below(2) == 0 ? "^[ab]+" : "b.?1$");
      case 4: return field() + ": " + std::to_string(below(3));
      default: break;
    }
    std::string values;
    for (int i = below(9); i >= 0; --i) values += quoted(pattern()) + (i > 0 ? ", " : "");
    return field() + modifiers[static_cast<std::size_t>(below(9))] + ": [" + values + "]";
  }

  std::string rule() {
    std::string out = "title: t\nlogsource: {product: x}\ndetection:\n";
    for (const auto* name : {"s1", "s2", "s3"}) {
      out += std::string("  ") + name + ":\n";
      if (below(6) == 0) {
        out += "    - " + quoted(pattern()) + "\n";
        continue;
      }
      std::string first = item();
      out += "    " + first + "\n";
      for (int tries = 0; tries < 2; ++tries) {
        const auto second = item();
        if (second.substr(0, second.find(':')) == first.substr(0, first.find(':'))) continue;
        out += "    " + second + "\n";
        break;
      }
    }
    static const std::array<std::string, 9> conditions{
        "1 of s*",      "all of s*",       "s1 and not 1 of s*2",      "not s1", "(s1 or s2) and s3",
        "s1 or not s2", "not (s1 and s2)", "s1 and not s2 and not s3", "s2"};
    return out + "  condition: " + conditions[static_cast<std::size_t>(below(9))] + "\n";
  }

  Node event() {
    Node out;
    out.kind = Node::Kind::map;
    for (const auto* name : {"f", "g", "h"}) {
      Node value;
      const int kind = below(8);
      if (kind == 0) continue;
      if (kind == 2) {
        value.kind = Node::Kind::integer;
        value.integer = below(3);
        value.text = std::to_string(value.integer);
      } else if (kind == 3) {
        value.kind = Node::Kind::list;
        for (int i = below(3); i >= 0; --i) value.items.push_back(Node::of_text(word()));
      } else if (kind != 1) {
        value = Node::of_text(word());
      }
      out.members.emplace_back(name, std::move(value));
    }
    return out;
  }

 private:
  std::mt19937 random_;
};

void compare(Acceleration acceleration, unsigned seed) {
  Maker maker(seed);
  std::vector<RuleSource> sources;
  for (int i = 0; i < 40; ++i)
    sources.push_back({"r" + std::to_string(i), maker.rule() + "id: r" + std::to_string(i) + "\n"});
  Diagnostics diagnostics;
  const auto book = parse_rules(sources, {}, diagnostics);
  ASSERT_EQ(diagnostics.errors(), 0U) << render_text(diagnostics.all()[0]) << sources[0].text;
  std::vector<const Expression*> expressions;
  for (const auto& rule : book.rules) expressions.push_back(&rule.expression);
  const auto program = compile_program(expressions, {}, {acceleration, nullptr});
  const Binding binding(*program, nullptr);
  FieldNames names;
  Matcher matcher(*program, binding, names);
  EventBatch batch;
  for (int i = 0; i < 100; ++i) {
    const auto node = maker.event();
    batch.clear();
    const auto& event = build_event(node, batch, names, Time{});
    const auto& matched = matcher.match(event);
    const Plain plain(node);
    for (std::uint32_t r = 0; r < book.rules.size(); ++r) {
      const bool fast = std::ranges::binary_search(matched, r);
      ASSERT_EQ(fast, plain.holds(*expressions[r])) << sources[r].text << "event " << i << " seed " << seed;
      ASSERT_TRUE(!fast || !matcher.explain(r).empty());
    }
  }
}

// Each is 4,000 pairs of rule and event. TOCSIN_DIFFERENTIAL=250 makes a million.
unsigned rounds() {
  const char* const wanted = std::getenv("TOCSIN_DIFFERENTIAL");
  return wanted == nullptr ? 6 : static_cast<unsigned>(std::clamp(std::atoi(wanted), 1, 1'000'000));
}

TEST(Differential, hyperscan_program_equals_the_plain_tree) {
  for (unsigned seed = 1; seed <= rounds(); ++seed) compare(Acceleration::automatic, seed);
}

TEST(Differential, plain_program_equals_the_plain_tree) {
  for (unsigned seed = 101; seed <= 104; ++seed) compare(Acceleration::off, seed);
}

}  // namespace
}  // namespace tocsin::rules::sigma
