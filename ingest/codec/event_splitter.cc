// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/event_splitter.h"

#include <algorithm>

#include "base/take.h"

namespace freshet::ingest {
namespace {

using Texts = std::vector<std::string_view>;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

Error bad_body(std::string_view what, std::size_t at) {
  return {Errc::invalid, "not JSON: " + std::string(what) + " at byte " + std::to_string(at)};
}

/// The end of the JSON value that starts at `at`, or npos if it does not end. Looks at brackets and strings only; the
/// decoder checks the rest.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  bool in_string = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') {
        ++at;
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;  // the end of the enclosing array or object
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (c == ',' || c == '\n')) {
      return at;
    }
  }
  return depth == 0 && !in_string ? text.size() : std::string_view::npos;
}

/// Adds a text. False if there are `most` already.
bool add(std::string_view text, std::size_t most, Texts& texts) {
  if (texts.size() == most) return false;
  texts.push_back(text);
  return true;
}

Error too_many(std::size_t most) { return {Errc::invalid, "more than " + std::to_string(most) + " in one request"}; }

/// "[a, b, c]", with `at` after the bracket.
Result<Texts> split_array(std::string_view body, std::size_t at, std::size_t most) {
  Texts texts;
  const auto skip_space = [&] {
    while (at < body.size() && is_space(body[at])) ++at;
  };
  skip_space();
  bool more = at == body.size() || body[at] != ']';
  if (!more) ++at;
  while (more) {
    skip_space();
    const std::size_t end = at < body.size() ? end_of_value(body, at) : std::string_view::npos;
    if (end == std::string_view::npos) return bad_body("the array does not end", body.size());
    if (end == at) return bad_body("a value is missing", at);
    if (!add(trim(body.substr(at, end - at)), most, texts)) return too_many(most);
    at = end;
    skip_space();
    if (at == body.size() || (body[at] != ',' && body[at] != ']')) return bad_body("expected ',' or ']'", at);
    more = body[at++] == ',';
  }
  skip_space();
  if (at < body.size()) return bad_body("more after the array", at);
  return texts;
}

/// True if the first line is a complete object and there are more lines. Then each line is an event, and a malformed line
/// affects no other.
bool has_object_per_line(std::string_view body, std::size_t at) {
  const std::size_t line_end = body.find('\n', at);
  if (line_end == std::string_view::npos) return false;
  const std::string_view line = trim(body.substr(at, line_end - at));
  return end_of_value(line, 0) == line.size();
}

Result<Texts> split_lines(std::string_view body, std::size_t most) {
  Texts texts;
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const std::string_view line = trim(body.substr(0, end));
    if (!line.empty() && !add(line, most, texts)) return too_many(most);
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return texts;
}

/// Objects one after another, each on one or more lines.
Result<Texts> split_sequence(std::string_view body, std::size_t at, std::size_t most) {
  Texts texts;
  while (at < body.size()) {
    const std::size_t end = end_of_value(body, at);
    if (end == std::string_view::npos) return bad_body("an object does not end", body.size());
    if (end == at) return bad_body("expected an object", at);
    if (!add(trim(body.substr(at, end - at)), most, texts)) return too_many(most);
    at = end;
    while (at < body.size() && is_space(body[at])) ++at;
  }
  return texts;
}

}  // namespace

Result<std::vector<std::string_view>> split_events(std::string_view body, std::size_t most, BodyForm form) {
  if (form == BodyForm::lines) return split_lines(body, most);
  std::string_view rest = body;  // places in errors are in the body, which is kept whole for them
  std::size_t at = take_byte_order_mark(rest);
  while (at < body.size() && is_space(body[at])) ++at;
  if (at == body.size()) return Error{Errc::invalid, "the body is empty"};
  if (body[at] == '[') return split_array(body, at + 1, most);
  if (body[at] != '{') return bad_body("expected an event object, an array of them, or NDJSON", at);
  if (has_object_per_line(body, at)) return split_lines(body.substr(at), most);
  return split_sequence(body, at, most);
}

}  // namespace freshet::ingest
