// dataset, datarep and iprep: values that rules share among themselves and with files.
#include <algorithm>

#include "collectors/base/text.h"
#include "rules/signature/keyword/keyword.h"
#include "rules/signature/state/reputation.h"

namespace tocsin::rules::signature {
namespace {

std::unexpected<Mistake> wrong(const OptionAst& option, const std::string& what) {
  return refuse("S0385", option.name + ": " + what, "See Suricata's documentation, Datasets");
}

struct Wanted {
  std::string name;
  std::optional<DatasetType> type;
  std::string load, save, state;
  std::optional<std::uint64_t> memory;
  DatasetFormat format;
  std::string context_key;
};

std::expected<void, Mistake> read_item(const OptionAst& option, std::string_view item, Wanted& out) {
  const auto blank = item.find_first_of(" \t");
  const auto key = item.substr(0, blank);
  const auto value = blank == std::string_view::npos ? std::string_view{} : trim(item.substr(blank));
  if (key == "remove_key" && value.empty()) {
    out.format.remove_key = true;
    return {};
  }
  if (value.empty()) return wrong(option, "'" + std::string(item) + "' has no value");
  if (key == "type") {
    out.type = parse_dataset_type(value);
    if (!out.type) return wrong(option, "the type '" + std::string(value) + "' is not known");
  } else if (key == "load") out.load = value;
  else if (key == "save") out.save = value;
  else if (key == "state") out.state = value;
  else if (key == "memcap" || key == "hashsize") {
    const auto size = parse_byte_size(value);
    if (!size) return wrong(option, std::string(key) + " is not a number");
    if (key == "memcap") out.memory = *size;
  } else if (key == "format") {
    if (value == "csv") out.format.kind = DatasetFormat::Kind::plain;
    else if (value == "json") out.format.kind = DatasetFormat::Kind::json;
    else if (value == "ndjson" || value == "jsonline") out.format.kind = DatasetFormat::Kind::lines;
    else return wrong(option, "the format '" + std::string(value) + "' is not known");
  } else if (key == "context_key") out.context_key = value;
  else if (key == "value_key") out.format.value_key = value;
  else if (key == "array_key") out.format.array_key = value;
  else return wrong(option, "'" + std::string(key) + "' is not supported");
  return {};
}

// A path that a rule names stays inside the data folder.
std::optional<std::string> path_mistake(const std::string& path, const DatasetSettings& settings) {
  if (path.starts_with('/'))
    return settings.allow_absolute_paths ? std::nullopt
                                         : std::optional<std::string>("Absolute paths not allowed: " + path);
  for (const auto part : split(path, '/'))
    if (part == "..") return "Directory traversals not allowed: " + path;
  return std::nullopt;
}

std::expected<void, Mistake> check_paths(const OptionAst& option, const Wanted& wanted, const CompileContext& shared) {
  const auto& settings = shared.dataset_settings;
  if (!wanted.state.empty() && (!wanted.load.empty() || !wanted.save.empty()))
    return wrong(option, "state excludes load and save");
  const auto& written = wanted.state.empty() ? wanted.save : wanted.state;
  if (!written.empty()) {
    if (!settings.allow_write) return wrong(option, "Rules containing save/state datasets have been disabled");
    if (const auto mistake = path_mistake(written, settings)) return wrong(option, *mistake);
  }
  if (wanted.format.kind != DatasetFormat::Kind::plain) {
    if (wanted.format.value_key.empty() || wanted.context_key.empty())
      return wrong(option, "a JSON data set needs value_key and context_key");
    if (!written.empty()) return wrong(option, "a JSON data set cannot be saved");
  }
  return {};
}

std::expected<std::shared_ptr<Dataset>, Mistake> make_set(RuleBuilder& rule, const OptionAst& option,
                                                          const Wanted& wanted, bool reputation) {
  auto& shared = rule.shared();
  const auto& settings = shared.dataset_settings;
  if (!wanted.type) return wrong(option, "the data set '" + wanted.name + "' has no type");
  auto set = std::make_shared<Dataset>(wanted.name, *wanted.type, wanted.memory.value_or(settings.memory_most));
  set->with_reputation = reputation;
  set->format = wanted.format;
  set->load_path = wanted.load;
  set->save_path = wanted.state.empty() ? wanted.save : wanted.state;
  std::string source = wanted.load;
  bool needed = true;
  if (!wanted.state.empty()) {
    source = settings.directory.empty() ? std::string{} : settings.directory + "/" + wanted.state;
    if (wanted.state.starts_with('/')) source = wanted.state;
    needed = false;  // made on the first end
  }
  if (!source.empty()) {
    if (!shared.read_data) return wrong(option, "there is nobody to read " + source);
    auto text = shared.read_data(rule.info.file, source);
    if (!text && needed) return wrong(option, text.error().message);
    if (text)
      if (auto done = set->load(*text, wanted.format, reputation); !done)
        return wrong(option, source + ": " + done.error());
  }
  shared.datasets.emplace(wanted.name, set);
  return set;
}

std::expected<std::shared_ptr<Dataset>, Mistake> find_or_make(RuleBuilder& rule, const OptionAst& option,
                                                              Wanted& wanted, bool reputation) {
  auto& shared = rule.shared();
  if (auto done = check_paths(option, wanted, shared); !done) return std::unexpected(std::move(done.error()));
  const auto found = shared.datasets.find(wanted.name);
  if (found != shared.datasets.end()) {
    const auto& set = found->second;
    if (wanted.type && *wanted.type != set->type())
      return wrong(option, "the data set '" + wanted.name + "' is of type " +
                               std::string(dataset_type_name(set->type())) + " already");
    if (reputation != set->with_reputation)
      return wrong(option, "the data set '" + wanted.name + "' cannot serve dataset and datarep");
    if (!wanted.load.empty() && wanted.load != set->load_path)
      return wrong(option, "the data set '" + wanted.name + "' is loaded from another file already");
    return set;
  }
  const auto declared = shared.dataset_settings.declared.find(wanted.name);
  if (declared != shared.dataset_settings.declared.end()) {
    const auto& said = declared->second;
    if (!wanted.type) wanted.type = parse_dataset_type(said.type);
    if (wanted.load.empty() && wanted.state.empty()) {
      wanted.load = said.load;
      wanted.state = said.state;
      if (wanted.save.empty()) wanted.save = said.save;
    }
  }
  return make_set(rule, option, wanted, reputation);
}

Outcome add(RuleBuilder& rule, const OptionAst& option, DatasetTest test) {
  if (!rule.selected()) return wrong(option, "follows no sticky buffer");
  test.text = option.name + ":" + option.value;
  rule.add(std::move(test));
  return {};
}

}  // namespace

// dataset:isset,name,type string,load file
Outcome read_dataset(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto items = split_items(option.value);
  DatasetTest test;
  using Operation = DatasetTest::Operation;
  if (items[0] == "isset") test.operation = Operation::isset;
  else if (items[0] == "isnotset") test.operation = Operation::isnotset;
  else if (items[0] == "set") test.operation = Operation::set;
  else if (items[0] == "unset") test.operation = Operation::unset;
  else return wrong(option, "the operation must be set, unset, isset or isnotset");
  if (items.size() < 2 || items[1].empty()) return wrong(option, "needs operation, name");
  Wanted wanted;
  wanted.name = std::string(items[1]);
  for (std::size_t i = 2; i < items.size(); ++i)
    if (auto done = read_item(option, items[i], wanted); !done) return done;
  auto set = find_or_make(rule, option, wanted, false);
  if (!set) return std::unexpected(std::move(set.error()));
  const bool changes = test.operation == Operation::set || test.operation == Operation::unset;
  if (changes && (*set)->format.kind != DatasetFormat::Kind::plain)
    return wrong(option, "a JSON data set cannot be changed by rules");
  if (changes) (*set)->will_change();
  test.set = std::move(*set);
  test.context_key = std::move(wanted.context_key);
  return add(rule, option, std::move(test));
}

// datarep:name,>,200,load file,type string
Outcome read_datarep(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto items = split_items(option.value);
  if (items.size() < 3 || items[0].empty()) return wrong(option, "needs name, comparison, number");
  const auto range = parse_range(std::string(items[1] == "==" ? "=" : items[1]) + std::string(items[2]));
  if (!range || range->low < 0 || range->low > 0xFFFF) return wrong(option, "the comparison is not understood");
  Wanted wanted;
  wanted.name = std::string(items[0]);
  for (std::size_t i = 3; i < items.size(); ++i)
    if (auto done = read_item(option, items[i], wanted); !done) return done;
  auto set = find_or_make(rule, option, wanted, true);
  if (!set) return std::unexpected(std::move(set.error()));
  DatasetTest test;
  test.operation = DatasetTest::Operation::reputation;
  test.set = std::move(*set);
  test.range = *range;
  return add(rule, option, std::move(test));
}

// iprep:any,CnC,>,100  iprep:src,CnC,isset
Outcome read_iprep(RuleBuilder& rule, const OptionAst& option, const KeywordRow&) {
  const auto items = split_items(option.value);
  if (items.size() < 3 || items.size() > 4) return wrong(option, "needs side, category, comparison, score");
  PacketTest test;
  test.kind = PacketTest::Kind::reputation;
  test.text = option.name + ":" + option.value;
  ReputationSide side = ReputationSide::any;
  if (items[0] == "src") side = ReputationSide::source;
  else if (items[0] == "dst") side = ReputationSide::destination;
  else if (items[0] == "both") side = ReputationSide::both;
  else if (items[0] != "any") return wrong(option, "the side must be any, src, dst or both");
  test.mode = static_cast<std::uint8_t>(side);
  const auto& known = rule.shared().reputation;
  const auto category = known ? known->category(items[1]) : std::nullopt;
  if (!category) return wrong(option, "the category '" + std::string(items[1]) + "' is not known");
  test.flags = *category;
  auto question = ReputationQuestion::score;
  if (items.size() == 3 && items[2] == "isset") question = ReputationQuestion::isset;
  else if (items.size() == 3 && items[2] == "isnotset") question = ReputationQuestion::isnotset;
  else if (items.size() == 3) return wrong(option, "the comparison needs a score");
  test.ignored = static_cast<std::uint8_t>(question);
  if (question == ReputationQuestion::score) {
    const auto range = parse_range(std::string(items[2]) + std::string(items[3]));
    if (!range || range->low < 0 || range->low > 127) return wrong(option, "the score must be 0-127");
    test.range = *range;
  }
  test.reputation = known;
  rule.signature.packet_tests.push_back(std::move(test));
  return {};
}

// ip.src and ip.dst: the packet's addresses in their 4 or 16 bytes.
Outcome read_address_buffer(RuleBuilder& rule, const OptionAst& option, const KeywordRow& row) {
  if (option.has_value && !option.value.empty())
    return refuse("S0360", "'" + option.name + "' takes no value", "Remove the value");
  rule.select(static_cast<Source>(row.argument), collectors::Buffer::none, collectors::BufferSide::both, false);
  return {};
}

}  // namespace tocsin::rules::signature
