// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/member_texts.h"

namespace freshet::ingest {

std::string_view MemberTexts::at(std::size_t index) {
  bool in_string = false;  // not where a call ends
  for (; at_ < object_.size(); ++at_) {
    const char c = object_[at_];
    if (in_string) {
      if (c == '\\') ++at_;
      in_string = c != '"';
      continue;
    }
    const bool ends_member = depth_ == 1 && (c == ',' || c == '}');
    if (ends_member && member_ == index) return object_.substr(begin_, at_ - begin_);
    switch (c) {
      case '"': in_string = true; break;
      case '{':
      case '[': ++depth_; break;
      case '}':
      case ']': --depth_; break;
      case ':':
        if (depth_ == 1) begin_ = at_ + 1;
        break;
      case ',':
        if (depth_ == 1) ++member_;
        break;
      default: break;
    }
  }
  return {};
}

}  // namespace freshet::ingest
