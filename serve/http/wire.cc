// SPDX-License-Identifier: Apache-2.0
#include "serve/http/wire.h"

#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <chrono>

namespace freshet::serve {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>());
constexpr std::size_t kMostIgnored = std::size_t{32} << 20;  // bytes behind a request that is not read to its end

/// Tells the client that no more data follows. TLS does so inside the stream, when it is closed.
void finish_sending(PlainStream& stream) {
  beast::error_code ignored;
  stream.shutdown(PlainStream::shutdown_send, ignored);
}
void finish_sending(TlsStream&) {}

}  // namespace

template <typename Stream>
bool Wire<Stream>::request_begins() {
  const auto begins = [this](std::string_view text) {
    return std::string_view(static_cast<const char*>(buffer_.data().data()), buffer_.size()).starts_with(text);
  };
  while (begins("\r\n")) buffer_.consume(2);
  return buffer_.size() > 1 || (buffer_.size() == 1 && !begins("\r"));
}

template <typename Stream>
Awaitable<beast::error_code> Wire<Stream>::read_more(std::size_t most) {
  most = std::min(most, buffer_.max_size() - buffer_.size());
  if (most == 0) co_return beast::http::error::buffer_overflow;  // reading 0 bytes would succeed forever
  auto [error, bytes] = co_await stream_.async_read_some(buffer_.prepare(most), kAwait);
  if (!error) buffer_.commit(bytes);
  co_return error;
}

template <typename Stream>
Awaitable<bool> Wire<Stream>::send(std::string_view message) {
  connection_.expires_after(options_.write_timeout);
  auto [error, bytes] = co_await asio::async_write(stream_, asio::buffer(message), kAwait);
  co_return !error;
}

template <typename Stream>
Awaitable<void> Wire<Stream>::ignore_the_rest() {
  finish_sending(stream_);
  std::array<char, 16384> rest;
  connection_.expires_after(std::chrono::seconds(1));
  for (std::size_t drained = 0; drained < kMostIgnored;) {
    auto [gone, bytes] = co_await stream_.async_read_some(asio::buffer(rest), kAwait);
    if (gone) break;
    drained += bytes;
  }
}

template <typename Stream>
void Wire<Stream>::shrink() {
  if (buffer_.capacity() > options_.max_header_bytes) buffer_.shrink_to_fit();
}

template class Wire<PlainStream>;
template class Wire<TlsStream>;

}  // namespace freshet::serve
