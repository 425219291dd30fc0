#include "responders/playbook/command/shell.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "collectors/base/base64.h"
#include "collectors/base/text.h"
#include "responders/playbook/command/scanner.h"

namespace tocsin::responders {
namespace {

constexpr std::size_t value_suffix = 6;  // ":value"

// Programs that read their arguments as code once more. Not every one there is; those an author meets.
constexpr std::array<std::string_view, 23> readers{"eval", "bash",    "sh",     "dash", "ksh",  "zsh",   "csh", "fish",
                                                   "su",   "ssh",     "watch",  "awk",  "gawk", "mawk",  "sed", "perl",
                                                   "php",  "python3", "python", "ruby", "node", "xargs", "psql"};
// The shell's own that do, where a program's name stands.
constexpr std::array<std::string_view, 13> builtins{"let",     "source",  ".",      "trap",   "alias",
                                                    "declare", "typeset", "local",  "export", "readonly",
                                                    "unset",   "read",    "mapfile"};
constexpr std::array<std::string_view, 13> keywords{"if",   "then", "elif", "else", "while",   "until",  "do",
                                                    "time", "!",    "{",    "exec", "command", "builtin"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_assignment(std::string_view word) {
  const auto equals = word.find('=');
  return equals != std::string_view::npos && equals != 0 &&
         word.substr(0, equals).find_first_of("/-\x01") == std::string_view::npos;
}

// POSIX shell and bash: IEEE 1003.1 section 2, the bash manual's "Shell Operation".
class PosixScanner final : public ShellScanner {
 public:
  using ShellScanner::ShellScanner;

 private:
  enum class Context : std::uint8_t { plain, quoted, braces, arithmetic };

  void step() override {
    switch (contexts_.back()) {
      case Context::quoted: return in_quotes();
      case Context::braces: return in_braces();
      case Context::arithmetic: return in_arithmetic();
      case Context::plain: return in_plain();
    }
  }

  void on_use() override {
    // What a substitution gives is read by whatever it stands in, so those around count too.
    for (const Context context : contexts_) {
      if (context == Context::braces) return refuse("inside ${…}, where the shell reads it again");
      if (context == Context::arithmetic) return refuse("in arithmetic, which runs what it reads");
    }
    for (const Outer& outer : outer_) {
      if (outer.names_program) return refuse("in what gives a program's name");
      if (outer.double_brackets) return refuse("inside [[ … ]]; use [ … ]");
    }
    if (contexts_.back() == Context::quoted) {
      if (word_.empty() && command_) return refuse("where the program's name stands");
      put_reference(fmt::format("${{{}}}", environment()), word_.empty() && !dashes_);
      word_ += '\x01';
      return;
    }
    if (comment_) return put_reference(std::string(), false);
    if (here_document_) return refuse("after a here-document; give it as an argument");
    if (double_brackets_) return refuse("inside [[ … ]], which reads it as a pattern or as arithmetic; use [ … ]");
    if (word_.empty() && command_) return refuse("where the program's name stands");
    if (word_.find('[') != std::string::npos) return refuse("after '[', as a subscript would be");
    put_reference(fmt::format("\"${{{}}}\"", environment()), word_.empty() && !dashes_);
    word_ += '\x01';
  }

  void on_end() override {
    end_word();
    if (reader_.empty() || uses() == 0) return;
    refuse_at(reader_offset_, fmt::format("together with \"{}\", which reads its arguments as code; let that program "
                                          "read the value from its environment",
                                          reader_));
  }

  void in_quotes() {
    if (at("\\")) return take(2), void();
    if (at("\"")) return take(1), contexts_.pop_back();
    if (at("`")) return backticks();
    expansion();
  }

  void in_braces() {
    if (at("\\")) return take(2), void();
    if (at("}")) return take(1), contexts_.pop_back();
    if (at("'")) return single(1, false);
    expansion();
  }

  void in_arithmetic() {
    if (at("))")) return take(2), contexts_.pop_back();
    expansion();
  }

  // What begins with '$', inside quotes and outside.
  void expansion() {
    if (at("$((")) return take(3), contexts_.push_back(Context::arithmetic);
    if (at("$(")) return open(2);
    if (at("${")) return take(2), contexts_.push_back(Context::braces);
    word_ += static_cast<char>(take(1));
  }

  void in_plain() {
    if (comment_) {
      if (at("\n")) comment_ = false;
      take(1);
      return;
    }
    if (at("\\")) return word_ += '\\', take(2), void();
    if (at("$'")) return single(2, true);
    if (at("'")) return single(1, false);
    if (at("\"")) return take(1), contexts_.push_back(Context::quoted);
    if (at("`")) return backticks();
    if (at("#") && word_.empty()) return comment_ = true, take(1), void();
    if (at("<<<")) return end_word(), take(3), void();
    if (at("<<")) return end_word(), here_document_ = true, take(2), void();
    if (at("<(") || at(">(")) return open(2);
    if (at("((") && word_.empty() && command_) return take(2), contexts_.push_back(Context::arithmetic);
    if (at("(")) return open(1);
    if (at(")")) return close();
    if (at(" ") || at("\t")) return end_word(), take(1), void();
    if (at(";") || at("&") || at("|") || at("\n")) return end_command();
    if (at(">") || at("<")) return end_word(), take(1), void();
    expansion();
  }

  void single(std::size_t length, bool escapes) {
    take(length);
    while (!done()) {
      if (use_here()) return refuse("inside single quotes, where the shell does not read variables; use double quotes");
      if (escapes && at("\\")) {
        take(2);
        continue;
      }
      if (at("'")) {
        take(1);
        break;
      }
      take(1);
    }
    word_ += '\x02';
  }

  void backticks() {
    take(1);
    while (!done() && !at("`")) {
      if (use_here()) return refuse("inside backticks; use $(…)");
      take(at("\\") ? 2 : 1);
    }
    take(1);
    word_ += '\x02';
  }

  struct Outer {
    std::string word, program;
    bool command, dashes, double_brackets, names_program;
  };

  void open(std::size_t length) {
    take(length);
    outer_.push_back({word_, program_, command_, dashes_, double_brackets_, length == 2 && command_ && word_.empty()});
    contexts_.push_back(Context::plain);
    word_.clear();
    program_.clear();
    command_ = true;
    dashes_ = double_brackets_ = false;
  }

  void close() {
    end_word();
    take(1);
    if (outer_.empty() || contexts_.size() < 2) return;  // of a case
    contexts_.pop_back();
    word_ = outer_.back().word + '\x02';
    program_ = outer_.back().program;
    command_ = outer_.back().command;
    dashes_ = outer_.back().dashes;
    double_brackets_ = outer_.back().double_brackets;
    outer_.pop_back();
  }

  void end_command() {
    end_word();
    take(1);
    command_ = true;
    dashes_ = false;
    program_.clear();
  }

  void end_word() {
    if (word_.empty()) return;
    const std::string_view word = word_;
    const auto slash = word.rfind('/');
    const std::string_view name = slash == std::string_view::npos ? word : word.substr(slash + 1);
    const bool names_variable = word == "-v" && (program_ == "printf" || program_ == "test" || program_ == "[");
    if (reader_.empty() && (is_one_of(readers, name) || (command_ && is_one_of(builtins, word)) || names_variable)) {
      reader_ = name;
      reader_offset_ = here() - std::min(here(), word_.size());
    }
    if (word == "--") dashes_ = true;
    if (word == "[[") double_brackets_ = true;
    if (word == "]]") double_brackets_ = false;
    if (command_ && !is_one_of(keywords, word) && !is_assignment(word)) {
      command_ = false;
      program_ = name;
    }
    word_.clear();
  }

  std::vector<Context> contexts_{Context::plain};
  std::vector<Outer> outer_;
  std::string word_;     // so far; \x01 a variable, \x02 something quoted
  std::string program_;  // of the command at hand
  std::string reader_;
  std::size_t reader_offset_ = 0;
  bool command_ = true;  // the next word is a program's name
  bool dashes_ = false;  // "--" was there: what follows is no option
  bool double_brackets_ = false, here_document_ = false, comment_ = false;
};

constexpr std::array<std::string_view, 12> powershell_readers{
    "iex", "invoke-expression", "invoke-command", "icm",         "powershell",  "powershell.exe", "pwsh",
    "cmd", "cmd.exe",           "add-type",       "invoke-item", "expandstring"};

// Windows PowerShell language, about_Quoting_Rules and about_Parsing.
class PowershellScanner final : public ShellScanner {
 public:
  using ShellScanner::ShellScanner;

 private:
  void step() override {
    if (comment_) {
      if (at("\n")) comment_ = false;
      take(1);
    } else if (at("`")) {
      take(2);
    } else if (at("@'") || at("@\"")) {
      here_string_ = true;
      take(2);
    } else if (at("\"")) {
      quoted_ = !quoted_;
      take(1);
    } else if (at("'") && !quoted_) {
      single();
    } else if (at("#") && !quoted_) {
      comment_ = true;
      take(1);
    } else if (!quoted_ && (at(" ") || at("\t") || at("\n") || at(";") || at("|") || at("(") || at("{"))) {
      end_word();
      called_ = called_ && (at(" ") || at("\t"));
      take(1);
    } else if (!quoted_ && word_.empty() && (at("&") || at(". "))) {
      called_ = true;
      take(1);
    } else {
      const char c = static_cast<char>(take(1));
      if (!quoted_) word_ += c;
    }
  }

  void on_use() override {
    if (comment_) return put_reference(std::string(), false);
    if (here_string_) return refuse("after a here-string; give it as an argument");
    if (called_) return refuse("where the program's name stands");
    put_reference(fmt::format("${{{}}}", environment()), word_.empty());
    word_ += '\x01';
  }

  void on_end() override {
    end_word();
    if (!reader_.empty() && uses() != 0)
      refuse_at(reader_offset_, fmt::format("together with \"{}\", which reads its arguments as code", reader_));
  }

  void single() {
    take(1);
    while (!done() && !at("'")) {
      if (use_here()) return refuse("inside single quotes, where variables are not read; use double quotes");
      take(1);
    }
    take(1);
    word_ += '\x02';
  }

  void end_word() {
    const std::string word = lower_ascii(word_);
    if (reader_.empty() && (is_one_of(powershell_readers, word) || word.find("scriptblock]") != std::string::npos)) {
      reader_ = word;
      reader_offset_ = here() - std::min(here(), word_.size());
    }
    if (!word_.empty()) called_ = false;
    word_.clear();
  }

  std::string word_, reader_;
  std::size_t reader_offset_ = 0;
  bool quoted_ = false, comment_ = false, here_string_ = false, called_ = false;
};

bool may_be_option(VariableType type) noexcept {
  return type == VariableType::string || type == VariableType::uri || type == VariableType::dictionary;
}

std::string octal_of(std::string_view value) {
  std::string out;
  for (const char c : value) out += fmt::format("\\{:03o}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

ShellText ShellScanner::run() {
  while (!done() && out_.unsafe.empty()) {
    if (use_here() && escaped_) refuse("after a backslash");
    else if (use_here()) on_use();
    else step();
  }
  if (out_.unsafe.empty()) on_end();
  return std::move(out_);
}

std::size_t ShellScanner::take(std::size_t length) {
  std::size_t last = 0;
  for (std::size_t i = 0; i < length && !done(); ++i) {
    escaped_ = i != 0 && use_here();
    if (escaped_) break;
    last = static_cast<unsigned char>(text_[here_]);
    out_.text += text_[here_++];
  }
  return last;
}

std::string ShellScanner::environment() const {
  const std::string& name = variables_.uses()[next_].first;
  // A hyphen is no part of a shell's name; the number keeps two such names apart.
  if (name.find('-') == std::string::npos) return name;
  return fmt::format("__value_{}__", next_);
}

void ShellScanner::put_reference(const std::string& reference, bool begins_word) {
  const std::string& name = variables_.uses()[next_].first;
  if (!reference.empty()) out_.uses.push_back({name, environment(), begins_word});
  out_.text += reference;
  here_ += name.size() + value_suffix;
  ++next_;
}

void ShellScanner::refuse_at(std::size_t offset, std::string_view where) {
  const std::string& name = variables_.uses()[std::min(next_, variables_.uses().size() - 1)].first;
  out_.unsafe = fmt::format("{} is used {}", name, where);
  out_.offset = offset;
}

ShellText compile_shell(ShellKind kind, std::string_view command) {
  if (kind == ShellKind::powershell) return PowershellScanner(command).run();
  return PosixScanner(command).run();
}

Result<std::vector<std::pair<std::string, std::string>>> shell_values(ShellKind kind, const ShellText& text,
                                                                      const Lookup& lookup) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const ShellUse& use : text.uses) {
    const Variable* variable = lookup(use.variable);
    if (variable == nullptr) return fail(Code::not_found, fmt::format("no variable {} is declared here", use.variable));
    if (!variable->value) return fail(Code::invalid, fmt::format("the variable {} has no value", use.variable));
    const std::string& value = variable->value->text;
    if (value.find('\0') != std::string::npos)
      return fail(Code::denied, fmt::format("the value of {} holds a NUL byte", use.variable));
    if (kind == ShellKind::powershell && value.find('"') != std::string::npos)
      return fail(Code::denied,
                  fmt::format("the value of {} holds a double quote, which programs of Windows read as the end of an "
                              "argument",
                              use.variable));
    if (use.begins_word && value.starts_with('-') && may_be_option(variable->type))
      return fail(Code::denied, fmt::format("the value of {} begins with '-' and would be read as an option; write -- "
                                            "before it, or give it a narrower type",
                                            use.variable));
    if (std::none_of(out.begin(), out.end(), [&](const auto& known) { return known.first == use.environment; }))
      out.emplace_back(use.environment, value);
  }
  return out;
}

std::string remote_script(ShellKind kind, const ShellText& text,
                          const std::vector<std::pair<std::string, std::string>>& values) {
  std::string out;
  for (const auto& [name, value] : values)
    if (kind == ShellKind::powershell)
      out += fmt::format("${{{}}} = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{}'))\n", name,
                         to_base64(value));
    else  // The dot keeps the newlines that $(…) would drop.
      out += fmt::format("{0}=$(printf '{1}.')\n{0}=${{{0}%.}}\nexport {0}\n", name, octal_of(value));
  out += text.text;
  out += '\n';
  return out;
}

}  // namespace tocsin::responders
