#include "rules/signature/parse/rule_parser.h"

#include <deque>
#include <expected>

#include "collectors/base/text.h"
#include "rules/signature/parse/snort/choose.h"
#include "rules/signature/parse/snort/translate.h"
#include "rules/signature/parse/suricata.h"

namespace tocsin::rules::signature {
namespace {

using Read = std::expected<RuleAst, Mistake>;

Read read_snort_rule(std::string_view file, SourceCursor& cursor) {
  auto rule = lex_snort_rule(cursor);
  if (!rule) return std::unexpected(std::move(rule.error()));
  return translate_snort(file, *rule);
}

constexpr std::size_t in_vain_most = std::size_t{32} << 20;

class FileReader {
 public:
  FileReader(std::string_view file, std::string_view text, Syntax syntax, Diagnostics& diagnostics,
             const RuleGate& gate)
      : file_(file), syntax_(syntax), diagnostics_(diagnostics), gate_(gate) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    cursor_.text = text;
  }

  std::vector<RuleAst> read() {
    while (true) {
      if (syntax_ != Syntax::suricata) skip_between_rules(cursor_, gate_ ? Comments::stop : Comments::skip);
      if (cursor_.ended()) break;
      if (syntax_ == Syntax::snort3 && cursor_.now() != '#') read_snort();
      else read_line();
    }
    if (syntax_ == Syntax::automatic) settle();
    return std::move(rules_);
  }

 private:
  // Could have been written in both languages, or is none of Suricata's without being clearly Snort's.
  static constexpr std::size_t none = ~std::size_t{0};
  struct Open {
    std::size_t rule;
    SourceCursor start;
    bool differs;
    std::optional<Mistake> mistake;
  };

  void complain(const Mistake& mistake, Severity severity = Severity::error, std::string item = {}) {
    diagnostics_.add({severity, mistake.code, std::string(file_), mistake.place.line, mistake.place.column,
                      std::move(item), mistake.cause, mistake.next_step});
  }

  // Refused, or switched off by its author.
  void refuse(const Mistake& mistake, const SnortRule& rule) {
    std::string item;
    for (const auto& option : rule.options)
      if (option.name.text == "sid") item = "1:" + option.raw;
    complain(mistake, mistake.code == "S0390" ? Severity::note : Severity::error, std::move(item));
  }

  void read_snort() {
    const SourceCursor start = cursor_;
    auto rule = lex_snort_rule(cursor_);
    if (!rule) {
      complain(rule.error());
      return skip_to_rule(cursor_);
    }
    take_whole(*rule, start, cursor_);
  }

  // A rule that was read over its whole length: the gate is asked now.
  void take_whole(const SnortRule& rule, const SourceCursor& start, const SourceCursor& end) {
    if (!gate_) return take(translate_snort(file_, rule), rule);
    std::string rewritten;
    const auto text = start.text.substr(start.at, end.at - start.at);
    const auto wanted = gate_(text, false, rewritten);
    if (!wanted) return;
    if (wanted->data() == text.data()) return take(translate_snort(file_, rule), rule);
    read_snort_text(*wanted, rule.place.line);
  }

  void read_snort_text(std::string_view text, std::uint32_t line) {
    SourceCursor cursor{text, 0, line};
    const auto rule = lex_snort_rule(cursor);
    if (rule) take(translate_snort(file_, *rule), *rule);
    else complain(rule.error());
  }

  void take(Read ast, const SnortRule& rule) {
    if (ast) rules_.push_back(std::move(*ast));
    else refuse(ast.error(), rule);
  }

  // The cursor ends up behind the line, and what backslashes join to it.
  LogicalLine take_line() {
    LogicalLine line;
    // Columns count from the start of the line.
    const auto before = cursor_.text.substr(cursor_.line_start, cursor_.at - cursor_.line_start);
    if (trim(before).empty()) cursor_.at = cursor_.line_start;
    while (!cursor_.ended()) {
      const std::size_t start = cursor_.at;
      const auto end = cursor_.text.find('\n', start);
      std::string_view piece = cursor_.text.substr(start, end == std::string_view::npos ? end : end - start);
      const std::uint32_t number = cursor_.line;
      cursor_.skip_line();
      if (piece.ends_with('\r')) piece.remove_suffix(1);
      const bool comment = line.empty() && trim(piece).starts_with('#');
      const bool joined = !comment && piece.ends_with('\\');
      line.append(joined ? piece.substr(0, piece.size() - 1) : piece, number);
      if (!joined) break;
    }
    return line;
  }

