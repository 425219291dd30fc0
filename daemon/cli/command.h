#pragma once
// THE command table's row. Parsing, help, completion, man pages and `tocsin list commands` are all made from it.
// To add a command: a row and a handler in commands/<noun>.cpp, and the noun's function in commands/tables.cpp.

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/base/result.h"
#include "collectors/base/time.h"
#include "daemon/config/places.h"

namespace tocsin::daemon {

enum class OptionKind : std::uint8_t { flag, value, list, positional, positional_list };

struct OptionRow {
  std::string_view name;  // "since" is --since; a positional's name is shown in capitals
  OptionKind kind = OptionKind::value;
  std::string_view value;  // what it takes, e.g. "TIME"; empty for flags
  std::string_view help;
  std::string_view choices = {};  // "html|markdown"; empty: anything
  char letter = '\0';             // -k; 0: none
  bool required = false;
};

struct Example {
  std::string_view line;  // without the prompt
  std::string_view meaning;
};

// id: people see a start of it that is enough to name the thing; -o wide and --fields show all of it.
enum class Style : std::uint8_t { plain, time, severity, state, strong, faint, id };

struct Column {
  std::string_view key;  // of the row; "a.b" as --where reads it
  std::string_view title;
  Style style = Style::plain;
  bool wide = false;      // only with -o wide
  bool flexible = false;  // may be cut to fit the terminal
};

// Which names --where and --fields of a command may use.
enum class Vocabulary : std::uint8_t {
  own,     // its columns and members; with neither: anything
  events,  // those of events and alerts too, and those of products that the store has
  alerts,  // the same, and rows are alerts: the fields of their events are found in them
};

// Option groups a command takes part in.
namespace feature {
inline constexpr unsigned output = 1;         // -o --fields
inline constexpr unsigned rows = 2;           // --where --limit
inline constexpr unsigned period = 4;         // --since --until
inline constexpr unsigned follow = 8;         // --follow
inline constexpr unsigned change = 16;        // --reason (required) --dry-run --yes
inline constexpr unsigned confirm = 32;       // asks on a terminal, needs --yes elsewhere
inline constexpr unsigned single = 64;        // one row: json and yaml print the object, not a list
inline constexpr unsigned daemon = 128;       // --socket --timeout
inline constexpr unsigned store = 512;        // --store
inline constexpr unsigned config = 256;       // --config
inline constexpr unsigned signatures = 1024;  // --syntax
inline constexpr unsigned count = 2048;       // --count-by
}  // namespace feature

class CommandContext;
using CommandHandler = Result<void> (*)(CommandContext&);

struct CommandRow {
  std::string_view noun;
  std::string_view verb;  // empty: the noun alone
  std::string_view summary;
  std::span<const Example> examples;
  std::span<const OptionRow> options;
  unsigned features = 0;
  std::span<const Column> columns = {};
  CommandHandler run = nullptr;
  std::string_view details = {};
  // What rows hold besides the columns' keys; "a" stands for what is inside it too.
  std::span<const std::string_view> members = {};
  Vocabulary vocabulary = Vocabulary::own;
};

std::string full_name(const CommandRow& command);  // "incident show"

// Every command of the program, in the order help shows them. Rows are static; this only points at them.
class CommandTable {
 public:
  explicit CommandTable(std::initializer_list<std::span<const CommandRow>> groups);
  std::span<const CommandRow* const> all() const noexcept { return rows_; }
  const CommandRow* find(std::string_view noun, std::string_view verb) const noexcept;
  std::vector<std::string> nouns() const;                       // in order, once each
  std::vector<std::string> verbs(std::string_view noun) const;  // "" when the noun stands alone

 private:
  std::vector<const CommandRow*> rows_;
};

// What was given on the command line, by option name.
class Options {
 public:
  void set(std::string_view name, std::vector<std::string> values) { values_[std::string(name)] = std::move(values); }
  bool flag(std::string_view name) const { return values_.contains(name); }
  std::optional<std::string> text(std::string_view name) const;
  std::string text_or(std::string_view name, std::string_view otherwise) const;
  std::vector<std::string> list(std::string_view name) const;
  std::optional<std::uint64_t> number(std::string_view name) const;
  const std::map<std::string, std::vector<std::string>, std::less<>>& all() const noexcept { return values_; }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

class Output;

// What a handler works with. Everything outside enters here.
class CommandContext {
 public:
  const CommandTable& table;
  const CommandRow& command;
  const Options& options;
  const Places& places;
  const Clock& clock;
  Output& output;     // rows: data
  std::ostream& out;  // stdout, for text that is not rows
  std::ostream& err;  // stderr: talk
  std::istream& in;
  bool terminal = false;     // stdout is a terminal
  bool talkative = false;    // stderr is a terminal and --quiet was not given: progress may be shown
  bool interactive = false;  // stdin and stderr are a terminal: questions may be asked
  // Set when the work was done but its verdict is not "ok" (rule check with refused rules).
  int exit_status = 0;
};

}  // namespace tocsin::daemon
