// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/schema.h"

#include <utility>

namespace freshet::serve::schema {
namespace {

json::object described(json::object schema, std::string_view description) {
  if (!description.empty()) schema.emplace("description", description);
  return schema;
}

}  // namespace

json::object text(std::string_view description) { return described({{"type", "string"}}, description); }

json::object time(std::string_view description) {
  return described({{"type", "string"}, {"format", "date-time"}}, description);
}

json::object boolean(std::string_view description) { return described({{"type", "boolean"}}, description); }

json::object number(std::string_view description) { return described({{"type", "number"}}, description); }

json::object share(std::string_view description) {
  return described({{"type", "number"}, {"minimum", 0}, {"maximum", 1}}, description);
}

// Without the format generators for Java, C# and Go take 32 bits.
json::object integer(std::string_view description) {
  return described({{"type", "integer"}, {"format", "int64"}}, description);
}

json::object count(std::string_view description) {
  return described({{"type", "integer"}, {"format", "int64"}, {"minimum", 0}}, description);
}

json::object array_of(json::object items, std::string_view description) {
  return described({{"type", "array"}, {"items", std::move(items)}}, description);
}

json::object map_of(json::object values, std::string_view description) {
  return described({{"type", "object"}, {"additionalProperties", std::move(values)}}, description);
}

json::object one_of(std::vector<json::object> alternatives, std::string_view description) {
  json::array all;
  for (json::object& alternative : alternatives) all.push_back(std::move(alternative));
  return described({{"oneOf", std::move(all)}}, description);
}

json::object reference(std::string_view name) { return {{"$ref", "#/components/schemas/" + std::string(name)}}; }

json::object nullable(json::object schema) {
  schema.emplace("nullable", true);
  return schema;
}

Field optional(std::string_view name, json::object schema) { return {name, std::move(schema), false}; }

json::object object(std::vector<Field> fields, std::string_view description) {
  json::object properties;
  json::array required;
  for (Field& field : fields) {
    if (field.required) required.push_back(json::string(field.name));
    properties.emplace(field.name, std::move(field.schema));
  }
  json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema.emplace("required", std::move(required));  // it may not be empty
  return described(std::move(schema), description);
}

json::object closed_object(std::vector<Field> fields, std::string_view description) {
  json::object schema = object(std::move(fields), description);
  schema.emplace("additionalProperties", false);
  return schema;
}

}  // namespace freshet::serve::schema
