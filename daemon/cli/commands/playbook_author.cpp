// playbook graph and test: what an author of playbooks looks at.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "collectors/base/text.h"
#include "daemon/app/rule_files.h"
#include "daemon/cli/commands/tables.h"
#include "daemon/cli/output.h"
#include "daemon/cli/playbook_file.h"
#include "responders/action/table.h"
#include "responders/playbook/graph/graph.h"
#include "responders/playbook/run/simulate.h"

namespace tocsin::daemon {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr std::size_t file_bytes_most = 4U << 20U;

Result<responders::PlanRef> load(CommandContext& context, const fs::path& file) {
  TOCSIN_TRY(const auto given, read_playbook(file.string()));
  Diagnostics diagnostics;
  auto plan = responders::load_playbook(given.text, given.path, diagnostics);
  if (!plan)
    for (const auto& d : diagnostics.all()) context.err << render_text(d) << '\n';
  return plan;
}

Result<void> graph_playbook(CommandContext& context) {
  TOCSIN_TRY(const auto plan, load(context, context.options.text_or("playbook", "")));
  const auto graph = responders::graph_of(*plan);
  const bool svg = context.options.text_or("format", "text") == "svg";
  const std::string drawn = svg ? responders::render_svg(*plan, graph) : responders::render_text(*plan, graph);
  const auto path = context.options.text_or("file", "");
  if (path.empty()) {
    context.out << drawn;
    return {};
  }
  std::ofstream out(path, std::ios::binary);
  out << drawn;
  out.close();
  if (!out) return fail(Code::failure, "cannot write " + path + "; check that its directory exists and has room");
  context.err << "written: " << escape_terminal(path) << '\n';
  return {};
}

class Shelf final : public responders::PlaybookLibrary {
 public:
  responders::PlanRef find(std::string_view id, std::string_view version) const override {
    responders::PlanRef best;
    for (const auto& plan : plans)
      if (plan->id() == id &&
          (version.empty() ? !best || best->version() < plan->version() : plan->version() == version))
        best = plan;
    return best;
  }
  std::vector<responders::PlanRef> plans;
};

// What the folder's playbook does today, beside the file that says what it should.
struct Expectation {
  std::string file;
  std::string actual;
};

// Playbooks of the folders beside it, which this one may call. What is wrong with them is theirs to say.
void add_neighbours(Shelf& shelf, const fs::path& folder) {
  std::error_code failed;
  const auto here = fs::canonical(folder, failed);
  for (const auto& entry : fs::directory_iterator(here.parent_path(), failed)) {
    const auto text = read_file((entry.path() / "playbook.json").string(), file_bytes_most);
    Diagnostics unheard;
    if (!text || entry.path() == here) continue;
    if (auto plan = responders::load_playbook(*text, entry.path().string(), unheard))
      shelf.plans.push_back(std::move(*plan));
  }
}

Result<Expectation> simulated(CommandContext& context, const fs::path& folder, const responders::PlanRef& plan) {
  TOCSIN_TRY(const auto text, read_file((folder / "fixture.json").string(), file_bytes_most));
  auto fixture = responders::parse_fixture(text);
  if (!fixture) return std::unexpected(std::move(fixture).error().within("while reading fixture.json"));
  Shelf shelf;
  for (const auto& name : fixture->playbooks) {
    if (fs::path(name).has_parent_path()) return fail(Code::invalid, "a fixture names playbooks beside it: " + name);
    TOCSIN_TRY(auto other, load(context, folder / name));
    shelf.plans.push_back(std::move(other));
  }
  add_neighbours(shelf, folder);
  TOCSIN_TRY(const auto simulation, responders::simulate(plan, *fixture, &shelf));
  return Expectation{(folder / "trace.txt").string(), responders::render_text(simulation)};
}

Result<Expectation> rehearsed(const fs::path& folder, const responders::PlanRef& plan) {
  TOCSIN_TRY(const auto text, read_file((folder / "inputs.json").string(), file_bytes_most));
  const auto facts = responders::read_json(text);
  if (!facts.problems.empty()) return fail(Code::invalid, "inputs.json: " + facts.problems.front().cause);
  responders::Inputs inputs;
  for (const auto& member : facts.root.members) inputs.emplace_back(member.name, member.value.text);
  const auto* incident = facts.root.find("__incident__");
  responders::OfflineGateway offline;
  const ManualClock clock;
  Shelf shelf;
  add_neighbours(shelf, folder);
  TOCSIN_TRY(const auto rehearsal,
             responders::rehearse(plan, inputs, offline, clock, incident == nullptr ? "" : incident->text,
                                  responders::Marked::real, &shelf));
  return Expectation{(folder / "expected.txt").string(), responders::render_text(rehearsal)};
}

std::string first_difference(std::string_view expected, std::string_view actual) {
  const auto a = split(expected, '\n');
  const auto b = split(actual, '\n');
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const std::string_view left = i < a.size() ? a[i] : "(nothing)";
    const std::string_view right = i < b.size() ? b[i] : "(nothing)";
    if (left != right) return fmt::format("line {}: expected \"{}\", got \"{}\"", i + 1, left, right);
  }
  return {};
}

