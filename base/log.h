// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

/// Structured logging to standard error: each line is a constant message with named values.
///   log::info("history writer caught up", {{"partition", 3}, {"lag_events", 0}});
/// Do not log ids of users or sessions.
/// Threads: all functions may be called concurrently.
/// Errors:  none; a line that cannot be written is lost.
namespace freshet::log {

enum class Level { debug, info, warn, error };
enum class Format { text, json };

class Field {
 public:
  template <std::integral T>
  Field(std::string_view the_name, T number) : name(the_name), value(to_value(number)) {}
  Field(std::string_view the_name, double number) : name(the_name), value(number) {}
  template <typename T>
    requires std::convertible_to<T, std::string_view>
  Field(std::string_view the_name, const T& text) : name(the_name), value(std::string_view(text)) {}

  std::string_view name;
  std::variant<bool, std::int64_t, double, std::string_view> value;

 private:
  template <std::integral T>
  static std::variant<bool, std::int64_t, double, std::string_view> to_value(T number) {
    if constexpr (std::is_same_v<T, bool>) {
      return number;
    } else {
      return static_cast<std::int64_t>(number);
    }
  }
};

using Fields = std::initializer_list<Field>;

/// Call once, before threads start. Default: text at level info. Audit lines have the same format.
void configure(Level level, Format format);

void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warn(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});

/// Writes a line of level "audit": who accessed or changed which personal data. Written at every log level.
void audit(std::string_view message, Fields fields);

/// Appends audit lines to `file` from now on, or to standard error if it is empty; a full pipe loses them. False if the
/// file cannot be opened; audit lines then go where they went before. Call it again after log rotation.
bool audit_to(const std::string& file);

}  // namespace freshet::log
