#include "daemon/ruleset/fetch.h"

#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

#include "collectors/base/text.h"

namespace tocsin::daemon {
namespace {

struct EasyDeleter {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

struct Download {
  std::string bytes;
  std::string etag;
  std::uint64_t most = 0;
  bool too_large = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* context) {
  auto& download = *static_cast<Download*>(context);
  const std::size_t length = size * count;
  if (download.bytes.size() + length > download.most) {
    download.too_large = true;
    return 0;  // ends the transfer
  }
  download.bytes.append(data, length);
  return length;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* context) {
  auto& download = *static_cast<Download*>(context);
  const std::string_view line(data, size * count);
  // Each answer of a chain of redirects begins anew.
  if (line.starts_with("HTTP/")) download.etag.clear();
  constexpr std::string_view name = "etag:";
  constexpr std::size_t etag_most = 256;
  if (line.size() > name.size() && equals_ignoring_case(line.substr(0, name.size()), name)) {
    const auto value = trim(line.substr(name.size()));
    if (value.size() <= etag_most && escape_terminal(value) == value) download.etag = value;
  }
  return size * count;
}

Result<void> judge(CURL* easy, CURLcode code, const char* detail, const Download& download) {
  if (download.too_large)
    return fail(Code::exhausted, fmt::format("the server sends more than {} MiB", download.most >> 20));
  const std::string what = escape_terminal(*detail != '\0' ? detail : curl_easy_strerror(code));
  switch (code) {
    case CURLE_OK: break;
    case CURLE_OPERATION_TIMEDOUT: return fail(Code::timed_out, what);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_LOGIN_DENIED: return fail(Code::denied, what);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT: return fail(Code::usage, what);
    default: return fail(Code::unreachable, what);
  }
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (status == 404 || status == 410) return fail(Code::not_found, fmt::format("the server answered {}", status));
  if (status != 200 && status != 304) return fail(Code::denied, fmt::format("the server answered {}", status));
  return {};
}

}  // namespace

bool is_url(const std::string& source) { return source.starts_with("http://") || source.starts_with("https://"); }

Result<Fetched> fetch(const FetchRequest& request) {
  static constexpr long redirects_most = 5;
  const std::unique_ptr<CURL, EasyDeleter> easy(curl_easy_init());
  if (!easy) return fail(Code::exhausted, "libcurl did not start");
  char error[CURL_ERROR_SIZE] = {};
  Download download;
  download.most = request.bytes_most;
  const bool secure = request.url.starts_with("https://");
  const auto set = [&](auto option, auto value) { curl_easy_setopt(easy.get(), option, value); };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_ERRORBUFFER, error);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, redirects_most);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!request.authorities.empty()) set(CURLOPT_CAINFO, request.authorities.c_str());
  set(CURLOPT_TIMEOUT_MS,
      static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(request.patience).count()));
  set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.bytes_most));
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, &download);
  set(CURLOPT_HEADERFUNCTION, &take_header);
  set(CURLOPT_HEADERDATA, &download);
  set(CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
  std::unique_ptr<curl_slist, ListDeleter> headers;
  if (!request.etag.empty())
    headers.reset(curl_slist_append(nullptr, fmt::format("If-None-Match: {}", request.etag).c_str()));
  set(CURLOPT_HTTPHEADER, headers.get());
  const CURLcode code = curl_easy_perform(easy.get());
  download.too_large = download.too_large || code == CURLE_FILESIZE_EXCEEDED;
  TOCSIN_CHECK(judge(easy.get(), code, error, download));
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  return Fetched{std::move(download.bytes), std::move(download.etag), status == 304};
}

}  // namespace tocsin::daemon
