#include "store/record_texts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/take.h"

namespace freshet::store {
namespace {

constexpr int kMaxNested = 4;
constexpr std::array<std::string_view, 5> kOfEverybody{"item", "type", "ts", "value", "consent"};

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_structure(char c) { return std::string_view("{}[]:,").find(c) != std::string_view::npos; }

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
  Scanner(std::string_view in, const TextVisitor& visitor, int nested)
      : rest_(in), visitor_(visitor), nested_(nested) {}

  void run() {
    std::string member;
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (is_space(c) || is_structure(c)) {
        if (c == '{' || c == '}') member.clear();
        rest_.remove_prefix(1);
        continue;
      }
      std::string text = c == '"' || c == '\'' ? take_quoted() : take_bare();
      skip_spaces();
      if (rest_.starts_with(':')) {
        member = std::move(text);
      } else if (std::ranges::find(kOfEverybody, member) == kOfEverybody.end()) {
        visit(text);
      }
    }
  }

 private:
  void visit(std::string_view text) {
    visitor_.text(text);
    if (nested_ < kMaxNested && (text.starts_with('{') || text.starts_with('['))) {
      Scanner(text, visitor_, nested_ + 1).run();
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
  const TextVisitor& visitor_;
  const int nested_;
};

}  // namespace

void visit_texts(std::string_view value, const TextVisitor& visitor) {
  take_byte_order_mark(value);
  const auto first = std::ranges::find_if_not(value, is_space);
  if (first != value.end() && std::string_view("{[\"'").find(*first) != std::string_view::npos) {
    Scanner(value, visitor, 0).run();
  } else {
    visitor.prose(value);
  }
}

}  // namespace freshet::store
