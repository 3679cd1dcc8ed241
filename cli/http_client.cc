#include "cli/http_client.h"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/url.hpp>
#include <cstdlib>

namespace freshet::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::chrono::seconds kTimeout{30};

}  // namespace

struct HttpClient::Impl {
  std::string host, port, api_key;
  asio::io_context context;
  std::unique_ptr<beast::tcp_stream> stream;
  beast::flat_buffer buffer;

  Result<Answer> exchange(http::request<http::string_body> request);

  /// Runs one asynchronous step to its end, so that the stream's timeout applies.
  template <typename Start>
  beast::error_code run(Start start) {
    beast::error_code result;
    start([&](beast::error_code error, auto&&...) { result = error; });
    context.restart();
    context.run();
    return result;
  }

  beast::error_code connect() {
    stream = std::make_unique<beast::tcp_stream>(context);
    buffer.clear();
    beast::error_code error;
    asio::ip::tcp::resolver resolver(context);
    const auto addresses = resolver.resolve(host, port, error);
    if (error) return error;
    stream->expires_after(kTimeout);
    error = run([&](auto done) { stream->async_connect(addresses, done); });
    if (!error) stream->socket().set_option(asio::ip::tcp::no_delay(true), error);
    return error;
  }
};

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::make(const std::string& url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed || parsed->scheme() != "http" || parsed->host().empty()) {
    return Error{Errc::invalid, "\"" + url + "\" is not of the form http://HOST:PORT"};
  }
  auto impl = std::make_unique<Impl>();
  impl->host = parsed->host_address();
  impl->port = parsed->has_port() ? std::string(parsed->port()) : "80";
  if (const char* key = std::getenv("FRESHET_API_KEY")) impl->api_key = key;
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(impl)));
}

Result<HttpClient::Answer> HttpClient::Impl::exchange(http::request<http::string_body> request) {
  const auto lost = [&](const beast::error_code& error) {
    stream.reset();
    return Error{error == beast::error::timeout ? Errc::timed_out : Errc::unavailable, error.message()};
  };
  if (!stream) {
    if (const auto error = connect()) return lost(error);
  }
  request.set(http::field::host, host + ":" + port);
  if (!api_key.empty()) request.set(http::field::authorization, "Bearer " + api_key);
  request.prepare_payload();
  stream->expires_after(kTimeout);
  if (const auto error = run([&](auto done) { http::async_write(*stream, request, done); })) return lost(error);
  http::response<http::string_body> response;
  if (const auto error = run([&](auto done) { http::async_read(*stream, buffer, response, done); })) return lost(error);
  Answer answer{response.result_int(), std::move(response.body()), std::chrono::seconds(0)};
  answer.retry_after = std::chrono::seconds(std::atoi(std::string(response[http::field::retry_after]).c_str()));
  if (!response.keep_alive()) stream.reset();
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
