#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

#include "base/clock.h"

namespace freshet::log {
namespace {

std::atomic<Format> line_format{Format::text};

/// spdlog's part is the level and one write per line; the line is ours, so that both formats escape correctly.
spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("freshet", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
  }
  return "info";
}

/// `text` as the inside of a JSON string; also used for quoted text values, so that a line stays a line.
void append_escaped(std::string& line, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"': line += "\\\""; break;
      case '\\': line += "\\\\"; break;
      case '\n': line += "\\n"; break;
      case '\r': line += "\\r"; break;
      case '\t': line += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          line += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          line += c;
        }
    }
  }
}

void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  append_escaped(line, text);
  line += '"';
}

bool is_plain_word(std::string_view text) {
  return !text.empty() && text.find_first_of(" \"=\\\n\r\t") == std::string_view::npos;
}

void append_value(std::string& line, const Field& field, bool always_quote) {
  struct Visitor {
    std::string& line;
    bool always_quote;
    void operator()(bool value) const { line += value ? "true" : "false"; }
    void operator()(std::int64_t value) const { line += std::to_string(value); }
    void operator()(double value) const { line += fmt::format("{:.6g}", value); }
    void operator()(std::string_view value) const {
      if (!always_quote && is_plain_word(value)) {
        line += value;
      } else {
        append_quoted(line, value);
      }
    }
  };
  std::visit(Visitor{line, always_quote}, field.value);
}

std::string text_line(Level level, std::string_view message, Fields fields) {
  std::string line = fmt::format("{} {:<5} {}", format_rfc3339(SystemClock().now()), name_of(level), message);
  for (const Field& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    append_value(line, field, false);
  }
  return line;
}

std::string json_line(Level level, std::string_view message, Fields fields) {
  std::string line =
      fmt::format(R"({{"time":"{}","level":"{}","message":)", format_rfc3339(SystemClock().now()), name_of(level));
  append_quoted(line, message);
  for (const Field& field : fields) {
    line += ',';
    append_quoted(line, field.name);
    line += ':';
    append_value(line, field, true);
  }
  return line + '}';
}

void write(Level level, std::string_view message, Fields fields) noexcept {
  try {
    const auto spdlog_level = to_spdlog(level);
    if (!logger().should_log(spdlog_level)) return;
    const bool json = line_format.load(std::memory_order_relaxed) == Format::json;
    logger().log(spdlog_level, json ? json_line(level, message, fields) : text_line(level, message, fields));
  } catch (...) {
    // A log line that cannot be written must not take the service down.
  }
}

}  // namespace

void configure(Level level, Format format) {
  line_format = format;
  logger().set_level(to_spdlog(level));
}

void debug(std::string_view message, Fields fields) { write(Level::debug, message, fields); }
void info(std::string_view message, Fields fields) { write(Level::info, message, fields); }
void warn(std::string_view message, Fields fields) { write(Level::warn, message, fields); }
void error(std::string_view message, Fields fields) { write(Level::error, message, fields); }

}  // namespace freshet::log
