// SPDX-License-Identifier: Apache-2.0
#include "store/record_texts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/base64.h"
#include "base/take.h"
#include "base/utf8.h"

namespace freshet::store {
namespace {

constexpr int kMaxNested = 4;
constexpr std::array<std::string_view, 10> kEventFields{"id", "user",  "session", "item",    "type",
                                                        "ts", "value", "consent", "request", "props"};

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_structure(char c) { return std::string_view("{}[]:,").find(c) != std::string_view::npos; }

bool is_name(std::string_view text) { return std::ranges::find(kEventFields, text) != kEventFields.end(); }

/// True for what the member usually has, which is of everybody: the name of an item or type, a time, a number. An id that
/// is there by mistake, or a whole record, does not look like that.
bool is_of_everybody(std::string_view member, std::string_view text) {
  if (member == "item" || member == "type") return text.find_first_of("{}[]\"'(),;=& \t\r\n") == std::string_view::npos;
  const bool has_number = member == "ts" || member == "value" || member == "consent";
  return has_number && text.find_first_not_of("0123456789.+-:TZtzeE ") == std::string_view::npos;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      byte(0xE0 | code >> 12);
    } else {
      byte(0xF0 | code >> 18);
      byte(0x80 | (code >> 12 & 0x3F));
    }
    byte(0x80 | (code >> 6 & 0x3F));
  }
  byte(0x80 | (code & 0x3F));
}

class Scanner {
 public:
  using Visit = std::function<void(std::string_view)>;

  Scanner(std::string_view in, const Visit& visit, int nested) : rest_(in), visit_(visit), nested_(nested) {}

  void run() {
    std::string member;  // that the next text is the value of
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (is_space(c) || is_structure(c)) {
        if (c != ':' && !is_space(c)) member.clear();
        rest_.remove_prefix(1);
        continue;
      }
      std::string text = c == '"' || c == '\'' ? take_quoted() : take_bare();
      skip_spaces();
      const bool names = rest_.starts_with(':');
      if (names ? !is_name(text) : !is_of_everybody(member, text)) visit(text);
      member = names ? std::move(text) : std::string();
    }
  }

 private:
  void visit(std::string_view text) {
    visit_(text);
    if (nested_ < kMaxNested && (text.starts_with('{') || text.starts_with('['))) {
      Scanner(text, visit_, nested_ + 1).run();
    }
  }

  void skip_spaces() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }

  std::string take_bare() {
    const auto end = std::ranges::find_if(rest_, [](char c) { return is_space(c) || is_structure(c) || c == '"'; });
    std::string text(rest_.begin(), end);
    rest_.remove_prefix(text.size());
    return text;
  }

  std::string take_quoted() {
    const char quote = rest_.front();
    rest_.remove_prefix(1);
    std::string text;
    while (!rest_.empty() && rest_.front() != quote) {
      if (rest_.front() == '\\' && rest_.size() > 1) {
        take_escape(text);
      } else {
        text.push_back(rest_.front());
        rest_.remove_prefix(1);
      }
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    return text;
  }

  void take_escape(std::string& text) {
    constexpr std::string_view kNames = "bfnrt", kMeanings = "\b\f\n\r\t";
    std::uint32_t code = 0;
    if (take_unit(code)) {
      std::uint32_t low = 0;
      if (code >= 0xD800 && code < 0xDC00 && take_unit(low)) {
        if (low >= 0xDC00 && low < 0xE000) {
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        } else {
          append_utf8(text, code);
          code = low;
        }
      }
      return append_utf8(text, code);
    }
    const std::size_t known = kNames.find(rest_[1]);
    text.push_back(known == std::string_view::npos ? rest_[1] : kMeanings[known]);
    rest_.remove_prefix(2);
  }

  /// Takes \uXXXX.
  bool take_unit(std::uint32_t& code) {
    constexpr std::size_t kLength = 6;
    if (!rest_.starts_with("\\u") || rest_.size() < kLength) return false;
    const char* const digits = rest_.data() + 2;
    if (std::from_chars(digits, digits + 4, code, 16).ptr != digits + 4) return false;
    rest_.remove_prefix(kLength);
    return true;
  }

  std::string_view rest_;
  const Visit& visit_;
  const int nested_;
};

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
}

void visit_as_they_are(std::string_view part, const std::function<void(std::string_view)>& visit) {
  take_byte_order_mark(part);
  const std::size_t first = std::min(part.find_first_of("{[\"'"), part.size());
  const bool is_json = first < part.size() && std::ranges::all_of(part.substr(0, first), is_space);
  if (!is_json) visit(part);
  Scanner(part.substr(first), visit, 0).run();
}

std::string without_percent(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned char byte = 0;
    const char* const digits = text.data() + at + 1;
    if (text[at] == '%' && at + 2 < text.size() && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      plain += static_cast<char>(byte);
      at += 2;
    } else {
      plain += text[at];
    }
  }
  return plain;
}

/// Visits what is Base64 of a text. Shorter words are too often that of something by chance.
void visit_base64(std::string_view text, const std::function<void(std::string_view)>& visit) {
  constexpr std::size_t kLeast = 8;
  const auto is_digit = [](char c) { return base64_digit(c).has_value(); };
  while (!text.empty()) {
    const auto size = static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
    if (size >= kLeast) {
      const std::size_t whole = size % 4 == 1 ? size - 1 : size;  // one digit alone is of no byte
      const auto bytes = from_base64(text.substr(0, whole));
      if (bytes && is_text(*bytes)) visit_as_they_are(*bytes, visit);
    }
    text.remove_prefix(std::min(size + 1, text.size()));
  }
}

}  // namespace

std::string_view quoted(std::string_view reason) {
  const std::size_t first = reason.find('"'), last = reason.rfind('"');
  return first == last ? std::string_view() : reason.substr(first + 1, last - first - 1);
}

bool is_text(std::string_view bytes) { return std::ranges::none_of(bytes, is_control) && is_utf8(bytes); }

void visit_texts(std::string_view part, const std::function<void(std::string_view)>& visit) {
  visit_as_they_are(part, [&](std::string_view text) {
    visit(text);
    const std::string plain = without_percent(text);
    if (plain != text) visit_as_they_are(plain, visit);
    visit_base64(plain, visit);
  });
}

}  // namespace freshet::store
