#include "rules/yara/compile.h"

#include <yara.h>

#include <mutex>

#include "rules/yara/rule_info.h"

namespace tocsin::rules::yara {
namespace {

constexpr std::array<const char*, 5> externals{"filename", "filepath", "extension", "filetype", "owner"};
// More diagnostics of one file tell nobody more.
constexpr std::size_t most_errors_per_file = 20;
constexpr std::size_t most_source_bytes = std::size_t{64} << 20;

// libyara keeps process-wide tables that its own initialisation does not guard against two threads.
void initialise_library() {
  static std::once_flag once;
  std::call_once(once, [] { yr_initialize(); });
}

struct Collector {
  const RuleSource* source = nullptr;
  std::vector<Diagnostic> found;
  std::size_t errors = 0;
};

void on_message(int level, const char*, int line, const YR_RULE* rule, const char* message, void* user) {
  auto& collector = *static_cast<Collector*>(user);
  const bool is_error = level == YARA_ERROR_LEVEL_ERROR;
  if (is_error) ++collector.errors;
  if (collector.found.size() >= most_errors_per_file) return;
  Diagnostic d;
  d.severity = is_error ? Severity::error : Severity::warning;
  d.code = is_error ? "Y0001" : "Y0002";
  d.file = collector.source->file;
  d.line = line > 0 ? static_cast<std::uint32_t>(line) : 0;
  if (rule != nullptr && rule->identifier != nullptr) d.item = rule->identifier;
  d.cause = message;
  if (is_error) d.next_step = "Correct the rule or remove the file; the other files are in use.";
  collector.found.push_back(std::move(d));
}

class Compiler {
 public:
  Compiler() {
    initialise_library();
    if (yr_compiler_create(&compiler_) != ERROR_SUCCESS) {
      compiler_ = nullptr;
      return;
    }
    yr_compiler_set_include_callback(compiler_, nullptr, nullptr, nullptr);
    for (const char* name : externals) yr_compiler_define_string_variable(compiler_, name, "");
  }
  ~Compiler() {
    if (compiler_ != nullptr) yr_compiler_destroy(compiler_);
  }
  Compiler(const Compiler&) = delete;
  Compiler& operator=(const Compiler&) = delete;

  explicit operator bool() const noexcept { return compiler_ != nullptr; }

  // False: the source has errors and this compiler must not be used again.
  bool add(const RuleSource& source, std::size_t number, Collector& collector) {
    collector.source = &source;
    yr_compiler_set_callback(compiler_, on_message, &collector);
    const std::string space = std::to_string(number);
    return yr_compiler_add_string(compiler_, source.text.c_str(), space.c_str()) == 0;
  }

  std::shared_ptr<YR_RULES> finish() {
    YR_RULES* rules = nullptr;
    if (yr_compiler_get_rules(compiler_, &rules) != ERROR_SUCCESS || rules == nullptr) return nullptr;
    return {rules, [](YR_RULES* r) { yr_rules_destroy(r); }};
  }

 private:
  YR_COMPILER* compiler_ = nullptr;
};

void refuse(Diagnostics& diagnostics, const RuleSource& source, std::string cause, std::string next_step) {
  diagnostics.add({Severity::error, "Y0003", source.file, 0, 0, {}, std::move(cause), std::move(next_step)});
}

bool presentable(const RuleSource& source, Diagnostics& diagnostics) {
  if (source.text.size() > most_source_bytes) {
    refuse(diagnostics, source, "The file is larger than 64 MiB.", "Split it.");
    return false;
  }
  if (source.text.find('\0') != std::string::npos) {
    refuse(diagnostics, source, "The file holds a zero byte, so it is not YARA source.", "Give the source text.");
    return false;
  }
  return true;
}

// Adds all of `numbers`; false as soon as one has errors (that one is then appended to `bad`).
bool add_all(Compiler& compiler, std::span<const RuleSource> sources, const std::vector<std::size_t>& numbers,
             std::vector<Diagnostic>& found) {
  for (const auto number : numbers) {
    Collector collector;
    if (!compiler.add(sources[number], number, collector)) return false;
    for (auto& d : collector.found) found.push_back(std::move(d));
  }
  return true;
}

// A compiler that met an error is spent, so each file is tried in one of its own.
std::vector<std::size_t> keep_good(std::span<const RuleSource> sources, const std::vector<std::size_t>& numbers,
                                   Diagnostics& diagnostics) {
  std::vector<std::size_t> good;
  for (const auto number : numbers) {
    Compiler trial;
    Collector collector;
    if (trial && trial.add(sources[number], number, collector)) {
      good.push_back(number);
      continue;
    }
    if (collector.errors == 0) refuse(diagnostics, sources[number], "libyara could not compile the file.", "");
    for (auto& d : collector.found) diagnostics.add(std::move(d));
  }
  return good;
}

CompiledRules describe_all(std::shared_ptr<YR_RULES> rules, std::span<const RuleSource> sources) {
  CompiledRules compiled;
  std::unordered_map<std::size_t, SourceIndex> indices;
  YR_RULE* rule = nullptr;
  yr_rules_foreach(rules.get(), rule) {
    const auto number = static_cast<std::size_t>(std::strtoull(rule->ns->name, nullptr, 10));
    RuleRef info;
    const auto& index = indices.try_emplace(number, sources[number]).first->second;
    if (!RULE_IS_PRIVATE(rule)) info = std::make_shared<const RuleInfo>(rule_info(*rule, index));
    if (info) compiled.visible.push_back(info);
    compiled.by_index.push_back(std::move(info));
  }
  compiled.rules = std::move(rules);
  return compiled;
}

}  // namespace

CompiledRules compile_sources(std::span<const RuleSource> sources, Diagnostics& diagnostics) {
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < sources.size(); ++i)
    if (presentable(sources[i], diagnostics)) numbers.push_back(i);

  // The usual case first: all are good, and one pass is enough.
  auto compiler = std::make_unique<Compiler>();
  std::vector<Diagnostic> found;
  if (*compiler && !add_all(*compiler, sources, numbers, found)) {
    found.clear();
    numbers = keep_good(sources, numbers, diagnostics);
    compiler = std::make_unique<Compiler>();
    if (*compiler && !add_all(*compiler, sources, numbers, found)) compiler.reset();
  }
  for (auto& d : found) diagnostics.add(std::move(d));
  auto rules = compiler && *compiler ? compiler->finish() : nullptr;
  if (!rules) {
    diagnostics.add({Severity::error,
                     "Y0003",
                     {},
                     0,
                     0,
                     {},
                     "libyara could not join the rules: out of memory or over a limit.",
                     "Load fewer rules."});
    return {};
  }
  return describe_all(std::move(rules), sources);
}

}  // namespace tocsin::rules::yara
