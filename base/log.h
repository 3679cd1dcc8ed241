#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

/// Structured logging: a constant message and named values, one line each, to standard error.
///   log::info("history writer caught up", {{"partition", 3}, {"lag_events", 0}});
/// Threads: everything may be called concurrently. Never throws. User and session ids do not belong in a log.
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

/// Call once, before threads start. Default: text at level info. The format is that of audit lines too.
void configure(Level level, Format format);

void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warn(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});

/// A line of level "audit": who did what with data that is not theirs. Written whatever the level is.
void audit(std::string_view message, Fields fields);

/// Audit lines go to the end of `file` from now on; empty: to standard error, as all others. False if it cannot be
/// opened: they go where they went. Call it again when the file has been moved away.
bool audit_to(const std::string& file);

}  // namespace freshet::log
