// SPDX-License-Identifier: Apache-2.0
#include "cli/support/http_client.h"

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/url.hpp>
#include <cstdlib>
#include <optional>
#include <variant>

namespace freshet::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;

constexpr std::chrono::seconds kTimeout{30};

}  // namespace

struct HttpClient::Impl {
  using Plain = asio::ip::tcp::socket;
  using Secure = beast::ssl_stream<Plain>;

  std::string authority, host, port, api_key;
  std::optional<ssl::context> tls;  // nullopt: plain HTTP
  asio::io_context context;
  std::variant<std::monostate, Plain, Secure> connection;  // monostate: not connected
  beast::flat_buffer buffer;

  Result<Answer> exchange(http::request<http::string_body> request);
  template <typename Stream>
  beast::error_code exchange(Stream& stream, const http::request<http::string_body>& request,
                             http::response_parser<http::string_body>& response);

  /// Runs asynchronous steps to their end or to the timeout. (Beast's streams have timeouts too, but set a timer for
  /// each request.)
  template <typename Start>
  beast::error_code run(Plain& socket, Start start) {
    beast::error_code result;
    start([&](beast::error_code error, auto&&...) { result = error; });
    context.restart();
    context.run_for(kTimeout);
    if (context.stopped()) return result;
    socket.close();
    context.run();
    return beast::error::timeout;
  }

  beast::error_code connect(Plain& socket) {
    beast::error_code error;
    asio::ip::tcp::resolver resolver(context);
    const auto addresses = resolver.resolve(host, port, error);
    if (error) return error;
    error = run(socket, [&](auto done) { asio::async_connect(socket, addresses, done); });
    if (!error) socket.set_option(asio::ip::tcp::no_delay(true), error);
    return error;
  }

  beast::error_code connect(Secure& stream) {
    SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
    stream.set_verify_callback(ssl::host_name_verification(host));
    if (const auto error = connect(stream.next_layer())) return error;
    return run(stream.next_layer(), [&](auto done) { stream.async_handshake(ssl::stream_base::client, done); });
  }

  beast::error_code connect() {
    buffer.clear();
    return tls ? connect(connection.emplace<Secure>(context, *tls)) : connect(connection.emplace<Plain>(context));
  }
};

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::make(const std::string& url, Certificate certificate) {
  const auto parsed = boost::urls::parse_uri(url);
  const bool secure = parsed && parsed->scheme() == "https";
  if (!parsed || parsed->host().empty() || !(secure || parsed->scheme() == "http")) {
    return Error{Errc::invalid, "\"" + url + "\" is not of the form http://HOST:PORT or https://HOST:PORT"};
  }
  const std::string_view path = parsed->encoded_path();
  if ((!path.empty() && path != "/") || parsed->has_query() || parsed->has_fragment()) {
    return Error{Errc::invalid, "\"" + url + "\": a path is not supported; give http://HOST:PORT"};
  }
  auto impl = std::make_unique<Impl>();
  impl->authority = std::string(parsed->encoded_host_and_port());
  impl->host = parsed->host_address();
  impl->port = parsed->has_port() ? std::string(parsed->port()) : secure ? "443" : "80";
  if (secure) {
    impl->tls.emplace(ssl::context::tls_client);
    impl->tls->set_default_verify_paths();
    impl->tls->set_verify_mode(certificate == Certificate::any ? ssl::verify_none : ssl::verify_peer);
  }
  if (const char* key = std::getenv("FRESHET_API_KEY")) impl->api_key = key;
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(impl)));
}

template <typename Stream>
beast::error_code HttpClient::Impl::exchange(Stream& stream, const http::request<http::string_body>& request,
                                             http::response_parser<http::string_body>& response) {
  return run(beast::get_lowest_layer(stream), [&](auto done) {
    http::async_write(stream, request, [&, done](beast::error_code error, std::size_t) {
      if (error) return done(error);
      http::async_read(stream, buffer, response, done);
    });
  });
}

Result<HttpClient::Answer> HttpClient::Impl::exchange(http::request<http::string_body> request) {
  const auto lost = [&](const beast::error_code& error) {
    connection = std::monostate{};
    return Error{error == beast::error::timeout ? Errc::timed_out : Errc::unavailable, error.message()};
  };
  if (std::holds_alternative<std::monostate>(connection)) {
    if (const auto error = connect()) return lost(error);
  }
  request.set(http::field::host, authority);
  if (!api_key.empty()) request.set(http::field::authorization, "Bearer " + api_key);
  request.prepare_payload();
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  const auto error = tls ? exchange(std::get<Secure>(connection), request, parser)
                         : exchange(std::get<Plain>(connection), request, parser);
  if (error) return lost(error);
  http::response<http::string_body> response = parser.release();
  Answer answer{response.result_int(), std::move(response.body()), std::chrono::seconds(0)};
  answer.retry_after = std::chrono::seconds(std::atoi(std::string(response[http::field::retry_after]).c_str()));
  if (!response.keep_alive()) connection = std::monostate{};
  return answer;
}

Result<HttpClient::Answer> HttpClient::post(std::string_view target, std::string_view content_type, std::string body) {
  http::request<http::string_body> request(http::verb::post, beast::string_view(target.data(), target.size()), 11);
  request.set(http::field::content_type, beast::string_view(content_type.data(), content_type.size()));
  request.body() = std::move(body);
  return impl_->exchange(std::move(request));
}

Result<HttpClient::Answer> HttpClient::get(std::string_view target) {
  return impl_->exchange({http::verb::get, beast::string_view(target.data(), target.size()), 11});
}

}  // namespace freshet::cli
