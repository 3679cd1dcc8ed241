// SPDX-License-Identifier: Apache-2.0
#include "base/json_text.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/hex.h"

namespace freshet {
namespace {

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escape(std::string& out, char c) {
  switch (c) {
    case '\b': out += "\\b"; break;
    case '\f': out += "\\f"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    case '"':
    case '\\':
      out += '\\';
      out += c;
      break;
    default: out += "\\u00" + to_hex({&c, 1});
  }
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const auto plain = static_cast<std::size_t>(std::ranges::find_if(text, needs_escape) - text.begin());
    out += text.substr(0, plain);
    if (plain == text.size()) break;
    append_escape(out, text[plain]);
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

std::optional<std::string> repeated_member(std::string_view json, std::string (*decode)(std::string_view name)) {
  std::vector<std::set<std::string>> open;  // the members so far, of each open object; none of an array
  for (std::size_t at = 0; at < json.size(); ++at) {
    if (json[at] == '{' || json[at] == '[') open.emplace_back();
    if (json[at] == '}' || json[at] == ']') open.pop_back();
    if (json[at] != '"') continue;
    const std::size_t begin = at;
    for (++at; json[at] != '"'; ++at) at += json[at] == '\\' ? 1 : 0;
    const std::size_t next = json.find_first_not_of(" \t\r\n", at + 1);
    if (next == std::string_view::npos || json[next] != ':') continue;
    std::string name = decode(json.substr(begin, at + 1 - begin));
    if (!open.back().insert(name).second) return name;
  }
  return std::nullopt;
}

}  // namespace freshet
