// SPDX-License-Identifier: Apache-2.0
#include "serve/routing/parameter.h"

#include <algorithm>
#include <charconv>

#include "base/event.h"

namespace freshet::serve {
namespace {

template <typename T>
Parameter<T> make(ParameterBase::In in, std::string name, std::string help, json::object schema) {
  Parameter<T> parameter;
  parameter.in = in;
  parameter.name = parameter.component = std::move(name);
  parameter.help = std::move(help);
  parameter.schema = std::move(schema);
  return parameter;
}

}  // namespace

Parameter<std::string> path_id(std::string name, std::string help) {
  auto id = make<std::string>(ParameterBase::In::path, std::move(name), std::move(help),
                              {{"type", "string"}, {"minLength", 1}, {"maxLength", kMaxIdBytes}});
  id.component += "_id";  // generators make files of components: not "item" beside the schema "Item"
  id.decode = [](const std::string& text) -> Result<ParameterBase::Value> {
    if (text.empty()) return Error{Errc::invalid, "an id in the path is empty"};
    if (text.size() > kMaxIdBytes) {
      return Error{Errc::invalid, "an id in the path is longer than " + std::to_string(kMaxIdBytes) + " bytes"};
    }
    return ParameterBase::Value{text};
  };
  return id;
}

Parameter<std::size_t> query_integer(std::string name, std::string help, std::size_t low, std::size_t high,
                                     std::size_t fallback) {
  auto integer = make<std::size_t>(ParameterBase::In::query, std::move(name), std::move(help),
                                   {{"type", "integer"}, {"minimum", low}, {"maximum", high}, {"default", fallback}});
  integer.fallback = fallback;
  integer.decode = [name = integer.name, low, high](const std::string& text) -> Result<ParameterBase::Value> {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
      return Error{Errc::invalid,
                   name + ": expected an integer from " + std::to_string(low) + " to " + std::to_string(high)};
    }
    return ParameterBase::Value{value};
  };
  return integer;
}

Parameter<std::optional<double>> query_share(std::string name, std::string help) {
  auto share = make<std::optional<double>>(ParameterBase::In::query, std::move(name), std::move(help),
                                           {{"type", "number"}, {"minimum", 0}, {"maximum", 1}});
  share.decode = [name = share.name](const std::string& text) -> Result<ParameterBase::Value> {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value <= 1)) {
      return Error{Errc::invalid, name + ": expected a number from 0 to 1"};
    }
    return ParameterBase::Value{std::optional(value)};
  };
  return share;
}

Parameter<bool> query_flag(std::string name, std::string help) {
  auto flag =
      make<bool>(ParameterBase::In::query, std::move(name), std::move(help), {{"type", "boolean"}, {"default", false}});
  flag.decode = [name = flag.name](const std::string& text) -> Result<ParameterBase::Value> {
    if (text != "true" && text != "false") return Error{Errc::invalid, name + ": expected true or false"};
    return ParameterBase::Value{text == "true"};
  };
  return flag;
}

Parameter<std::set<std::string, std::less<>>> query_set(std::string name, std::string help) {
  using Set = std::set<std::string, std::less<>>;
  auto set = make<Set>(ParameterBase::In::query, std::move(name), std::move(help), {{"type", "string"}});
  set.decode = [](std::string_view text) -> Result<ParameterBase::Value> {
    Set texts{std::string(text)};
    std::string part;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == ',') {
        texts.insert(std::exchange(part, {}));
        continue;
      }
      const bool escapes = text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == ',' || text[at + 1] == '\\');
      part += text[escapes ? ++at : at];
    }
    texts.insert(std::move(part));
    texts.erase("");
    return ParameterBase::Value{std::move(texts)};
  };
  return set;
}

}  // namespace freshet::serve
