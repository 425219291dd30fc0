#include "daemon/cli/terminal.h"

#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "collectors/base/text.h"

namespace tocsin::daemon {
namespace {

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

constexpr std::array<std::string_view, 10> codes{"", "1", "2", "31", "1;31", "33", "32", "36", "34", "35"};

}  // namespace

Terminal find_terminal() {
  Terminal terminal;
  terminal.out_is_terminal = ::isatty(STDOUT_FILENO) == 1;
  terminal.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  terminal.in_is_terminal = ::isatty(STDIN_FILENO) == 1;
  const char* kind = std::getenv("TERM");
  const bool dumb = kind == nullptr || std::string_view(kind) == "dumb";
  terminal.color = (terminal.out_is_terminal && !dumb && !is_set("NO_COLOR")) || is_set("CLICOLOR_FORCE");
  winsize size{};
  if (terminal.out_is_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) terminal.width = size.ws_col;
  constexpr std::size_t width_most = 10'000;
  if (const char* columns = std::getenv("COLUMNS"); columns != nullptr && terminal.width == 0)
    if (const auto number = parse_unsigned(columns); number && *number <= width_most) terminal.width = *number;
  return terminal;
}

std::string Painter::operator()(Paint paint, std::string_view text) const {
  if (!on_ || paint == Paint::plain || text.empty()) return std::string(text);
  return "\x1b[" + std::string(codes[static_cast<std::size_t>(paint)]) + "m" + std::string(text) + "\x1b[0m";
}

Paint severity_paint(unsigned severity) noexcept {
  if (severity >= 90) return Paint::bright_red;
  if (severity >= 70) return Paint::red;
  if (severity >= 40) return Paint::yellow;
  return severity >= 20 ? Paint::cyan : Paint::faint;
}

std::string_view severity_word(unsigned severity) noexcept {
  if (severity >= 90) return "critical";
  if (severity >= 70) return "high";
  if (severity >= 40) return "medium";
  return severity >= 20 ? "low" : "info";
}

Paint state_paint(std::string_view state) noexcept {
  struct Row {
    std::string_view word;
    Paint paint;
  };
  static constexpr Row rows[] = {
      {"new", Paint::bright_red},    {"in progress", Paint::yellow}, {"contained", Paint::cyan},
      {"closed", Paint::faint},      {"ok", Paint::green},           {"active", Paint::green},
      {"running", Paint::green},     {"done", Paint::green},         {"applied", Paint::green},
      {"rehearsed", Paint::cyan},    {"failed", Paint::red},         {"refused", Paint::red},
      {"would fail", Paint::yellow}, {"missing", Paint::red},        {"degraded", Paint::yellow},
      {"waiting", Paint::yellow},    {"undone", Paint::faint},       {"off", Paint::faint},
      {"unknown", Paint::yellow},    {"loaded", Paint::green},       {"warning", Paint::yellow},
      {"error", Paint::red}};
  for (const auto& row : rows)
    if (row.word == state) return row.paint;
  return Paint::plain;
}

std::size_t display_width(std::string_view text) noexcept {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      while (i < text.size() && text[i] != 'm') ++i;
      continue;
    }
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) ++width;
  }
  return width;
}

std::string cut_to_width(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string out;
  std::size_t taken = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U && ++taken >= width) break;
    out += c;
  }
  return out + "…";
}

std::string pad_to_width(std::string text, std::size_t width) {
  const auto have = display_width(text);
  if (have < width) text.append(width - have, ' ');
  return text;
}

Pager::Pager(bool wanted) {
  if (!wanted) return;
  const char* given = std::getenv("PAGER");
  const std::string line = given != nullptr ? given : "less -FRX";
  std::vector<std::string> words;
  for (const auto word : split(line, ' '))
    if (!word.empty()) words.emplace_back(word);
  if (words.empty() || words.front() == "cat") return;
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return;
  std::cout.flush();
  child_ = ::fork();
  if (child_ == 0) {
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::setenv("LESS", "FRX", 0);
    ::setenv("LESSSECURE", "1", 1);  // no shell, editor or files from inside
    ::execvp(arguments.front(), arguments.data());
    // No pager on this machine: pass everything through.
    std::array<char, 65536> buffer{};
    ssize_t size = 0;
    while ((size = ::read(STDIN_FILENO, buffer.data(), buffer.size())) > 0)
      if (::write(STDOUT_FILENO, buffer.data(), static_cast<std::size_t>(size)) < 0) break;
    ::_exit(0);
  }
  ::close(ends[0]);
  if (child_ < 0) {
    ::close(ends[1]);
    return;
  }
  std::signal(SIGPIPE, SIG_IGN);  // the reader may leave before the end
  saved_ = ::dup(STDOUT_FILENO);
  ::dup2(ends[1], STDOUT_FILENO);
  ::close(ends[1]);
}

Pager::~Pager() {
  if (child_ < 0) return;
  std::cout.flush();
  ::dup2(saved_, STDOUT_FILENO);
  ::close(saved_);
  ::waitpid(child_, nullptr, 0);
}

}  // namespace tocsin::daemon
