// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace freshet::store {

struct FilterToken {
  enum class Kind : std::uint8_t {
    word,        ///< a name, a bare value or a keyword
    quoted,      ///< in quotes, which `text` is without
    symbol,      ///< ( ) [ ] ,
    comparison,  ///< = != < <= > >=
    end,
  };
  Kind kind = Kind::end;
  std::string text;
  std::uint32_t column = 0;  ///< in characters, from 1

  bool is_symbol(char symbol) const { return kind == Kind::symbol && text[0] == symbol; }
  /// Whether it is the keyword, which is given in capitals; case does not count.
  bool is_keyword(std::string_view keyword) const;
};

/// The tokens of a filter's text; the last one is `end`.
/// Errors: invalid: what is not UTF-8, a quote that is not closed, an operator that there is not.
Result<std::vector<FilterToken>> filter_tokens(std::string_view text);

}  // namespace freshet::store