  void read_line() {
    SourceCursor start = cursor_;
    LogicalLine line = take_line();
    std::string_view body = trim(line.text());
    const bool commented = body.starts_with('#');
    if (commented) body = gate_ ? commented_rule(body) : std::string_view{};
    if (body.empty()) return;
    if (gate_) {
      std::string rewritten;
      const auto wanted = gate_(body, commented, rewritten);
      if (!wanted) return;
      if (commented || wanted->data() != body.data()) {
        const auto number = line.place(0).line;
        start = SourceCursor{kept_.emplace_back(*wanted), 0, number};
        line = LogicalLine{};
        line.append(start.text, number);
        body = trim(start.text);
      }
    }
    if (body.size() > rule_length_most)
      return complain({"S0103", "the rule is longer than 1 MiB", "Split it into several rules", line.place(0)});
    if (syntax_ == Syntax::snort3) return read_snort_text(start.text, start.line);
    auto suricata = read_suricata_rule(file_, line);
    if (syntax_ == Syntax::suricata) {
      if (suricata) rules_.push_back(std::move(*suricata));
      else complain(suricata.error());
      return;
    }
    if (suricata) keep(std::move(*suricata), start);
    else try_snort(start, suricata.error());
  }

  void keep(RuleAst suricata, const SourceCursor& start) {
    const Signs signs = find_signs(suricata);
    // What neither language knows may be a string that one of them cut in two.
    if (!signs.suricata && (signs.snort3 || signs.unknown) && read_own_form(start, signs.snort3)) return;
    if (signs.suricata) ++of_suricata_;
    else open_.push_back({rules_.size(), start, signs.differs, {}});
    suricata.sure = signs.suricata;
    rules_.push_back(std::move(suricata));
  }

  // Not a line of Suricata's: a rule of Snort's, or a broken one of either.
  void try_snort(const SourceCursor& start, const Mistake& mistake) {
    if (!begins_rule(trim(start.text.substr(start.at, rule_length_most)))) return complain(mistake);
    if (!read_own_form(start, false)) open_.push_back({none, start, false, mistake});
  }

  // Reads a rule that only Snort 3 could have written, as is seen from it or known; false: it is none.
  bool read_own_form(const SourceCursor& start, bool known) {
    // What is read in vain is bounded, or a file of openings without ends would cost the square of its size.
    if (read_in_vain_ > in_vain_most) return false;
    SourceCursor ahead = start;
    const auto rule = lex_snort_rule(ahead);
    cursor_.comments_end = ahead.comments_end;
    // Of a text that the gate rewrote there is no more than itself.
    const bool further = ahead.text.data() == cursor_.text.data() && ahead.at > cursor_.at;
    const bool own = rule && (known || find_signs(*rule).snort3 || further);
    if (!own) {
      read_in_vain_ += ahead.at - start.at;
      return false;
    }
    ++of_snort_;
    if (ahead.text.data() == cursor_.text.data()) cursor_ = ahead;
    if (further) take_whole(*rule, start, ahead);
    else take(translate_snort(file_, *rule), *rule);
    return true;
  }

  // Rules of either language are read as their neighbours are.
  void settle() {
    for (const auto& open : open_) {
      SourceCursor again = open.start;
      std::expected<RuleAst, Mistake> snort = std::unexpected(Mistake{});
      if ((of_snort_ != 0 && of_suricata_ == 0) || open.mistake) snort = read_snort_rule(file_, again);
      const bool wanted = snort && of_snort_ != 0 && of_suricata_ == 0;
      if (open.mistake) {
        if (wanted) rules_.push_back(std::move(*snort));
        else complain(snort ? with_other_reading(*open.mistake) : *open.mistake);
      } else if (wanted) {
        rules_[open.rule] = std::move(*snort);
      } else if (open.differs && (of_suricata_ == 0 || of_snort_ != 0)) {
        complain({"S0108", "the rule reads as Suricata's and as Snort 3's with different meanings; read as Suricata's",
                  std::string(say_syntax), rules_[open.rule].place},
                 Severity::warning);
      }
    }
  }

  std::string_view file_;
  Syntax syntax_;
  Diagnostics& diagnostics_;
  const RuleGate& gate_;
  std::deque<std::string> kept_;  // texts that the gate gave
  SourceCursor cursor_;
  std::vector<RuleAst> rules_;
  std::vector<Open> open_;
  std::size_t of_suricata_ = 0;
  std::size_t of_snort_ = 0;
  std::size_t read_in_vain_ = 0;
};

}  // namespace

std::vector<RuleAst> parse_rules(std::string_view file, std::string_view text, Syntax syntax, Diagnostics& diagnostics,
                                 const RuleGate& gate) {
  const Syntax marked = marked_syntax(file);
  return FileReader(file, text, marked == Syntax::automatic ? syntax : marked, diagnostics, gate).read();
}

Mistake with_other_reading(Mistake mistake) {
  mistake.next_step += mistake.next_step.empty() ? "It" : "; it";
  mistake.next_step += " would do as Snort 3's. " + std::string(say_syntax);
  return mistake;
}

std::optional<RuleAst> read_again_as_snort(const RuleAst& rule) {
  SourceCursor cursor;
  cursor.text = rule.source;
  cursor.line = rule.place.line;
  cursor.line_start = 0 - std::size_t{rule.place.column - 1};  // columns count from where the rule began
  auto ast = read_snort_rule(rule.file, cursor);
  if (!ast) return std::nullopt;
  return std::move(*ast);
}

}  // namespace tocsin::rules::signature
