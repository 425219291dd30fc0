// POSIX shell and bash: IEEE 1003.1 section 2, the bash manual's "Shell Operation".
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "responders/playbook/command/scanner.h"

namespace tocsin::responders {
namespace {

// Programs that read their arguments or their input as code once more. Not every one there is; those an author meets.
// A version after the name ("python3.11") is not part of it.
constexpr std::array<std::string_view, 37> readers{
    "eval",   "bash",    "sh",   "dash",  "ksh",    "zsh",  "csh",  "tcsh",  "fish",     "busybox",
    "su",     "runuser", "ssh",  "watch", "awk",    "gawk", "mawk", "sed",   "perl",     "php",
    "python", "ruby",    "node", "lua",   "tclsh",  "m4",   "gdb",  "xargs", "parallel", "flock",
    "socat",  "crontab", "psql", "mysql", "sqlite", "vi",   "vim"};
// Programs that join their arguments to a text of their own language; a value of a narrow type cannot end its place
// there.
constexpr std::array<std::string_view, 4> languages{"nft", "iptables-restore", "ip6tables-restore", "jq"};
// Programs that run the program their arguments name.
constexpr std::array<std::string_view, 14> launchers{"sudo",   "doas",    "env",     "nohup",      "timeout",
                                                     "nice",   "ionice",  "setsid",  "chroot",     "stdbuf",
                                                     "strace", "unshare", "nsenter", "systemd-run"};
// Their options that take the next word.
constexpr std::array<std::string_view, 8> launcher_arguments{"-u", "-g", "-s", "-k", "-C", "-p", "-r", "-t"};
constexpr std::array<std::string_view, 3> find_runs{"-exec", "-execdir", "-ok"};
// The shell's own that do, and programs with everyday names: only where a program's name stands.
constexpr std::array<std::string_view, 20> builtins{
    "let",   "source", ".",       "trap", "alias", "declare", "typeset", "local",  "export", "readonly",
    "unset", "read",   "mapfile", "at",   "batch", "ed",      "ex",      "expect", "make",   "script"};
constexpr std::array<std::string_view, 13> keywords{"if",   "then", "elif", "else", "while",   "until",  "do",
                                                    "time", "!",    "{",    "exec", "command", "builtin"};
// Variables whose value the shell, the loader or a program it starts runs or searches programs by.
constexpr std::array<std::string_view, 10> commanding{"PATH",           "IFS",   "ENV",    "BASH_ENV", "PS4",
                                                      "PROMPT_COMMAND", "SHELL", "EDITOR", "VISUAL",   "PAGER"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_assignment(std::string_view word) {
  const auto equals = word.find('=');
  return equals != std::string_view::npos && equals != 0 &&
         word.substr(0, equals).find_first_of("/-\x01") == std::string_view::npos;
}

bool commands_by(std::string_view word) {
  const std::string_view name = word.substr(0, word.find('='));
  return is_assignment(word) && (is_one_of(commanding, name) || name.starts_with("LD_") || name.starts_with("GIT_"));
}

bool is_number(std::string_view word) { return word.find_first_not_of("0123456789.smhd") == std::string_view::npos; }

// "python" of "/usr/bin/python3.11".
std::string_view program_name(std::string_view word) {
  const auto slash = word.rfind('/');
  std::string_view name = slash == std::string_view::npos ? word : word.substr(slash + 1);
  const auto end = name.find_last_not_of("0123456789.-");
  return name == "." || end == std::string_view::npos ? name : name.substr(0, end + 1);
}

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
    if (commands_by(word_)) return refuse("as the value of a variable that decides what is run");
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
    if (language_) keep_narrow();
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
    bool command, dashes, double_brackets, launched, argument, names_program;
  };

  void open(std::size_t length) {
    take(length);
    outer_.push_back({word_, program_, command_, dashes_, double_brackets_, launched_, argument_,
                      length == 2 && command_ && word_.empty()});
    contexts_.push_back(Context::plain);
    word_.clear();
    program_.clear();
    command_ = true;
    dashes_ = double_brackets_ = launched_ = argument_ = false;
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
    launched_ = outer_.back().launched;
    argument_ = outer_.back().argument;
    outer_.pop_back();
  }

  void end_command() {
    end_word();
    take(1);
    command_ = true;
    dashes_ = launched_ = argument_ = false;
    program_.clear();
  }

  void end_word() {
    if (word_.empty()) return;
    const std::string_view word = word_;
    const std::string_view name = program_name(word);
    const bool names_variable = word == "-v" && (program_ == "printf" || program_ == "test" || program_ == "[");
    if (reader_.empty() && (is_one_of(readers, name) || (command_ && is_one_of(builtins, name)) || names_variable ||
                            word.starts_with("--split-string="))) {
      reader_ = name;
      reader_offset_ = here() - std::min(here(), word_.size());
    }
    if (is_one_of(languages, name)) language_ = true;
    if (word == "--") dashes_ = true;
    if (word == "[[") double_brackets_ = true;
    if (word == "]]") double_brackets_ = false;
    if (program_ == "find" && is_one_of(find_runs, word)) command_ = true;
    else if (command_) end_command_word(word, name);
    word_.clear();
  }

  // A word where the program's name may stand.
  void end_command_word(std::string_view word, std::string_view name) {
    if (is_one_of(keywords, word) || is_assignment(word)) return;
    if (is_one_of(launchers, name)) {
      launched_ = true;
      return;
    }
    if (launched_ && argument_) {
      argument_ = false;
      return;
    }
    if (launched_ && (word.starts_with('-') || is_number(word))) {
      argument_ = is_one_of(launcher_arguments, word);
      return;
    }
    command_ = launched_ = argument_ = false;
    program_ = name;
  }

  std::vector<Context> contexts_{Context::plain};
  std::vector<Outer> outer_;
  std::string word_;     // so far; \x01 a variable, \x02 something quoted
  std::string program_;  // of the command at hand
  std::string reader_;
  std::size_t reader_offset_ = 0;
  bool command_ = true;                       // the next word is a program's name
  bool launched_ = false, argument_ = false;  // after "sudo", whose last option takes the next word
  bool language_ = false;
  bool dashes_ = false;  // "--" was there: what follows is no option
  bool double_brackets_ = false, here_document_ = false, comment_ = false;
};

}  // namespace

ShellText compile_posix(std::string_view command) { return PosixScanner(command).run(); }

}  // namespace tocsin::responders
