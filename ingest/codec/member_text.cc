#include "ingest/codec/member_text.h"

namespace freshet::ingest {

std::string_view member_text(std::string_view object, std::size_t index) {
  std::size_t depth = 0, member = 0, begin = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < object.size(); ++at) {
    const char c = object[at];
    if (in_string) {
      if (c == '\\') ++at;
      in_string = c != '"';
      continue;
    }
    const bool ends_member = depth == 1 && (c == ',' || c == '}');
    if (ends_member && member == index) return object.substr(begin, at - begin);
    switch (c) {
      case '"': in_string = true; break;
      case '{':
      case '[': ++depth; break;
      case '}':
      case ']': --depth; break;
      case ':':
        if (depth == 1) begin = at + 1;
        break;
      case ',':
        if (depth == 1) ++member;
        break;
      default: break;
    }
  }
  return {};
}

}  // namespace freshet::ingest
