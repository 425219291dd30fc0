// How libhtp is set up: personality and limits as in Suricata 8's defaults.

#include <cstdlib>

#include "collectors/packet/protocol/http/session.h"

namespace tocsin::collectors {

namespace {

HttpSession* session_of(const htp_tx_t* tx) noexcept {
  return tx == nullptr ? nullptr : static_cast<HttpSession*>(htp_connp_get_user_data(tx->connp));
}

template <void (HttpSession::*handler)(htp_tx_t*)>
int on_transaction(htp_tx_t* tx) {
  if (auto* session = session_of(tx)) (session->*handler)(tx);
  return HTP_OK;
}
template <void (HttpSession::*handler)(Direction, htp_tx_t*), Direction direction>
int on_side(htp_tx_t* tx) {
  if (auto* session = session_of(tx)) (session->*handler)(direction, tx);
  return HTP_OK;
}
template <void (HttpSession::*handler)(Direction, const htp_tx_data_t&), Direction direction>
int on_data(htp_tx_data_t* data) {
  if (auto* session = session_of(data->tx)) (session->*handler)(direction, *data);
  return HTP_OK;
}
// Its list of messages grows for as long as the connection lasts: each is taken off again once it was heard.
int on_log(htp_log_t* log) {
  auto* session = static_cast<HttpSession*>(htp_connp_get_user_data(log->connp));
  if (session == nullptr || log->msg == nullptr) return HTP_OK;
  session->logged(*log);
  auto* messages = htp_connp_get_connection(log->connp)->messages;
  const std::size_t count = htp_list_size(messages);
  if (count == 0 || htp_list_get(messages, count - 1) != log) return HTP_OK;
  htp_list_pop(messages);
  if (htp_connp_get_last_error(log->connp) == log) htp_connp_clear_error(log->connp);
  std::free(const_cast<char*>(log->msg));
  std::free(log);
  return HTP_OK;
}
int decode_query(htp_tx_t* tx) {
  if (tx->parsed_uri == nullptr || tx->parsed_uri->query == nullptr) return HTP_OK;
  std::uint64_t flags = 0;
  htp_urldecode_inplace(tx->cfg, HTP_DECODER_URLENCODED, tx->parsed_uri->query, &flags);
  return HTP_OK;
}

}  // namespace

HttpConfig make_http_config(const HttpOptions& options) {
  HttpConfig config(htp_config_create());
  htp_cfg_t* c = config.get();
  if (c == nullptr) return config;
  htp_config_set_server_personality(c, HTP_SERVER_IDS);
  // The personality makes paths lower case, which no signature expects.
  htp_config_set_convert_lowercase(c, HTP_DECODER_URL_PATH, 0);
  htp_config_set_parse_request_cookies(c, 0);
  htp_config_set_parse_request_auth(c, 1);
  htp_config_set_allow_space_uri(c, 1);
  htp_config_set_plusspace_decode(c, HTP_DECODER_URLENCODED, 0);
  htp_config_set_request_decompression(c, 1);
  htp_config_set_response_decompression(c, 1);
  htp_config_set_response_decompression_layer_limit(c, options.decompression_layers);
  htp_config_set_lzma_layers(c, 0);
  htp_config_set_compression_bomb_limit(c, 1U << 20);
  // A limit in real time would make the output depend on the machine's load.
  htp_config_set_compression_time_limit(c, 1'000'000'000);
  htp_config_set_field_limits(c, 9'000, 18'000);
  htp_config_set_number_headers_limit(c, options.headers_most);
  htp_config_set_log_level(c, HTP_LOG_WARNING);
  htp_config_register_log(c, on_log);
  htp_config_set_tx_auto_destroy(c, 0);

  htp_config_register_request_uri_normalize(c, decode_query);
  htp_config_register_request_line(c, on_transaction<&HttpSession::request_line>);
  htp_config_register_request_header_data(c, on_data<&HttpSession::header_data, Direction::to_server>);
  htp_config_register_request_trailer_data(c, on_data<&HttpSession::header_data, Direction::to_server>);
  htp_config_register_request_headers(c, on_transaction<&HttpSession::request_headers>);
  htp_config_register_request_body_data(c, on_data<&HttpSession::body_data, Direction::to_server>);
  htp_config_register_request_complete(c, on_side<&HttpSession::complete, Direction::to_server>);
  htp_config_register_response_line(c, on_transaction<&HttpSession::response_line>);
  htp_config_register_response_header_data(c, on_data<&HttpSession::header_data, Direction::to_client>);
  htp_config_register_response_trailer_data(c, on_data<&HttpSession::header_data, Direction::to_client>);
  htp_config_register_response_headers(c, on_transaction<&HttpSession::response_headers>);
  htp_config_register_response_body_data(c, on_data<&HttpSession::body_data, Direction::to_client>);
  htp_config_register_response_complete(c, on_side<&HttpSession::complete, Direction::to_client>);
  return config;
}

}  // namespace tocsin::collectors
