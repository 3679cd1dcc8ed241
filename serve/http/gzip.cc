// SPDX-License-Identifier: Apache-2.0
#include "serve/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <limits>
#include <memory>

namespace freshet::serve {
namespace {

namespace errc = boost::system::errc;
namespace http = boost::beast::http;

constexpr std::size_t kPiece = 64 << 10;
constexpr int kGzipOnly = 15 + 16;
constexpr int kMemoryLevel = 8;  // zlib's default

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

}  // namespace

boost::beast::error_code gunzip(std::string_view body, std::size_t most,
                                const std::function<bool(std::size_t)>& has_room, std::string& content) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return make_error_code(errc::not_enough_memory);
  const std::unique_ptr<z_stream, EndInflate> end(&stream);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  content.clear();
  for (std::size_t used = 0;;) {
    if (used == content.size()) {
      if (used > most) return http::error::body_limit;
      const std::size_t size = std::min(used + kPiece, most + 1);
      if (!has_room(size)) return make_error_code(errc::not_enough_memory);
      content.resize(size);
    }
    stream.next_out = reinterpret_cast<Bytef*>(content.data() + used);
    stream.avail_out = static_cast<uInt>(content.size() - used);
    const int status = inflate(&stream, Z_NO_FLUSH);
    used = content.size() - stream.avail_out;
    if (status != Z_OK && status != Z_STREAM_END) return make_error_code(errc::bad_message);  // Z_BUF_ERROR: ends early
    if (status == Z_OK) continue;
    for (; stream.avail_in > 0 && *stream.next_in == 0; --stream.avail_in) ++stream.next_in;
    if (stream.avail_in == 0) {
      content.resize(used);
      return used > most ? http::error::body_limit : boost::beast::error_code();
    }
    inflateReset(&stream);  // the next member
  }
}

struct GzipEncoder::Stream {
  z_stream zlib{};
  bool usable = deflateInit2(&zlib, Z_BEST_SPEED, Z_DEFLATED, kGzipOnly, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK;

  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { deflateEnd(&zlib); }
};

GzipEncoder::GzipEncoder() = default;
GzipEncoder::~GzipEncoder() = default;

std::optional<std::string> GzipEncoder::encode(std::string_view content) {
  if (content.size() < 2 || content.size() > std::numeric_limits<uInt>::max()) return std::nullopt;
  if (!stream_) {
    stream_ = std::make_unique<Stream>();
  } else {
    deflateReset(&stream_->zlib);
  }
  if (!stream_->usable) {
    stream_.reset();
    return std::nullopt;
  }
  z_stream& zlib = stream_->zlib;
  std::string encoded(content.size() - 1, '\0');
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  zlib.avail_in = static_cast<uInt>(content.size());
  zlib.next_out = reinterpret_cast<Bytef*>(encoded.data());
  zlib.avail_out = static_cast<uInt>(encoded.size());
  if (deflate(&zlib, Z_FINISH) != Z_STREAM_END) return std::nullopt;
  encoded.resize(encoded.size() - zlib.avail_out);
  return encoded;
}

}  // namespace freshet::serve
