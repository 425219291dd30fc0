// ECS fields of an HTTP request and its answer.

#include "collectors/base/text.h"
#include "collectors/event/field_table.h"
#include "collectors/packet/protocol/http/authentication.h"
#include "collectors/packet/protocol/http/transaction.h"

namespace tocsin::collectors {

namespace {

std::string_view mime_type(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

// Senders may state whole paths of either kind.
std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.find_last_of("/\\");
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

void HttpTransaction::fill(EventBuilder& builder) const {
  const HttpSide& request = side(Direction::to_server);
  const HttpSide& response = side(Direction::to_client);
  const auto text = [&](Field field, std::string_view value) {
    if (!value.empty()) builder.set(field, value);
  };
  const auto header = [&](Field field, const HttpSide& from, std::string_view name) {
    if (const auto* found = from.find(name)) text(field, found->value);
  };
  text(field::http_request_method, method);
  const std::string& version = request.protocol.empty() ? response.protocol : request.protocol;
  if (version.starts_with("HTTP/")) text(field::http_version, std::string_view(version).substr(5));
  text(field::url_original, uri_raw);
  text(field::url_domain, host);
  if (port > 0) builder.set(field::url_port, static_cast<std::uint64_t>(port));
  const std::size_t mark = uri.find('?');
  text(field::url_path, std::string_view(uri).substr(0, mark));
  if (mark != std::string::npos) text(field::url_query, std::string_view(uri).substr(mark + 1));
  const std::size_t slash = path.rfind('/');
  const std::size_t dot = path.rfind('.');
  if (dot != std::string::npos && (slash == std::string::npos || dot > slash) && path.size() - dot <= 16)
    text(field::url_extension, std::string_view(path).substr(dot + 1));
  if (!host.empty() && uri_raw.starts_with('/')) {
    builder.set(field::url_scheme, "http");
    text(field::url_full, "http://" + (host_raw.empty() ? host : host_raw) + uri_raw);
  } else if (uri_raw.find("://") != std::string::npos) {
    text(field::url_full, uri_raw);
  }
  header(field::user_agent_original, request, "User-Agent");
  header(field::http_request_referrer, request, "Referer");
  if (const auto* type = request.find("Content-Type")) text(field::http_request_mime_type, mime_type(type->value));
  if (request.body_size != 0) builder.set(field::http_request_body_bytes, request.body_size);
  if (status != 0) builder.set(field::http_response_status_code, std::uint64_t{status});
  if (const auto* type = response.find("Content-Type")) text(field::http_response_mime_type, mime_type(type->value));
  if (response.progress != 0) builder.set(field::http_response_body_bytes, response.body_size);
  if (const auto logon = http_logon(*this)) logon->fill(builder);
  // An upload's name says more than that of the page which answers it.
  const auto& files = request.files.empty() ? response.files : request.files;
  if (!files.empty()) text(field::file_name, base_name(files.front().name));
}

}  // namespace tocsin::collectors
