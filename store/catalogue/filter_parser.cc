// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/filter_parser.h"

#include <utility>
#include <vector>

#include "store/catalogue/filter_lexer.h"

namespace freshet::store {
namespace {

using Kind = FilterToken::Kind;

/// Recursive descent: OR, AND, NOT, then a comparison or parentheses.
class Parser {
 public:
  Parser(std::vector<FilterToken> tokens, const std::string& path, FilterBudget& budget)
      : tokens_(std::move(tokens)), path_(path), budget_(budget) {}

  Result<FilterNode> filter() {
    if (token().kind == Kind::end) return FilterNode{};
    auto node = any(0);
    if (!node) return node;
    if (token().kind == Kind::end) return node;
    return wrong(token().is_symbol(')') ? "there is no \"(\" for this \")\"" : "expected AND or OR before " + shown());
  }

 private:
  const FilterToken& token(std::size_t ahead = 0) const { return tokens_[std::min(next_ + ahead, tokens_.size() - 1)]; }
  FilterToken take() { return std::move(tokens_[std::min(next_++, tokens_.size() - 1)]); }
  bool take_keyword(std::string_view keyword) {
    const bool there = token().is_keyword(keyword);
    if (there) ++next_;
    return there;
  }

  std::string shown() const {
    if (token().kind == Kind::end) return "the end";
    constexpr std::size_t kShown = 32;
    return token().text.size() > kShown ? "a value" : '"' + token().text + '"';
  }
  Error wrong(const std::string& what) const {
    FilterComparison here;
    here.path = path_;
    return {Errc::invalid, here.place(token().column) + what};
  }

  static bool is_reserved(const FilterToken& token) {
    return token.is_keyword("AND") || token.is_keyword("OR") || token.is_keyword("NOT");
  }
  static bool is_value(const FilterToken& token) {
    return token.kind == Kind::quoted || (token.kind == Kind::word && !is_reserved(token));
  }

  /// One node if there is one, else `kind` of them.
  static FilterNode joined(FilterNode::Kind kind, std::vector<FilterNode> nodes) {
    if (nodes.size() == 1) return std::move(nodes.front());
    FilterNode node;
    node.kind = kind;
    node.children = std::move(nodes);
    return node;
  }

  Result<FilterNode> any(std::size_t depth) {
    std::vector<FilterNode> nodes;
    do {
      auto node = all(depth);
      if (!node) return node;
      nodes.push_back(std::move(*node));
    } while (take_keyword("OR"));
    return joined(FilterNode::Kind::any, std::move(nodes));
  }

  Result<FilterNode> all(std::size_t depth) {
    std::vector<FilterNode> nodes;
    do {
      auto node = term(depth);
      if (!node) return node;
      nodes.push_back(std::move(*node));
    } while (take_keyword("AND"));
    return joined(FilterNode::Kind::all, std::move(nodes));
  }

  Result<FilterNode> term(std::size_t depth) {
    if (depth >= kMaxFilterDepth) return wrong("nested more than " + std::to_string(kMaxFilterDepth) + " deep");
    if (take_keyword("NOT")) {
      auto inner = term(depth + 1);
      if (!inner) return inner;
      FilterNode node;
      node.kind = FilterNode::Kind::negation;
      node.children.push_back(std::move(*inner));
      return node;
    }
    if (!token().is_symbol('(')) return comparison();
    const std::uint32_t opened = token().column;
    ++next_;
    auto inner = any(depth + 1);
    if (!inner) return inner;
    if (!token().is_symbol(')')) {
      return wrong("expected AND, OR or the \")\" for the \"(\" of col " + std::to_string(opened) + ", not " + shown());
    }
    ++next_;
    return inner;
  }

  Result<FilterNode> comparison() {
    if (!is_value(token())) return wrong("expected an attribute, not " + shown());
    FilterComparison comparison;
    comparison.path = path_;
    comparison.column = token().column;
    if (is_context(token())) return wrong('"' + token().text + "\" can only be on the right of an operator");
    set_filter_attribute(comparison, take().text);
    if (auto read = operation(comparison); !read) return read.error();
    if (auto complete = complete_comparison(comparison, budget_); !complete) return complete.error();
    FilterNode node;
    node.kind = FilterNode::Kind::comparison;
    node.comparison = std::make_unique<FilterComparison>(std::move(comparison));
    return node;
  }

