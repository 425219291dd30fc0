// YAML → compiled decoders. Every mistake becomes a Diagnostic with its place; the decoder or pattern is left out.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "collectors/base/text.h"
#include "collectors/log/decoder/decoder_state.h"

namespace tocsin::collectors {

namespace {

constexpr std::array<std::pair<std::string_view, EventClass>, 11> classes{
    {{"generic", EventClass::generic},
     {"authentication", EventClass::authentication},
     {"process", EventClass::process},
     {"file", EventClass::file},
     {"network", EventClass::network},
     {"http", EventClass::http},
     {"dns", EventClass::dns},
     {"tls", EventClass::tls},
     {"web", EventClass::web},
     {"audit", EventClass::audit},
     {"syslog", EventClass::syslog}}};

std::vector<std::string> texts(const YAML::Node& node) {
  std::vector<std::string> out;
  if (node.IsScalar()) out.push_back(node.Scalar());
  else
    for (const auto& item : node) out.push_back(item.as<std::string>());
  return out;
}

// For some texts (a comma where a document should begin) the library finds an empty document after the other without
// moving on, for ever. Reads nothing; throws there.
class MovesOn final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (mark.pos == last_) throw YAML::ParserException(mark, "no document begins here");
    last_ = mark.pos;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  int last_ = -1;
};

std::vector<YAML::Node> documents(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  MovesOn check;
  while (parser.HandleNextDocument(check)) {
  }
  return YAML::LoadAll(text);
}

}  // namespace

class DecoderCompiler {
 public:
  DecoderCompiler(FieldNames& names, Diagnostics& diagnostics)
      : names_(names), diagnostics_(diagnostics), set_(new DecoderSet()) {}

  void file(const DecoderSource& source) {
    file_ = source.file;
    try {
      for (const auto& document : documents(source.text))
        if (!document.IsNull()) decoder(document);
    } catch (const YAML::Exception& e) {
      refuse("D0101", e.mark, "", std::string("cannot be read: ") + e.msg);
    }
  }
  std::shared_ptr<const DecoderSet> finish() { return std::move(set_); }

 private:
  DecoderSet::State& state() { return *set_->state_; }

  void refuse(const char* code, const YAML::Mark& mark, const std::string& item, const std::string& cause) {
    diagnostics_.add({.code = code,
                      .file = file_,
                      .line = mark.line < 0 ? 0 : static_cast<std::uint32_t>(mark.line + 1),
                      .column = mark.column < 0 ? 0 : static_cast<std::uint32_t>(mark.column + 1),
                      .item = item,
                      .cause = cause,
                      .next_step = "See collectors/log/decoder/README.md for the form of a decoder file."});
  }

  // Known fields, names under a prefix of the decoder, and names listed under `native`.
  std::expected<Field, std::string> resolve(std::string_view name) {
    if (const auto known = names_.find(name); known && FieldNames::known(*known)) return *known;
    const bool own = name.starts_with(name_ + ".") || (!own_prefix_.empty() && name.starts_with(own_prefix_)) ||
                     std::ranges::find(native_, name) != native_.end();
    if (!own)
      return std::unexpected("field \"" + std::string(name) +
                             "\" is neither in etc/schema nor under native: nor begins with \"" + name_ + ".\"");
    return names_.intern(name);
  }

  std::expected<KeyTarget, std::string> target(const std::string& text) {
    // The same words as in a pattern: "{source:host}" compiled alone.
    auto pattern = compile_pattern("{" + text + "}", resolver_, [](std::string_view) { return nullptr; });
    if (!pattern) return std::unexpected(pattern.error());
    const Op& op = pattern->ops.front();
    return KeyTarget{op.field, op.host, op.meaning, op.stamp};
  }

  void require(const std::expected<void, std::string>& ok, const YAML::Node& at) {
    if (!ok) throw YAML::Exception(at.Mark(), ok.error());
  }
  template <class T>
  T require(std::expected<T, std::string> ok, const YAML::Node& at) {
    if (!ok) throw YAML::Exception(at.Mark(), ok.error());
    return std::move(*ok);
  }

