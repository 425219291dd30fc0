#include "collectors/packet/protocol/http/multipart.h"

#include <algorithm>

#include "collectors/base/text.h"

namespace tocsin::collectors {

std::optional<std::string> header_parameter(std::string_view header, std::string_view name) {
  std::size_t at = header.find(';');
  while (at != std::string_view::npos && at < header.size()) {
    ++at;
    while (at < header.size() && (header[at] == ' ' || header[at] == '\t' || header[at] == ';')) ++at;
    const std::size_t equals = header.find_first_of("=;", at);
    if (equals == std::string_view::npos) return std::nullopt;
    if (header[equals] == ';') {
      at = equals;
      continue;
    }
    const auto key = trim(header.substr(at, equals - at));
    std::string value;
    std::size_t end = equals + 1;
    while (end < header.size() && (header[end] == ' ' || header[end] == '\t')) ++end;
    if (end < header.size() && header[end] == '"') {
      for (++end; end < header.size() && header[end] != '"'; ++end) {
        // A backslash escapes a quote; before anything else it is part of a Windows path.
        if (header[end] == '\\' && end + 1 < header.size() && header[end + 1] == '"') ++end;
        value += header[end];
      }
      if (end < header.size()) ++end;
    } else {
      const std::size_t stop = std::min(header.find(';', end), header.size());
      value = trim(header.substr(end, stop - end));
      end = stop;
    }
    if (equals_ignoring_case(key, name)) return value;
    at = header.find(';', end);
  }
  return std::nullopt;
}

std::optional<std::string> Multipart::boundary_of(std::string_view content_type) {
  static constexpr std::string_view kind = "multipart/form-data";
  if (content_type.size() < kind.size() || !equals_ignoring_case(content_type.substr(0, kind.size()), kind))
    return std::nullopt;
  auto boundary = header_parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > 256) return std::nullopt;
  return boundary;
}

Multipart::Multipart(std::string_view boundary) : delimiter_("\r\n--" + std::string(boundary)) {}

void Multipart::consume(Bytes bytes, MultipartSink& sink) {
  if (state_ == State::done) return;
  buffer_.append(as_text(bytes));
  while (step(sink)) {
  }
  buffer_.erase(0, state_ == State::done ? buffer_.size() : start_);
  start_ = 0;
}

bool Multipart::step(MultipartSink& sink) {
  const std::string_view text = std::string_view(buffer_).substr(start_);
  switch (state_) {
    case State::preamble:
    case State::data: return step_data(text, sink);
    case State::after_delimiter: {
      if (text.size() < 2) return false;
      if (text.starts_with("--")) {
        state_ = State::done;
        return false;
      }
      const std::size_t end = text.find('\n');
      if (end == std::string_view::npos) {
        if (text.size() > headers_most) state_ = State::done;
        return false;
      }
      start_ += end + 1;
      state_ = State::headers;
      return true;
    }
    case State::headers: {
      const bool none = text.starts_with("\r\n");
      const std::size_t end = none ? 0 : text.find("\r\n\r\n");
      if (end == std::string_view::npos) {
        if (text.size() > headers_most) state_ = State::done;
        return false;
      }
      begin_part(text.substr(0, end), sink);
      // The line end of the empty line stays: the delimiter after an empty part begins with it.
      start_ += none ? 0 : end + 2;
      at_start_ = true;
      state_ = State::data;
      return true;
    }
    case State::done: return false;
  }
  return false;
}

bool Multipart::step_data(std::string_view text, MultipartSink& sink) {
  const auto give = [&](std::string_view data) {
    if (at_start_) {  // the line end kept in front is not data
      if (data.size() < 2) return;
      data.remove_prefix(2);
      at_start_ = false;
    }
    if (state_ != State::data || !in_file_ || data.empty()) return;
    empty_ = false;
    sink.part_data(as_bytes(data));
  };
  const std::size_t found = text.find(delimiter_);
  if (found == std::string_view::npos) {
    const std::size_t keep = delimiter_.size() - 1;
    if (text.size() > keep + (at_start_ ? 2 : 0)) {
      give(text.substr(0, text.size() - keep));
      start_ += text.size() - keep;
    }
    return false;
  }
  give(text.substr(0, found));
  at_start_ = false;
  if (state_ == State::data && in_file_) {
    if (empty_) sink.part_wrong(MultipartFault::no_data);
    sink.part_end(true);
  }
  in_file_ = false;
  start_ += found + delimiter_.size();
  state_ = State::after_delimiter;
  return true;
}

void Multipart::begin_part(std::string_view headers, MultipartSink& sink) {
  in_file_ = false;
  static constexpr std::string_view wanted = "content-disposition:";
  for (auto line : split(headers, '\n')) {
    const bool folded = line.starts_with(' ') || line.starts_with('\t');
    line = trim(line);
    if (!line.empty() && !folded && line.find(':') == std::string_view::npos)
      sink.part_wrong(MultipartFault::invalid_header);
    if (in_file_ || line.size() < wanted.size() || !equals_ignoring_case(line.substr(0, wanted.size()), wanted))
      continue;
    const auto file = header_parameter(line, "filename");
    if (!file) continue;
    in_file_ = empty_ = true;
    sink.part_begin(*file, header_parameter(line, "name").value_or(""));
  }
}

void Multipart::finish(MultipartSink& sink) {
  if (state_ == State::data && in_file_) {
    std::string_view rest = std::string_view(buffer_).substr(start_);
    if (at_start_) rest.remove_prefix(std::min<std::size_t>(2, rest.size()));
    if (!rest.empty()) sink.part_data(as_bytes(rest));
    sink.part_end(false);
  }
  in_file_ = false;
  state_ = State::done;
  buffer_.clear();
}

}  // namespace tocsin::collectors