  Result<void> operation(FilterComparison& comparison) {
    if (token().kind == Kind::comparison) return symbol_operation(comparison);
    if (is_value(token()) && token(1).is_keyword("TO")) return range(comparison);
    comparison.negated = take_keyword("NOT");
    if (take_keyword("IN")) return list(comparison);
    if (take_keyword("EXISTS")) {
      comparison.op = FilterOperator::exists;
      return {};
    }
    if (token().is_keyword("CONTAINS")) {
      comparison.op = FilterOperator::contains;
      return value(comparison, take().text);
    }
    if (take_keyword("STARTS")) {
      comparison.op = FilterOperator::starts_with;
      if (!token().is_keyword("WITH")) return wrong("expected WITH after STARTS, not " + shown());
      return value(comparison, "STARTS " + take().text);
    }
    if (!comparison.negated && take_keyword("IS")) return emptiness(comparison);
    const std::string after = comparison.negated ? "NOT" : comparison.attribute.substr(0, 64);
    return wrong((comparison.negated ? "expected IN, EXISTS, CONTAINS or STARTS WITH after \""
                                     : "expected an operator after \"") +
                 after + "\", not " + shown());
  }

  Result<void> emptiness(FilterComparison& comparison) {
    comparison.op = take_keyword("NOT") ? FilterOperator::not_empty : FilterOperator::empty;
    if (!take_keyword("EMPTY")) return wrong("expected EMPTY or NOT EMPTY after IS, not " + shown());
    return {};
  }

  Result<void> symbol_operation(FilterComparison& comparison) {
    const std::string& symbol = token().text;
    ++next_;
    if (symbol == "=" || symbol == "!=") {
      comparison.negated = symbol == "!=";
      return value(comparison, symbol);
    }
    auto read = any_value(symbol);
    if (!read) return read.error();
    set_bound(comparison, symbol, std::move(*read));
    return {};
  }

  Result<void> value(FilterComparison& comparison, const std::string& after) {
    auto read = any_value(after);
    if (!read) return read.error();
    comparison.values.push_back(std::move(*read));
    return {};
  }

  Result<void> range(FilterComparison& comparison) {
    comparison.op = FilterOperator::range;
    auto low = any_value("");
    if (!low) return low.error();
    comparison.low = std::move(*low);
    auto high = any_value(take().text);
    if (!high) return high.error();
    comparison.high = std::move(*high);
    return {};
  }

  Result<void> list(FilterComparison& comparison) {
    if (!token().is_symbol('[')) return wrong("expected \"[\" after IN, not " + shown());
    ++next_;
    while (!token().is_symbol(']')) {
      if (is_context(token())) return wrong('"' + token().text + "\" cannot be in a list; compare with = and OR");
      auto read = any_value(comparison.values.empty() ? "[" : ",");
      if (!read) return read.error();
      comparison.values.push_back(std::move(*read));
      if (token().is_symbol(']')) break;
      if (!token().is_symbol(',')) return wrong("expected \",\" or \"]\" in a list, not " + shown());
      ++next_;
    }
    ++next_;
    return {};
  }

  static bool is_context(const FilterToken& token) {
    return token.kind == Kind::word && token.text.starts_with(kContextPrefix) &&
           token.text.size() > kContextPrefix.size();
  }

  Result<FilterValue> any_value(const std::string& after) {
    if (!is_value(token())) return wrong("expected a value after \"" + after + "\", not " + shown());
    const bool from_context = is_context(token());
    const FilterToken read = take();
    FilterValue value = make_filter_value(std::string_view(read.text).substr(from_context ? kContextPrefix.size() : 0));
    value.from_context = from_context;
    value.column = read.column;
    return value;
  }

  static constexpr std::string_view kContextPrefix = "context.";

  std::vector<FilterToken> tokens_;
  std::size_t next_ = 0;
  const std::string& path_;
  FilterBudget& budget_;
};

}  // namespace

void set_bound(FilterComparison& comparison, std::string_view symbol, FilterValue value) {
  comparison.op = FilterOperator::range;
  const bool inclusive = symbol.ends_with('=');
  if (symbol.starts_with('<')) {
    comparison.high = std::move(value);
    comparison.high_inclusive = inclusive;
  } else {
    comparison.low = std::move(value);
    comparison.low_inclusive = inclusive;
  }
}

Result<FilterNode> parse_filter_text(std::string_view text, const std::string& path, FilterBudget& budget) {
  const std::string prefix = path.empty() ? "" : path + " ";
  if (text.size() > kMaxFilterTextBytes) {
    return Error{Errc::invalid, prefix + "the filter is longer than " + std::to_string(kMaxFilterTextBytes) + " bytes"};
  }
  auto tokens = filter_tokens(text);
  if (!tokens) return Error{Errc::invalid, prefix + tokens.error().message};
  return Parser(std::move(*tokens), path, budget).filter();
}

Result<FilterNode> parse_filter_text(std::string_view text) {
  FilterBudget budget;
  return parse_filter_text(text, "", budget);
}

}  // namespace freshet::store