  void decoder(const YAML::Node& node) {
    name_ = node["decoder"] ? node["decoder"].as<std::string>() : "";
    if (name_.empty()) return refuse("D0102", node.Mark(), "", "decoder: is missing");
    native_ = node["native"] ? texts(node["native"]) : std::vector<std::string>{};
    own_prefix_ = node["prefix"] ? node["prefix"].as<std::string>() : "";
    branches_ = 0;
    resolver_ = [this](std::string_view field) { return resolve(field); };
    try {
      for (const auto& member : node) known_key(member.first, decoder_keys);
      expressions_.clear();
      for (const auto& m : node["expressions"]) expressions_[m.first.as<std::string>()] = m.second.as<std::string>();
      auto& compiled = state().decoders.emplace_back();
      compiled.name = name_;
      keys(node, compiled);
      compiled.effects = effects(node);
      if (compiled.effects.dataset.empty()) compiled.effects.dataset = name_;
      if (node["when"]) compiled.when = conditions(node["when"]);
      if (node["carries"]) compiled.carries = node["carries"].as<bool>();
      for (const auto& rename : node["rename"])
        compiled.renames.push_back({.under = rename["under"].as<std::string>(),
                                    .to = rename["to"].as<std::string>(""),
                                    .pascal = rename["pascal"].as<bool>(false),
                                    .unescape = rename["unescape"].as<bool>(false)});
      if (node["programs"]) compiled.programs = texts(node["programs"]);
      std::vector<PatternGroup*> groups = dispatch(node, compiled);
      for (const auto& pattern : node["patterns"]) add_pattern(pattern, compiled, groups);
      samples(node);
    } catch (const YAML::Exception& e) {
      refuse("D0103", e.mark, name_, e.msg);
    }
  }

  static constexpr std::array<std::string_view, 32> decoder_keys{
      "decoder",     "doc",         "programs", "lines",   "needs",   "class",   "dataset", "set",
      "copy",        "join",        "lookup",   "drop",    "then",    "keys",    "prefix",  "keep",
      "keep_mapped", "when",        "patterns", "columns", "native",  "samples", "not",     "pairs",
      "separator",   "expressions", "family",   "time",    "extract", "nested",  "rename",  "carries"};
  static constexpr std::array<std::string_view, 14> pattern_keys{"id",     "match", "set",     "copy",  "join",
                                                                 "lookup", "drop",  "then",    "class", "dataset",
                                                                 "needs",  "time",  "extract", "nested"};

  template <std::size_t N>
  void known_key(const YAML::Node& key, const std::array<std::string_view, N>& known) {
    if (std::ranges::find(known, key.Scalar()) == known.end())
      throw YAML::Exception(key.Mark(), "unknown key \"" + key.Scalar() + "\"");
  }

  void keys(const YAML::Node& node, CompiledDecoder& compiled) {
    auto& map = compiled.keys;
    map.prefix = own_prefix_;
    if (node["keep"]) map.keep_all = node["keep"].as<bool>();
    map.keep_mapped = node["keep_mapped"] ? node["keep_mapped"].as<bool>() : map.keep_all;
    if (node["columns"]) map.columns = texts(node["columns"]);
    if (const auto pairs = node["pairs"]) {
      if (pairs["separator"]) map.separator = pairs["separator"].as<std::string>().at(0);
      if (pairs["assign"]) map.assign = pairs["assign"].as<std::string>().at(0);
    }
    const bool object = node["lines"] && node["lines"].as<std::string>() == "json";
    for (const auto& member : node["keys"])
      for (const auto& text : texts(member.second)) {
        const auto key = member.first.as<std::string>();
        const auto& added = map.targets[key].emplace_back(require(target(text), member.second));
        if (object) compiled.members.emplace_back(names_.intern(key), added);
      }
  }

  std::vector<PatternGroup*> dispatch(const YAML::Node& node, const CompiledDecoder& compiled) {
    std::vector<PatternGroup*> groups;
    if (node["programs"])
      for (const auto& program : texts(node["programs"])) {
        const bool prefix = program.ends_with('*');
        auto& group = state().programs[program];
        if (!group) {
          group = std::make_unique<PatternGroup>();
          group->owner = &compiled;
          if (prefix) state().program_prefixes.emplace_back(program.substr(0, program.size() - 1), group.get());
        }
        groups.push_back(group.get());
      }
    const auto lines = node["lines"] ? node["lines"].as<std::string>() : "";
    if (lines == "whole" || lines == "both") groups.push_back(&state().whole);
    if (lines == "message" || lines == "both") groups.push_back(&state().message);
    if (lines == "rest") groups.push_back(&state().rest);
    if (lines == "json") state().objects.push_back(&compiled);
    if (groups.empty() && lines != "json")
      throw YAML::Exception(node.Mark(), "needs programs: or lines: (whole, message, both, rest or json)");
    return groups;
  }

