// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace freshet::ingest {

/// The texts of the values in an object. A parser's values do not say how a number was spelled, or which members were
/// repeated.
/// Cost: the object is read once, as far as is asked.
class MemberTexts {
 public:
  /// REQUIRES: `object` is one valid JSON object
  explicit MemberTexts(std::string_view object) : object_(object) {}

  /// The text of the value of the member `index`, in the order in which they are written.
  /// REQUIRES: the object has this member, and no later one has been asked for
  std::string_view at(std::size_t index);

 private:
  std::string_view object_;
  std::size_t at_ = 0, depth_ = 0, member_ = 0, begin_ = 0;
};

}  // namespace freshet::ingest
