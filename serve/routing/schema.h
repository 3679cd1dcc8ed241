// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/routing/json.h"

namespace freshet::serve::schema {

/// Schemas of the OpenAPI document (version 3.0: one type each, `nullable` for null).

json::object text(std::string_view description = {});
/// RFC 3339.
json::object time(std::string_view description = {});
json::object boolean(std::string_view description = {});
json::object number(std::string_view description = {});
/// From 0 to 1.
json::object share(std::string_view description = {});
json::object integer(std::string_view description = {});
/// An integer from 0.
json::object count(std::string_view description = {});
json::object array_of(json::object items, std::string_view description = {});
/// An object whose names are data.
json::object map_of(json::object values, std::string_view description = {});
json::object one_of(std::vector<json::object> alternatives, std::string_view description = {});
/// The schema `name` in components/schemas.
json::object reference(std::string_view name);
/// `schema`, or null.
json::object nullable(json::object schema);

struct Field {
  std::string_view name;
  json::object schema;
  bool required = true;
};
Field optional(std::string_view name, json::object schema);

json::object object(std::vector<Field> fields, std::string_view description = {});
/// An object that may have no other fields.
json::object closed_object(std::vector<Field> fields, std::string_view description = {});

}  // namespace freshet::serve::schema
