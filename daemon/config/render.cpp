#include <algorithm>

#include <fmt/format.h>

#include "collectors/base/json.h"
#include "daemon/config/config.h"
#include "daemon/config/fields.h"
#include "daemon/config/names.h"

namespace tocsin::daemon {
namespace {

constexpr auto unchecked = 0;

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);  // a JSON string is a YAML double-quoted scalar
  return out;
}

std::string scalar(const std::string& value) { return quoted(value); }
std::string scalar(const bool& value) { return value ? "true" : "false"; }
std::string scalar(const std::uint32_t& value) { return std::to_string(value); }
std::string scalar(const ByteSize& value) { return render_byte_size(value); }
std::string scalar(const Duration& value) { return value == Duration{0} ? "0" : render_duration(value); }
std::string scalar(const Network& value) { return quoted(render_network(value)); }
template <class Enum>
  requires std::is_enum_v<Enum>
std::string scalar(const Enum& value) {
  return std::string(name_of(value));
}

// Writes YAML in block style, lists of plain values in one line.
class YamlWriter {
 public:
  YamlWriter(std::string& out, int indent) : out_(out), indent_(indent) {}

  template <class T, class Check = int>
  void operator()(std::string_view key, T& value, Check = unchecked) {
    start();
    out_ += key;
    out_ += ':';
    write(value);
  }
  // The next key follows a "- " that is already written.
  void continue_line() { first_in_item_ = true; }

 private:
  void start() {
    if (!first_in_item_) out_.append(static_cast<std::size_t>(indent_), ' ');
    first_in_item_ = false;
  }
  template <class T>
  void write(T& value) {
    if constexpr (requires { scalar(value); }) {
      out_ += ' ' + scalar(value) + '\n';
    } else {
      out_ += '\n';
      YamlWriter inner(out_, indent_ + 2);
      fields(inner, value);
    }
  }
  void write(std::map<std::string, std::string>& value) {
    if (value.empty()) {
      out_ += " {}\n";
      return;
    }
    out_ += '\n';
    for (const auto& [key, text] : value)
      out_ += std::string(static_cast<std::size_t>(indent_) + 2, ' ') + quoted(key) + ": " + quoted(text) + '\n';
  }
  void write(std::map<std::string, std::vector<std::string>>& value) {
    if (value.empty()) {
      out_ += " {}\n";
      return;
    }
    out_ += '\n';
    for (auto& [key, texts] : value) {
      out_ += std::string(static_cast<std::size_t>(indent_) + 2, ' ') + quoted(key) + ":";
      write(texts);
    }
  }
  template <class T>
  void write(std::vector<T>& value) {
    if constexpr (requires(T& item) { scalar(item); }) {
      std::vector<std::string> texts;
      for (auto& item : value) texts.push_back(scalar(item));
      out_ += fmt::format(" [{}]\n", fmt::join(texts, ", "));
    } else {
      if (value.empty()) {
        out_ += " []\n";
        return;
      }
      out_ += '\n';
      for (auto& item : value) {
        out_ += std::string(static_cast<std::size_t>(indent_) + 2, ' ') + "- ";
        YamlWriter inner(out_, indent_ + 4);
        inner.continue_line();
        fields(inner, item);
      }
    }
  }

  std::string& out_;
  int indent_;
  bool first_in_item_ = false;
};

class JsonArchive {
 public:
  explicit JsonArchive(JsonWriter& json) : json_(json) {}

  template <class T, class Check = int>
  void operator()(std::string_view key, T& value, Check = unchecked) {
    json_.key(key);
    write(value);
  }

 private:
  void write(std::string& value) { json_.value(value); }
  void write(bool& value) { json_.value(value); }
  void write(std::uint32_t& value) { json_.value(value); }
  void write(ByteSize& value) { json_.value(value.bytes); }
  void write(Duration& value) { json_.value(scalar(value)); }
  void write(Network& value) { json_.value(render_network(value)); }
  void write(std::map<std::string, std::string>& value) {
    json_.begin_object();
    for (const auto& [key, text] : value) json_.member(key, text);
    json_.end_object();
  }
  void write(std::map<std::string, std::vector<std::string>>& value) {
    json_.begin_object();
    for (auto& [key, texts] : value) {
      json_.key(key);
      write(texts);
    }
    json_.end_object();
  }
  template <class T>
  void write(std::vector<T>& value) {
    json_.begin_array();
    for (auto& item : value) write(item);
    json_.end_array();
  }
  template <class T>
  void write(T& value) {
    if constexpr (std::is_enum_v<T>) {
      json_.value(name_of(value));
    } else {
      json_.begin_object();
      fields(*this, value);
      json_.end_object();
    }
  }

  JsonWriter& json_;
};

}  // namespace

std::string render_config(const Config& config) {
  std::string out;
  Config copy = config;  // the field table is written for readers and so takes mutable sections
  YamlWriter writer(out, 0);
  fields(writer, copy);
  return out;
}

std::string render_config_json(const Config& config) {
  std::string out;
  JsonWriter json(out);
  Config copy = config;
  JsonArchive archive(json);
  json.begin_object();
  fields(archive, copy);
  json.end_object();
  return out;
}

}  // namespace tocsin::daemon