  void add_pattern(const YAML::Node& node, const CompiledDecoder& compiled, const std::vector<PatternGroup*>& groups) {
    try {
      for (const auto& member : node) known_key(member.first, pattern_keys);
      // One set of effects may serve several forms of a message.
      std::size_t number = 0;
      for (const auto& match : texts(node["match"])) {
        CompiledPattern pattern;
        pattern.name = node["id"] ? node["id"].as<std::string>() : "line " + std::to_string(node.Mark().line + 1);
        if (++number > 1) pattern.name += "/" + std::to_string(number);
        pattern.decoder = &compiled;
        pattern.pattern = compiled_pattern(match, node["match"]);
        pattern.effects = effects(node);
        if (node["needs"]) pattern.needs = node["needs"].as<std::string>();
        const auto* kept = &state().patterns.emplace_back(std::move(pattern));
        for (auto* group : groups) group->add(kept);
      }
    } catch (const YAML::Exception& e) {
      refuse("D0104", e.mark, name_, e.msg);
    }
  }

  Pattern compiled_pattern(const std::string& match, const YAML::Node& at) {
    const ExpressionLookup lookup = [this](std::string_view name) -> const std::string* {
      const auto found = expressions_.find(std::string(name));
      return found == expressions_.end() ? nullptr : &found->second;
    };
    return require(compile_pattern(match, resolver_, lookup), at);
  }

  Effects::Extract extract(const YAML::Node& node, int depth) {
    for (const auto& member : node)
      if (member.first.Scalar() != "from" && member.first.Scalar() != "patterns")
        throw YAML::Exception(member.first.Mark(), "unknown key \"" + member.first.Scalar() + "\"");
    Effects::Extract out;
    for (const auto& from : texts(node["from"])) out.from.push_back(names_.intern(from));
    if (out.from.empty() || !node["patterns"].IsSequence())
      throw YAML::Exception(node.Mark(), "extract: needs from: and patterns:");
    for (const auto& pattern : node["patterns"]) {
      for (const auto& member : pattern) known_key(member.first, pattern_keys);
      for (const auto& match : texts(pattern["match"]))
        out.forms.push_back({.needs = pattern["needs"] ? pattern["needs"].as<std::string>() : std::string(),
                             .pattern = compiled_pattern(match, pattern["match"]),
                             .effects = effects(pattern, depth + 1)});
    }
    return out;
  }

  Effects::Join join(const YAML::Node& to, const YAML::Node& parts) {
    Effects::Join out;
    out.to = require(resolve(to.as<std::string>()), to);
    for (const auto& part : texts(parts))
      out.parts.push_back(part.starts_with('$') ? Effects::Join::Part{names_.intern(part.substr(1)), ""}
                                                : Effects::Join::Part{Field{}, part});
    return out;
  }

  // An alias may stand inside what it names, and several of them multiply: depth and number are bounded.
  static constexpr int then_depth_most = 8;
  static constexpr int branches_most = 1024;  // of one decoder

