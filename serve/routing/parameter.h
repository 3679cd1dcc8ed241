// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <any>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "serve/routing/json.h"

namespace freshet::serve {

/// A path or query parameter, declared once for all routes that take it: the router decodes and checks it, the OpenAPI
/// document describes it.
struct ParameterBase {
  enum class In { path, query };
  /// A decoded value, of the parameter's type.
  struct Value {
    std::any any;
  };

  In in = In::query;
  std::string name;
  std::string component;  ///< its name in the OpenAPI document, distinct for parameters of the same name
  std::string help;
  json::object schema;  ///< of its values, with range and default
  /// The value that a text stands for.
  /// Errors: invalid, naming the parameter.
  std::function<Result<Value>(const std::string& text)> decode;
};

/// A parameter whose values are of type T.
template <typename T>
struct Parameter : ParameterBase {
  T fallback{};  ///< the value where a request does not give one
};

/// An id in the path: text of 1 to kMaxIdBytes bytes.
Parameter<std::string> path_id(std::string name, std::string help);

Parameter<std::size_t> query_integer(std::string name, std::string help, std::size_t low, std::size_t high,
                                     std::size_t fallback);

/// A number from 0 to 1, or none.
Parameter<std::optional<double>> query_share(std::string name, std::string help);

/// "true" or "false"; false by default.
Parameter<bool> query_flag(std::string name, std::string help);

/// Texts separated by commas; empty ones are ignored. `\,` stands for a comma within a text, and `\\` for a backslash.
/// The value as a whole is a text too, so that one alone needs no backslash.
Parameter<std::set<std::string, std::less<>>> query_set(std::string name, std::string help);

/// Text that `parse` reads as a T. `parse` returns Result<T>, and `pattern` is a regular expression for OpenAPI.
template <typename T, typename Parse>
Parameter<std::optional<T>> query_text(std::string name, std::string help, std::string_view pattern, Parse parse) {
  Parameter<std::optional<T>> parameter;
  parameter.name = parameter.component = std::move(name);
  parameter.help = std::move(help);
  parameter.schema = {{"type", "string"}, {"pattern", pattern}};
  parameter.decode = [name = parameter.name, parse](const std::string& text) -> Result<ParameterBase::Value> {
    Result<T> value = parse(text);
    if (!value) return Error{value.error().code, name + ": " + value.error().message};
    return ParameterBase::Value{std::optional<T>(*std::move(value))};
  };
  return parameter;
}

/// The field of a JSON body that means the same as `parameter`: same range, same default. Numbers and booleans only.
template <typename T>
Result<T> json_field(const json::object& body, const Parameter<T>& parameter) {
  const json::value* const field = body.if_contains(parameter.name);
  if (field == nullptr) return parameter.fallback;
  const bool plain = field->is_number() || field->is_bool();
  const auto value = parameter.decode(plain ? to_text(*field) : "");
  if (!value) return value.error();
  return std::any_cast<T>(value->any);
}

}  // namespace freshet::serve
