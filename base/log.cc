// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <fcntl.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdio>

#include "base/clock.h"
#include "base/json_text.h"
#include "base/printable.h"
#include "base/sync.h"

namespace freshet::log {
namespace {

std::atomic<Format> line_format{Format::text};

/// spdlog filters by level and writes each line at once. The line itself is formatted here, so that both formats escape
/// correctly.
std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink) {
  auto made = std::make_shared<spdlog::logger>("freshet", std::move(sink));
  made->set_pattern("%v");
  made->flush_on(spdlog::level::info);
  return made;
}

spdlog::logger& logger() {
  static const auto instance = make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  return *instance;
}

Mutex audit_mutex;
std::shared_ptr<spdlog::logger> audit_file FRESHET_GUARDED_BY(audit_mutex);  // null: standard error

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

bool is_plain_word(std::string_view text) {
  return !text.empty() && text.find_first_of(" \"=\\") == std::string_view::npos && is_printable(text);
}

/// As JSON text, in text lines too: one entry stays one line, and what a client sends cannot steer the terminal that
/// shows it.
void append_quoted(std::string& line, std::string_view value) {
  std::string quoted;
  append_json_text(quoted, value);
  append_printable(line, quoted);
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

std::string text_line(std::string_view level, std::string_view message, Fields fields) {
  std::string line = fmt::format("{} {:<5} {}", format_rfc3339(SystemClock().now()), level, message);
  for (const Field& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    append_value(line, field, false);
  }
  return line;
}

std::string json_line(std::string_view level, std::string_view message, Fields fields) {
  std::string line =
      fmt::format(R"({{"time":"{}","level":"{}","message":)", format_rfc3339(SystemClock().now()), level);
  append_quoted(line, message);
  for (const Field& field : fields) {
    line += ',';
    append_json_text(line, field.name);
    line += ':';
    append_value(line, field, true);
  }
  return line + '}';
}

std::string line_of(std::string_view level, std::string_view message, Fields fields) {
  const bool json = line_format.load(std::memory_order_relaxed) == Format::json;
  return json ? json_line(level, message, fields) : text_line(level, message, fields);
}

/// A pipe that its reader does not empty refuses what it has no room for.
void never_wait(std::FILE* file) {
  const int descriptor = fileno(file);
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

void write(Level level, std::string_view message, Fields fields) noexcept {
  try {
    const auto spdlog_level = to_spdlog(level);
    if (!logger().should_log(spdlog_level)) return;
    logger().log(spdlog_level, line_of(name_of(level), message, fields));
  } catch (...) {
    // A log line that cannot be written must not stop the service.
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

void audit(std::string_view message, Fields fields) {
  try {
    const std::string line = line_of("audit", message, fields);
    const MutexLock lock(audit_mutex);
    (audit_file ? *audit_file : logger()).log(spdlog::level::critical, line);  // above every configurable level
  } catch (...) {
    // As in write().
  }
}

bool audit_to(const std::string& file) {
  try {
    spdlog::file_event_handlers handlers;
    handlers.after_open = [](const spdlog::filename_t&, std::FILE* opened) { never_wait(opened); };
    auto made = file.empty() ? nullptr
                             : make_logger(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file, false, handlers));
    const MutexLock lock(audit_mutex);
    audit_file = std::move(made);
    return true;
  } catch (const spdlog::spdlog_ex&) {
    return false;
  }
}

}  // namespace freshet::log
