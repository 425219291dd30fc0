#include "collectors/packet/protocol/http/log_event.h"

#include <array>

namespace tocsin::collectors {
namespace {

struct Row {
  std::string_view begins;
  PacketEvent of_request;
  PacketEvent of_response;
  constexpr Row(std::string_view text, PacketEvent event) : begins(text), of_request(event), of_response(event) {}
  constexpr Row(std::string_view text, PacketEvent request, PacketEvent response)
      : begins(text), of_request(request), of_response(response) {}
};

using enum PacketEvent;

// As libhtp 0.5 words them; of several that fit, the first.
constexpr std::array rows{
    Row("Already seen 100-Continue", http_100_continue_already_seen),
    Row("Ambiguous request C-L value", http_duplicate_content_length_field_in_request),
    Row("Ambiguous response C-L value", http_duplicate_content_length_field_in_response),
    Row("C-E deflate has abnormal value", http_abnormal_ce_header),
    Row("C-E gzip has abnormal value", http_abnormal_ce_header),
    Row("C-E unknown setting", http_abnormal_ce_header),
    Row("C-T multipart/byteranges in responses not supported", http_response_multipart_byteranges),
    Row("Chunked transfer-encoding on HTTP/0.9 or HTTP/1.0", http_response_chunked_old_proto),
    Row("Compression bomb:", http_compression_bomb),
    Row("GZip decompressor:", http_decompression_failed),
    Row("Invalid C-L field in response", http_invalid_content_length_field_in_response),
    Row("Invalid request field folding", http_invalid_request_field_folding),
    Row("Invalid response field folding", http_invalid_response_field_folding),
    Row("Invalid response line: invalid protocol", http_response_invalid_protocol),
    Row("Invalid response line: invalid response status", http_response_invalid_status),
    Row("LZMA decompressor: memory limit reached", http_lzma_memlimit_reached),
    Row("Repetition for header", http_request_header_repetition, http_response_header_repetition),
    Row("Request buffer over the limit", http_request_field_too_long),
    Row("Request chunk encoding: Invalid chunk length", http_invalid_request_chunk_len),
    Row("Request field invalid: colon missing", http_request_field_missing_colon),
    Row("Request field invalid", http_request_header_invalid),
    Row("Request header name is not a token", http_request_header_invalid),
    Row("Request line incomplete", http_request_line_incomplete),
    Row("Request line: URI contains non-compliant delimiter", http_uri_delim_non_compliant),
    Row("Request line: leading whitespace", http_request_line_leading_whitespace),
    Row("Request line: missing protocol", http_request_line_missing_protocol),
    Row("Request line: non-compliant delimiter between Method and URI", http_method_delim_non_compliant),
    Row("Response chunk encoding: Invalid chunk length", http_invalid_response_chunk_len),
    Row("Response field invalid: missing colon", http_response_field_missing_colon),
    Row("Response field invalid", http_response_header_invalid),
    Row("Response header name is not a token", http_response_header_invalid),
    Row("Response the buffer limit", http_response_field_too_long),
    Row("Too many request headers", http_request_too_many_headers),
    Row("Too many response content encoding layers", http_too_many_encoding_layers),
    Row("Too many response headers", http_response_too_many_headers),
    Row("Transfer-encoding has abnormal chunked value", http_response_abnormal_transfer_encoding),
    Row("Unable to match response to request", http_unable_to_match_response_to_request),
    Row("Unexpected request body", http_request_body_unexpected),
};

}  // namespace

std::optional<PacketEvent> http_log_event(std::string_view message, Direction direction) noexcept {
  for (const auto& row : rows)
    if (message.starts_with(row.begins)) return direction == Direction::to_server ? row.of_request : row.of_response;
  return std::nullopt;
}

}  // namespace tocsin::collectors
