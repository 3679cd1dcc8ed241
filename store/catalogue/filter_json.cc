// SPDX-License-Identifier: Apache-2.0
// Filters as JSON: an array is AND, an array in it OR, a text a filter, an object one comparison or and/or/not.

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "store/catalogue/filter_parser.h"

namespace freshet::store {
namespace {

namespace json = boost::json;

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

/// Operators that are not a symbol.
struct NamedOperator {
  std::string_view name;
  FilterOperator op;
  bool negated;
};
constexpr std::array<NamedOperator, 13> kOperators = {{{"=", FilterOperator::in, false},
                                                       {"!=", FilterOperator::in, true},
                                                       {"IN", FilterOperator::in, false},
                                                       {"NOT IN", FilterOperator::in, true},
                                                       {"TO", FilterOperator::range, false},
                                                       {"EXISTS", FilterOperator::exists, false},
                                                       {"NOT EXISTS", FilterOperator::exists, true},
                                                       {"IS EMPTY", FilterOperator::empty, false},
                                                       {"IS NOT EMPTY", FilterOperator::not_empty, false},
                                                       {"CONTAINS", FilterOperator::contains, false},
                                                       {"NOT CONTAINS", FilterOperator::contains, true},
                                                       {"STARTS WITH", FilterOperator::starts_with, false},
                                                       {"NOT STARTS WITH", FilterOperator::starts_with, true}}};

std::string decoded(std::string_view name) { return std::string(view(json::parse(name).as_string())); }

class JsonFilter {
 public:
  /// `in_list`: the value is an element of the outermost array, where an array means OR.
  Result<FilterNode> node(const json::value& value, const std::string& path, bool in_list) {
    if (const auto* text = value.if_string()) return parse_filter_text(view(*text), path, budget_);
    if (const auto* object = value.if_object()) return of_object(*object, path);
    const auto* array = value.if_array();
    if (!array) return wrong(path, "expected a text, an array or an object");
    return nodes(*array, path, in_list ? FilterNode::Kind::any : FilterNode::Kind::all, !in_list);
  }

 private:
  static Error wrong(const std::string& path, const std::string& what) {
    return {Errc::invalid, path.empty() ? what : path + ": " + what};
  }

  Result<FilterNode> nodes(const json::array& array, const std::string& path, FilterNode::Kind kind, bool lists) {
    FilterNode result;
    result.kind = kind;
    for (std::size_t i = 0; i < array.size(); ++i) {
      const std::string place = path + "[" + std::to_string(i) + "]";
      if (array[i].is_array() && !lists)
        return wrong(place, "an array in an array of alternatives; use {\"and\": [...]}");
      auto child = node(array[i], place, true);
      if (!child) return child;
      result.children.push_back(std::move(*child));
    }
    return result;
  }

  Result<FilterNode> of_object(const json::object& object, const std::string& path) {
    if (object.size() != 1) return comparison(object, path);
    const auto& member = *object.begin();
    const std::string key(member.key());
    const std::string place = path + "." + key;
    if (key == "not") {
      auto inner = node(member.value(), place, false);
      if (!inner) return inner;
      FilterNode negation;
      negation.kind = FilterNode::Kind::negation;
      negation.children.push_back(std::move(*inner));
      return negation;
    }
    if (key != "and" && key != "or") return comparison(object, path);
    const auto* array = member.value().if_array();
    if (!array) return wrong(place, "expected an array");
    return nodes(*array, place, key == "and" ? FilterNode::Kind::all : FilterNode::Kind::any, false);
  }

  Result<FilterNode> comparison(const json::object& object, const std::string& path) {
    FilterComparison comparison;
    comparison.path = path;
    const json::value* value = nullptr;
    const json::string* op = nullptr;
    bool named = false;
    for (const auto& member : object) {
      const std::string_view key(member.key().data(), member.key().size());
      const auto* text = member.value().if_string();
      if (key == "attribute" && text) {
        set_filter_attribute(comparison, view(*text));
        named = true;
      } else if (key == "op" && text) {
        op = text;
      } else if (key == "value") {
        value = &member.value();
      } else {
        return wrong(comparison.path, "expected the members attribute, op and value, or one of and, or, not");
      }
    }
    if (!named || !op) return wrong(comparison.path, "expected the texts attribute and op");
    if (auto read = read_operation(comparison, view(*op), value); !read) return read.error();
    if (auto complete = complete_comparison(comparison, budget_); !complete) return complete.error();
    FilterNode node;
    node.kind = FilterNode::Kind::comparison;
    node.comparison = std::make_unique<FilterComparison>(std::move(comparison));
    return node;
  }

