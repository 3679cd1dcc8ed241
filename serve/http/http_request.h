// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

namespace freshet::serve {

/// A body as a text, to which the parser appends. Unlike Beast's string_body it makes no room for the length that the head
/// announces, which may be that of a stream.
struct TextBody {
  using value_type = std::string;

  class reader {
   public:
    template <bool is_request, typename Fields>
    reader(boost::beast::http::header<is_request, Fields>&, std::string& text) : text_(text) {}

    void init(const boost::optional<std::uint64_t>&, boost::beast::error_code& error) { error = {}; }

    template <typename Buffers>
    std::size_t put(const Buffers& buffers, boost::beast::error_code& error) {
      const std::size_t before = text_.size();
      for (const auto buffer : boost::beast::buffers_range_ref(buffers)) {
        text_.append(static_cast<const char*>(buffer.data()), buffer.size());
      }
      error = {};
      return text_.size() - before;
    }

    void finish(boost::beast::error_code& error) { error = {}; }

   private:
    std::string& text_;
  };
};

using HttpRequest = boost::beast::http::request<TextBody>;
using HttpParser = boost::beast::http::request_parser<TextBody>;

}  // namespace freshet::serve
