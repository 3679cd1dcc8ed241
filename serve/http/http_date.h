// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ctime>
#include <string>
#include <string_view>

namespace freshet::serve {

/// The value of the field Date (RFC 9110 5.6.7), written anew once a second.
/// Threads: one.
class HttpDate {
 public:
  /// "Sun, 06 Nov 1994 08:49:37 GMT". The view is valid until the next call.
  std::string_view at(std::time_t now);

 private:
  std::time_t second_ = -1;
  std::string text_;
};

}  // namespace freshet::serve
