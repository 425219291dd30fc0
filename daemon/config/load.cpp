#include <algorithm>
#include <optional>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "collectors/base/text.h"
#include "daemon/config/config.h"
#include "daemon/config/fields.h"
#include "daemon/config/names.h"
#include "daemon/config/nearest.h"
#include "daemon/config/yaml_tree.h"

namespace tocsin::daemon {
namespace {

struct Place {
  std::string_view file;
  Diagnostics* diagnostics;

  void complain(const YamlNode& at, std::string code, std::string item, std::string cause, std::string next) const {
    Diagnostic d;
    d.code = std::move(code);
    d.file = file;
    d.line = at.line;
    d.column = at.column;
    d.item = std::move(item);
    d.cause = std::move(cause);
    d.next_step = std::move(next);
    diagnostics->add(std::move(d));
  }
};

// Reads the members of one map into a section; whatever nobody asked for is an unknown key.
class Reader {
 public:
  Reader(const YamlNode& node, std::string path, const Place& place)
      : node_(node), path_(std::move(path)), place_(place), used_(node.members.size(), false) {
    if (node.kind != YamlKind::map && node.kind != YamlKind::null)
      place_.complain(node, "C0003", path_, title() + " must be a map of keys", "write `key: value` lines, indented");
  }

  template <class T>
  void operator()(std::string_view key, T& value) {
    if (const auto* found = take(key)) read(*found, child(key), value);
  }
  template <class T, class Check>
  void operator()(std::string_view key, T& value, Check valid) {
    const auto* found = take(key);
    if (found == nullptr) {
      if (required_ && !valid(value).empty())
        place_.complain(node_, "C0006", child(key), fmt::format("{} needs the key `{}`", title(), key), "add it here");
      return;
    }
    const auto before = place_.diagnostics->errors();
    read(*found, child(key), value);
    const std::string_view complaint = valid(value);
    if (place_.diagnostics->errors() == before && !complaint.empty())
      place_.complain(*found, "C0004", child(key), fmt::format("`{}` {}", child(key), complaint),
                      "give another value, or leave the key out for the default");
  }
  void require() { required_ = true; }

  void finish() {
    for (std::size_t i = 0; i < node_.members.size(); ++i) {
      if (used_[i]) continue;
      const auto& key = node_.members[i].key;
      const auto close = nearest(key.text, known_);
      std::string next = close.empty() ? "known here: " + fmt::format("{}", fmt::join(known_, ", "))
                                       : fmt::format("did you mean `{}`?", close);
      place_.complain(key, "C0002", child(key.text), fmt::format("unknown key `{}` in {}", key.text, title()),
                      std::move(next));
    }
  }

 private:
  std::string title() const { return path_.empty() ? "the configuration" : "`" + path_ + "`"; }
  std::string child(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  }

  const YamlNode* take(std::string_view key) {
    known_.emplace_back(key);
    const YamlNode* found = nullptr;
    for (std::size_t i = 0; i < node_.members.size(); ++i) {
      const auto& member = node_.members[i];
      if (member.key.text != key) continue;
      used_[i] = true;
      if (found != nullptr)
        place_.complain(member.key, "C0005", child(key), fmt::format("`{}` is given twice", child(key)),
                        "keep one of the two");
      else found = &member.value;
    }
    return found;
  }

  void wrong(const YamlNode& node, const std::string& path, std::string_view wanted, std::string_view example) const {
    const std::string what = node.kind == YamlKind::scalar ? "`" + node.text + "`"
                             : node.kind == YamlKind::map  ? "a map"
                             : node.kind == YamlKind::null ? "nothing"
                                                           : "a list";
    place_.complain(node, "C0003", path, fmt::format("`{}` must be {}, not {}", path, wanted, what),
                    fmt::format("for example {}", example));
  }

  template <class T, class Parse>
  void scalar(const YamlNode& node, const std::string& path, T& value, Parse parse, std::string_view wanted,
              std::string_view example) {
    if (node.kind == YamlKind::scalar)
      if (auto parsed = parse(node.text)) {
        value = static_cast<T>(*parsed);
        return;
      }
    wrong(node, path, wanted, example);
  }