Result<void> test_folder(CommandContext& context, const fs::path& folder, bool update, std::string& difference) {
  TOCSIN_TRY(const auto plan, load(context, folder / "playbook.json"));
  std::error_code missing;
  const bool by_fixture = fs::exists(folder / "fixture.json", missing);
  if (!by_fixture && !fs::exists(folder / "inputs.json", missing))
    return fail(Code::not_found, folder.string() + " has neither fixture.json nor inputs.json beside playbook.json");
  std::vector<Expectation> results;
  if (by_fixture) {
    TOCSIN_TRY(auto simulation, simulated(context, folder, plan));
    results.push_back(std::move(simulation));
  }
  if (fs::exists(folder / "inputs.json", missing)) {
    TOCSIN_TRY(auto rehearsal, rehearsed(folder, plan));
    results.push_back(std::move(rehearsal));
  }
  for (const auto& result : results) {
    if (update) {
      std::ofstream out(result.file, std::ios::binary);
      out << result.actual;
      out.close();
      if (!out) return fail(Code::failure, "cannot write " + result.file);
      continue;
    }
    TOCSIN_TRY(const auto expected, read_file(result.file, file_bytes_most));
    difference = first_difference(expected, result.actual);
    if (!difference.empty()) {
      difference.insert(0, fs::path(result.file).filename().string() + ", ");
      break;
    }
  }
  return {};
}

// A folder of packs stands for its packs, by name.
std::vector<std::string> packs_of(const std::vector<std::string>& named) {
  std::vector<std::string> out;
  for (const auto& folder : named) {
    std::error_code error;
    std::vector<std::string> inside;
    if (!fs::exists(fs::path(folder) / "playbook.json", error))
      for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
        if (std::error_code none; fs::exists(it->path() / "playbook.json", none)) inside.push_back(it->path().string());
    std::ranges::sort(inside);
    if (inside.empty()) inside.push_back(folder);
    out.insert(out.end(), inside.begin(), inside.end());
  }
  return out;
}

Result<void> test_playbooks(CommandContext& context) {
  const auto folders = packs_of(context.options.list("folder"));
  if (folders.empty()) return fail(Code::usage, "name at least one folder with playbook.json");
  for (const auto& folder : folders) {
    std::string difference;
    const auto tested = test_folder(context, folder, context.options.flag("update"), difference);
    const std::string reason = tested ? difference : tested.error().text();
    if (!reason.empty()) context.exit_status = 1;
    if (context.output.draws())
      context.out << fmt::format("{}: {}\n", escape_terminal(folder),
                                 reason.empty() ? "as expected" : escape_terminal(reason));
    else context.output.row({{"folder", folder}, {"passed", reason.empty()}, {"reason", reason}});
  }
  return {};
}

constexpr Example graph_examples[] = {
    {"tocsin playbook graph playbook.json", "its steps, what they do and where they lead"},
    {"tocsin playbook graph playbook.json --format svg --file playbook.svg", "a picture"}};
constexpr Example test_examples[] = {
    {"tocsin playbook test playbooks/*",
     "each folder: playbook.json and fixture.json give trace.txt, inputs.json gives expected.txt"},
    {"tocsin playbook test playbooks/ssh-brute-force --update", "keep what it does today as what it should do"}};
constexpr OptionRow graph_options[] = {
    {.name = "playbook", .kind = OptionKind::positional, .value = "", .help = "playbook file", .required = true},
    {.name = "format", .kind = OptionKind::value, .value = "FORMAT", .help = "default text", .choices = "text|svg"},
    {.name = "file", .kind = OptionKind::value, .value = "FILE", .help = "write here instead of standard output"}};
constexpr OptionRow test_options[] = {
    {.name = "folder",
     .kind = OptionKind::positional_list,
     .value = "",
     .help = "folders of packs, or with playbook.json, and fixture.json (answers of people and actions), inputs.json "
             "(a rehearsal) "
             "or both"},
    {.name = "update", .kind = OptionKind::flag, .value = "", .help = "write the trace instead of comparing it"}};
constexpr Column test_columns[] = {{"folder", "FOLDER"}, {"passed", "PASSED"}, {"reason", "REASON"}};

constexpr CommandRow rows[] = {{.noun = "playbook",
                                .verb = "graph",
                                .summary = "a playbook drawn, as text or SVG",
                                .examples = graph_examples,
                                .options = graph_options,
                                .features = 0,
                                .columns = {},
                                .run = graph_playbook},
                               {.noun = "playbook",
                                .verb = "test",
                                .summary = "does a playbook do what the trace beside it says?",
                                .examples = test_examples,
                                .options = test_options,
                                .features = feature::output,
                                .columns = test_columns,
                                .run = test_playbooks}};

}  // namespace

std::span<const CommandRow> playbook_author_commands() { return rows; }

}  // namespace tocsin::daemon