  Effects effects(const YAML::Node& node, int depth = 0) {
    if (depth > then_depth_most || (depth > 0 && ++branches_ > branches_most))
      throw YAML::Exception(node.Mark(), "then: or extract: is nested too deeply, or has too many branches");
    Effects out;
    for (const auto& m : node["set"]) out.set.push_back({field(m.first), m.second.as<std::string>()});
    for (const auto& m : node["extract"]) out.extract.push_back(extract(m, depth));
    if (node["nested"]) out.nested = names_.intern(node["nested"].as<std::string>());
    for (const auto& m : node["join"]) out.join.push_back(join(m.first, m.second));
    for (const auto& m : node["copy"]) {
      Effects::Copy copy;
      copy.to = require(target(m.first.as<std::string>()), m.first);
      for (const auto& from : texts(m.second)) copy.from.push_back(names_.intern(from));
      out.copy.push_back(std::move(copy));
    }
    for (const auto& m : node["lookup"]) {
      Effects::Lookup lookup{.from = names_.intern(m["from"].as<std::string>()), .to = field(m["to"])};
      for (const auto& row : m["map"])
        lookup.table[lower_ascii(row.first.as<std::string>())] = row.second.as<std::string>();
      if (m["else"]) lookup.otherwise = m["else"].as<std::string>();
      out.lookup.push_back(std::move(lookup));
    }
    if (const auto time = node["time"]) {
      Effects::Moment moment;
      for (const auto& from : texts(time["from"])) moment.from.push_back(names_.intern(from));
      const auto form = parse_stamp_form(time["form"] ? time["form"].as<std::string>() : "iso");
      if (!form) throw YAML::Exception(time.Mark(), "unknown time form");
      moment.form = *form;
      out.time = std::move(moment);
    }
    if (node["drop"])
      for (const auto& name : texts(node["drop"])) out.drop.push_back(names_.intern(name));
    for (const auto& branch : node["then"])
      out.then.push_back({conditions(branch["when"]), effects(branch, depth + 1)});
    if (node["class"]) {
      const auto wanted = node["class"].as<std::string>();
      const auto found = std::ranges::find(classes, wanted, &std::pair<std::string_view, EventClass>::first);
      if (found == classes.end()) throw YAML::Exception(node["class"].Mark(), "unknown class \"" + wanted + "\"");
      out.event_class = found->second;
    }
    if (node["dataset"]) out.dataset = node["dataset"].as<std::string>();
    return out;
  }

  Field field(const YAML::Node& node) { return require(resolve(node.as<std::string>()), node); }

  std::vector<Condition> conditions(const YAML::Node& node) {
    std::vector<Condition> out;
    for (const auto& m : node) {
      Condition condition{.field = names_.intern(m.first.as<std::string>())};
      if (m.second.IsScalar() && (m.second.Scalar() == "true" || m.second.Scalar() == "false") && m.second.Tag() != "!")
        condition.present = m.second.Scalar() == "true";
      else
        for (const auto& text : texts(m.second)) condition.values.push_back(lower_ascii(text));
      out.push_back(std::move(condition));
    }
    return out;
  }

  void samples(const YAML::Node& node) {
    for (const auto& sample : node["samples"]) {
      DecoderSet::Sample out{.decoder = name_, .file = file_, .line = sample["line"].as<std::string>()};
      if (sample["program"]) out.program = sample["program"].as<std::string>();
      for (const auto& m : sample["fields"])
        out.fields.emplace_back(m.first.as<std::string>(), m.second.as<std::string>());
      state().samples.push_back(std::move(out));
    }
    for (const auto& line : node["not"])
      state().samples.push_back({.decoder = name_, .file = file_, .line = line.as<std::string>(), .must_match = false});
  }

  FieldNames& names_;
  Diagnostics& diagnostics_;
  std::shared_ptr<DecoderSet> set_;
  int branches_ = 0;
  std::string file_;
  std::string name_;
  std::string own_prefix_;
  std::vector<std::string> native_;
  FieldResolver resolver_;
  std::map<std::string, std::string> expressions_;
};

std::shared_ptr<const DecoderSet> compile_decoders(std::span<const DecoderSource> sources, FieldNames& names,
                                                   Diagnostics& diagnostics) {
  DecoderCompiler compiler(names, diagnostics);
  for (const auto& source : sources) compiler.file(source);
  return compiler.finish();
}

Result<std::vector<DecoderSource>> read_decoder_directory(const std::string& directory) {
  std::error_code error;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error))
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
  if (error) return fail_errno("cannot read decoders in " + directory, error.value());
  std::ranges::sort(paths);
  std::vector<DecoderSource> out;
  for (const auto& path : paths) {
    std::ifstream file(path);
    if (!file) return fail(Code::not_found, "cannot read " + path.string());
    std::ostringstream text;
    text << file.rdbuf();
    out.push_back({path.string(), std::move(text).str()});
  }
  return out;
}

}  // namespace tocsin::collectors