  Result<void> read_operation(FilterComparison& comparison, std::string_view op, const json::value* value) {
    if (op == "<" || op == "<=" || op == ">" || op == ">=") {
      auto bound = scalar(comparison, value, true);
      if (!bound) return bound.error();
      set_bound(comparison, op, std::move(*bound));
      return {};
    }
    for (const NamedOperator& known : kOperators) {
      if (known.name != op) continue;
      comparison.op = known.op;
      comparison.negated = known.negated;
      return read_values(comparison, op, value);
    }
    return wrong(comparison.path,
                 "op: expected one of = != < <= > >= TO, IN, EXISTS, IS EMPTY, IS NOT EMPTY, CONTAINS, "
                 "STARTS WITH, and NOT before IN, EXISTS, CONTAINS, STARTS WITH");
  }

  Result<void> read_values(FilterComparison& comparison, std::string_view op, const json::value* value) {
    if (comparison.op == FilterOperator::exists || comparison.op == FilterOperator::empty ||
        comparison.op == FilterOperator::not_empty) {
      if (value) return wrong(comparison.path, std::string(op) + " takes no value");
      return {};
    }
    if (!op.ends_with("IN") && op != "TO") {
      auto one = scalar(comparison, value, true);
      if (!one) return one.error();
      comparison.values.push_back(std::move(*one));
      return {};
    }
    const auto* array = value ? value->if_array() : nullptr;
    if (!array || (op == "TO" && array->size() != 2)) {
      return wrong(comparison.path, op == "TO" ? "value: expected [from, to]" : "value: expected an array");
    }
    if (array->size() > kMaxFilterValues)
      return wrong(comparison.path, "value: more than " + std::to_string(kMaxFilterValues));
    for (const json::value& element : *array) {
      auto one = scalar(comparison, &element, op == "TO");
      if (!one) return one.error();
      comparison.values.push_back(std::move(*one));
    }
    if (op == "TO") {
      comparison.low = std::move(comparison.values[0]);
      comparison.high = std::move(comparison.values[1]);
      comparison.values.clear();
    }
    return {};
  }

  static Result<FilterValue> scalar(const FilterComparison& comparison, const json::value* value, bool may_be_context) {
    const std::string expected = may_be_context
                                     ? R"(value: expected a text, a number, true, false or {"context": NAME})"
                                     : "value: expected texts, numbers, true or false";
    if (!value) return wrong(comparison.path, expected);
    if (const auto* text = value->if_string()) return make_filter_value(view(*text));
    if (const auto* boolean = value->if_bool()) return make_filter_value(*boolean ? "true" : "false");
    if (value->is_number()) return make_filter_value(decimal(*value));
    const auto* object = value->if_object();
    const auto* name = object && object->size() == 1 ? object->if_contains("context") : nullptr;
    if (!may_be_context || !name || !name->is_string()) return wrong(comparison.path, expected);
    FilterValue attribute = make_filter_value(view(name->get_string()));
    attribute.from_context = true;
    return attribute;
  }

  static std::string decimal(const json::value& number) {
    std::array<char, 32> text{};
    char* const begin = text.data();
    char* const last = begin + text.size();
    const char* end = begin;
    if (const auto* integer = number.if_int64()) {
      end = std::to_chars(begin, last, *integer).ptr;
    } else if (const auto* natural = number.if_uint64()) {
      end = std::to_chars(begin, last, *natural).ptr;
    } else {
      end = std::to_chars(begin, last, number.get_double()).ptr;
    }
    return std::string(static_cast<const char*>(begin), end);
  }

  FilterBudget budget_;
};

}  // namespace

Result<FilterNode> parse_filter_json(std::string_view text) {
  if (text.size() > kMaxFilterJsonBytes) {
    return Error{Errc::invalid, "the filter is longer than " + std::to_string(kMaxFilterJsonBytes) + " bytes of JSON"};
  }
  json::parse_options options;
  options.max_depth = kMaxFilterDepth;
  json::stream_parser parser({}, options);
  json::error_code error;
  std::size_t read = parser.write_some(text.data(), text.size(), error);
  const bool more = !error && text.substr(read).find_first_not_of(" \t\r\n") != std::string_view::npos;
  if (!error && !more) parser.finish(error);
  if (error || more) {
    return Error{Errc::invalid, "not JSON: " + (more ? std::string("extra data") : error.message()) + " at byte " +
                                    std::to_string(read + 1)};
  }
  if (const auto member = repeated_member(text, decoded)) {  // Boost takes the last
    constexpr std::size_t kShown = 32;
    return Error{Errc::invalid, (member->size() > kShown ? "a member" : *member) + ": given twice"};
  }
  return JsonFilter().node(parser.release(), "", false);
}

}  // namespace freshet::store