  void read(const YamlNode& node, const std::string& path, std::string& value) {
    if (node.kind == YamlKind::null) value.clear();
    else if (node.kind == YamlKind::scalar) value = node.text;
    else wrong(node, path, "text", "\"web01\"");
  }
  void read(const YamlNode& node, const std::string& path, bool& value) {
    const auto parse = [](const std::string& text) -> std::optional<bool> {
      for (const auto* yes : {"true", "yes", "on"})
        if (equals_ignoring_case(text, yes)) return true;
      for (const auto* no : {"false", "no", "off"})
        if (equals_ignoring_case(text, no)) return false;
      return std::nullopt;
    };
    scalar(node, path, value, parse, "true or false", "true");
  }
  void read(const YamlNode& node, const std::string& path, std::uint32_t& value) {
    const auto parse = [](const std::string& text) -> std::optional<std::uint64_t> {
      const auto number = parse_unsigned(text);
      return number && *number <= UINT32_MAX ? number : std::nullopt;
    };
    scalar(node, path, value, parse, "a whole number", "16");
  }
  void read(const YamlNode& node, const std::string& path, ByteSize& value) {
    const auto parse = [](const std::string& text) -> std::optional<ByteSize> {
      const auto bytes = parse_byte_size(text);
      return bytes ? std::optional(ByteSize{*bytes}) : std::nullopt;
    };
    scalar(node, path, value, parse, "a size in bytes", "256MiB");
  }
  void read(const YamlNode& node, const std::string& path, Duration& value) {
    const auto parse = [](const std::string& text) -> std::optional<Duration> {
      return text == "0" ? std::optional(Duration{0}) : parse_duration(text);
    };
    scalar(node, path, value, parse, "a length of time", "90s, 30m, 12h or 30d");
  }
  void read(const YamlNode& node, const std::string& path, Network& value) {
    const auto parse = [](const std::string& text) { return parse_network(text, HostBits::refuse); };
    scalar(node, path, value, parse, "a network without host bits", "10.0.0.0/8");
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void read(const YamlNode& node, const std::string& path, Enum& value) {
    const auto names = names_for(value);
    const auto found = std::ranges::find(names, std::string_view(node.text));
    if (node.kind == YamlKind::scalar && found != names.end()) value = static_cast<Enum>(found - names.begin());
    else wrong(node, path, fmt::format("one of {}", fmt::join(names, ", ")), names.front());
  }
  void read(const YamlNode& node, const std::string& path, std::map<std::string, std::string>& value) {
    if (node.kind != YamlKind::map && node.kind != YamlKind::null)
      return wrong(node, path, "a map of names to texts", "HTTP_PORTS: \"[80,8080]\"");
    value.clear();
    for (const auto& member : node.members) {
      if (member.value.kind == YamlKind::sequence || member.value.kind == YamlKind::map)
        wrong(member.value, path + "." + member.key.text, "text", "\"[80,8080]\" with its quotes");
      else if (!value.emplace(member.key.text, member.value.text).second)
        place_.complain(member.key, "C0005", path, fmt::format("`{}` is given twice", member.key.text),
                        "keep one of the two");
    }
  }
  void read(const YamlNode& node, const std::string& path, std::map<std::string, std::vector<std::string>>& value) {
    if (node.kind != YamlKind::map && node.kind != YamlKind::null)
      return wrong(node, path, "a map of names to lists", "Administrators: [\"alice\", \"bob\"]");
    value.clear();
    for (const auto& member : node.members) {
      const auto [place, is_new] = value.try_emplace(member.key.text);
      if (is_new) read(member.value, path + "." + member.key.text, place->second);
      else
        place_.complain(member.key, "C0005", path, fmt::format("`{}` is given twice", member.key.text),
                        "keep one of the two");
    }
  }
  template <class T>
  void read(const YamlNode& node, const std::string& path, std::vector<T>& value) {
    if (node.kind != YamlKind::sequence && node.kind != YamlKind::null)
      return wrong(node, path, "a list", "[a, b] or one `- item` line each");
    value.clear();
    for (std::size_t i = 0; i < node.items.size(); ++i)
      read_item(node.items[i], fmt::format("{}[{}]", path, i), value.emplace_back());
  }
  template <class T>
  void read_item(const YamlNode& node, const std::string& path, T& value) {
    if constexpr (std::is_class_v<T> && requires(Reader& r) { fields(r, value); }) {
      Reader inner(node, path, place_);
      inner.require();
      fields(inner, value);
      inner.finish();
    } else {
      read(node, path, value);
    }
  }
  template <class Section>
    requires std::is_class_v<Section>
  void read(const YamlNode& node, const std::string& path, Section& section) {
    Reader inner(node, path, place_);
    fields(inner, section);
    inner.finish();
  }

  const YamlNode& node_;
  std::string path_;
  const Place& place_;
  std::vector<bool> used_;
  std::vector<std::string> known_;
  bool required_ = false;  // items of lists have no defaults to fall back on
};

}  // namespace

Result<Config> load_config(std::string_view text, std::string_view file, Diagnostics& diagnostics) {
  const auto before = diagnostics.errors();
  Config config;
  config.file = file;
  YamlNode root;
  const Place place{file, &diagnostics};
  if (parse_yaml(text, file, root, diagnostics)) {
    Reader reader(root, {}, place);
    fields(reader, config);
    reader.finish();
  }
  const auto errors = diagnostics.errors() - before;
  if (errors == 0) return config;
  return fail(Code::invalid,
              fmt::format("{} has {} mistake{}; correct the place{} named and run `tocsin config check {}`", file,
                          errors, errors == 1 ? "" : "s", errors == 1 ? "" : "s", file));
}

}  // namespace tocsin::daemon
