#include "daemon/app/rule_test/case_runner.h"

#include <yaml-cpp/yaml.h>

#include <array>
#include <utility>

#include "collectors/base/text.h"
#include "collectors/log/input/log_input.h"
#include "daemon/app/lanes.h"

namespace tocsin::daemon {
namespace {

constexpr Time start_of_case{std::chrono::seconds{1'795'361'400}};
constexpr std::string_view test_host = "test";

// "\xNN" and the usual escapes, written literally in the test, are one byte each.
std::string unescape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\\x") == 0 && i + 3 < text.size()) {
      if (const auto byte = parse_hex(std::string_view(text).substr(i + 2, 2))) {
        out += static_cast<char>((*byte)[0]);
        i += 3;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

// Which log source a flat event belongs to, by the names of its fields.
EventClass class_of(const YAML::Node& event) {
  static constexpr std::array<std::pair<std::string_view, EventClass>, 8> marks{{{"query", EventClass::dns},
                                                                                 {"CommandLine", EventClass::process},
                                                                                 {"Image", EventClass::process},
                                                                                 {"cs-", EventClass::web},
                                                                                 {"c-ip", EventClass::web},
                                                                                 {"c-uri", EventClass::http},
                                                                                 {"c-useragent", EventClass::http},
                                                                                 {"type", EventClass::audit}}};
  EventClass found = EventClass::authentication;
  for (const auto& pair : event)
    for (const auto& [mark, event_class] : marks)
      if (pair.first.Scalar().starts_with(mark)) found = event_class;
  for (const auto& pair : event)
    if (pair.first.Scalar() == "c-uri" || pair.first.Scalar() == "c-useragent") found = EventClass::http;
  return found;
}

std::string_view dataset_of(EventClass event_class) {
  switch (event_class) {
    case EventClass::process: return "auditd.process";
    case EventClass::web: return "nginx.access";
    case EventClass::audit: return "auditd";
    case EventClass::authentication: return "sshd";
    default: return event_class_name(event_class);
  }
}

class Records final : public collectors::RecordSink {
 public:
  void on_records(EventBatch batch) override { batches.push_back(std::move(batch)); }
  std::vector<EventBatch> batches;
};

class Ids final : public rules::AlertSink {
 public:
  void raise(rules::Alert alert) override { ids.push_back(alert.rule->id); }
  std::vector<std::string> ids;
};

std::string decode_base64(std::string_view text) {
  static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) continue;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count);
  }
  return out;
}

}  // namespace

class CaseRunner::Round {
 public:
  explicit Round(Workbench& bench)
      : bench_(bench),
        engines_(bench.engines->fresh_copy()),
        context_{bench.names, 0, 1, std::string(test_host), Exercise::no},
        events_(context_, engines_.active()) {}

  void event(const YAML::Node& fields) {
    EventBuilder builder(batch_);
    for (const auto& pair : fields) {
      const auto name = bench_.names.intern(pair.first.Scalar());
      if (!pair.second.IsSequence()) {
        builder.set_typed(name, pair.second.Scalar());
        continue;
      }
      for (const auto& item : pair.second) builder.append(name, item.Scalar());
    }
    EventHeader header;
    header.event_class = class_of(fields);
    header.dataset = dataset_of(header.event_class);
    header.host = test_host;
    header.observed = start_of_case + std::chrono::seconds{count_};
    header.id = Digest128{1, ++count_};
    builder.finish(header, {});
  }

  Result<void> lines(const std::string& text, const std::string& kind) {
    collectors::LogInputOptions options;
    options.name = "test";
    options.year = 2026;
    options.kind = collectors::parse_log_kind(kind).value_or(collectors::LogKind::automatic);
    TOCSIN_TRY(auto input, collectors::LogInput::open(source_from_memory(as_bytes(text)), std::move(options),
                                                      bench_.decoders, bench_.names));
    for (;;) {
      EventBatch batch;
      TOCSIN_TRY(const bool more, input.next(batch));
      events_.inspect(batch);
      if (!more) return {};
    }
  }

