#include "serve/http/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <memory>

namespace freshet::serve {
namespace {

namespace errc = boost::system::errc;
namespace http = boost::beast::http;

constexpr std::size_t kPiece = 64 << 10;
constexpr int kGzipOnly = 15 + 16;

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
    if (status == Z_STREAM_END && stream.avail_in == 0) {
      content.resize(used);
      return used > most ? http::error::body_limit : boost::beast::error_code();
    }
    if (status == Z_STREAM_END) {
      inflateReset(&stream);  // the next member
    } else if (status != Z_OK) {
      return make_error_code(errc::bad_message);  // Z_BUF_ERROR: it ends early
    }
  }
}

}  // namespace freshet::serve
