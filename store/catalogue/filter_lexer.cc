// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/filter_lexer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"

namespace freshet::store {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kSymbols = "()[],";
constexpr std::string_view kComparisonCharacters = "=!<>&|";
constexpr std::array<std::string_view, 6> kComparisons = {"=", "!=", "<", "<=", ">", ">="};
/// What other languages call it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kForeign = {
    {{"==", "="}, {"===", "="}, {"<>", "!="}, {"=<", "<="}, {"=>", ">="}, {"!", "NOT"}, {"&&", "AND"}, {"||", "OR"}}};

bool is_in(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }
bool ends_word(char c) {
  return is_in(kSpace, c) || is_in(kSymbols, c) || is_in(kComparisonCharacters, c) || c == '"' || c == '\'';
}

std::string place(std::uint32_t column) { return "col " + std::to_string(column) + ": "; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : rest_(text) {}

  Result<FilterToken> next() {
    while (!rest_.empty() && is_in(kSpace, rest_.front())) take(1);
    FilterToken token;
    token.column = column_;
    if (rest_.empty()) return token;
    const char first = rest_.front();
    if (first == '"' || first == '\'') return quoted(std::move(token));
    if (is_in(kSymbols, first)) {
      token.kind = FilterToken::Kind::symbol;
      token.text = take(1);
      return token;
    }
    if (is_in(kComparisonCharacters, first)) return comparison(std::move(token));
    token.kind = FilterToken::Kind::word;
    token.text = take(static_cast<std::size_t>(std::ranges::find_if(rest_, ends_word) - rest_.begin()));
    return token;
  }

 private:
  std::string_view take(std::size_t bytes) {
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    column_ += static_cast<std::uint32_t>(
        std::ranges::count_if(taken, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
    return taken;
  }

  Result<FilterToken> comparison(FilterToken token) {
    const auto is_part = [](char c) { return is_in(kComparisonCharacters, c); };
    token.kind = FilterToken::Kind::comparison;
    token.text = take(static_cast<std::size_t>(std::ranges::find_if_not(rest_, is_part) - rest_.begin()));
    if (std::ranges::find(kComparisons, token.text) != kComparisons.end()) return token;
    std::string message = place(token.column) + "there is no operator \"" + token.text.substr(0, 8) + "\"";
    for (const auto& [foreign, ours] : kForeign) {
      if (foreign == token.text) message += "; use " + std::string(ours);
    }
    return Error{Errc::invalid, std::move(message)};
  }

  Result<FilterToken> quoted(FilterToken token) {
    const char quote = take(1)[0];
    token.kind = FilterToken::Kind::quoted;
    while (!rest_.empty() && rest_.front() != quote) {
      if (rest_.front() == '\\') take(1);
      if (rest_.empty()) break;
      const auto character = first_character(rest_);
      token.text += take(character ? character->bytes : 1);
    }
    if (rest_.empty()) return Error{Errc::invalid, place(token.column) + "the quote is not closed"};
    take(1);
    return token;
  }

  std::string_view rest_;
  std::uint32_t column_ = 1;
};

Result<void> check_utf8(std::string_view text) {
  std::uint32_t column = 1;
  for (; !text.empty(); ++column) {
    const auto character = first_character(text);
    if (!character) return Error{Errc::invalid, place(column) + "not valid UTF-8"};
    text.remove_prefix(character->bytes);
  }
  return {};
}

}  // namespace

bool FilterToken::is_keyword(std::string_view keyword) const {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  return kind == Kind::word && std::ranges::equal(text, keyword, {}, upper);
}

Result<std::vector<FilterToken>> filter_tokens(std::string_view text) {
  if (auto valid = check_utf8(text); !valid) return valid.error();
  Lexer lexer(text);
  std::vector<FilterToken> tokens;
  do {
    auto token = lexer.next();
    if (!token) return token.error();
    tokens.push_back(std::move(*token));
  } while (tokens.back().kind != FilterToken::Kind::end);
  return tokens;
}

}  // namespace freshet::store