  void frames(const std::vector<ConversationFrame>& frames) {
    std::vector<std::unique_ptr<rules::Detector>> detectors;
    std::vector<collectors::Observer*> observers;
    for (auto& active : engines_.active()) {
      detectors.push_back(active.set->attach({bench_.names, 0, 1, test_host, Exercise::no}, *active.state));
      if (auto* observer = detectors.back()->observer(alerts_)) observers.push_back(observer);
    }
    Records records;
    collectors::PacketOptions options;
    options.source = options.identity = "test";
    options.host = test_host;
    collectors::PacketWorker worker(options, bench_.names, records, observers);
    std::uint64_t number = 0;
    for (const auto& frame : frames) {
      collectors::RawFrame raw;
      raw.time = frame.time;
      raw.number = ++number;
      raw.link_type = 1;
      raw.wire_length = frame.bytes.size();
      raw.bytes = frame.bytes;
      worker.process(raw);
    }
    worker.finish();
    for (const auto& batch : records.batches) events_.inspect(batch);
  }

  void file(const std::string& bytes) {
    rules::FileView view;
    view.path = view.name = "test";
    view.bytes = as_bytes(bytes);
    view.host = test_host;
    view.observed = start_of_case;
    view.id = hash128(bytes);
    events_.inspect(view);
  }

  std::vector<std::string> finish() {
    if (!batch_.empty()) events_.inspect(batch_);
    Ids ids;
    Desk desk(engines_.active(), ids);
    desk.offer(alerts_.take());
    desk.offer(events_.take_alerts());
    desk.finish();
    return ids.ids;
  }

 private:
  Workbench& bench_;
  Engines engines_;
  LaneContext context_;
  EventLane events_;
  AlertBuffer alerts_;
  EventBatch batch_;
  std::uint64_t count_ = 0;
};

Result<std::vector<std::string>> CaseRunner::run(const YAML::Node& node) {
  Round round(bench_);
  const auto port = node["dport"].as<std::uint16_t>(0);
  const auto port_or = [&](std::uint16_t otherwise) { return port == 0 ? otherwise : port; };
  if (node["event"]) {
    round.event(node["event"]);
  } else if (node["events"]) {
    for (const auto& event : node["events"]) round.event(event);
  } else if (node["line"] || node["lines"]) {
    std::string text;
    if (node["line"]) text = node["line"].Scalar() + '\n';
    for (const auto& line : node["lines"]) text += line.Scalar() + '\n';
    TOCSIN_CHECK(round.lines(text, node["kind"].as<std::string>("auto")));
  } else if (node["http"]) {
    std::vector<Said> said{{true, unescape(node["http"]["request"].as<std::string>())}};
    if (node["http"]["response"]) said.push_back({false, unescape(node["http"]["response"].as<std::string>())});
    round.frames(tcp_conversation(said, port_or(80), start_of_case));
  } else if (node["tcp"]) {
    std::vector<Said> said;
    for (const auto& part : node["tcp"])
      said.push_back({!part["to_client"],
                      unescape((part["to_client"] ? part["to_client"] : part["to_server"]).as<std::string>())});
    round.frames(tcp_conversation(said, port_or(4444), start_of_case));
  } else if (node["dns"]) {
    round.frames(udp_conversation(
        {{true, dns_query(node["dns"]["query"].as<std::string>(), node["dns"]["type"].as<std::string>("A"))}},
        port_or(53), start_of_case));
  } else if (node["tls_sni"]) {
    round.frames(
        tcp_conversation({{true, tls_client_hello(node["tls_sni"].as<std::string>())}}, port_or(443), start_of_case));
  } else if (node["bytes"]) {
    round.file(unescape(node["bytes"].as<std::string>()));
  } else if (node["base64"]) {
    round.file(decode_base64(node["base64"].as<std::string>()));
  } else {
    return fail(Code::usage, "unknown form of case; see rules/packs/README.md");
  }
  return round.finish();
}

}  // namespace tocsin::daemon
