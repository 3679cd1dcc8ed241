// SPDX-License-Identifier: Apache-2.0
#include "cli/streams/event_stream.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "base/suggestion.h"
#include "cli/streams/csv.h"
#include "cli/streams/record_lines.h"
#include "ingest/codec/event_decoder.h"

namespace freshet::cli {
namespace {

constexpr std::size_t kComplaints = 5;
const std::vector<std::string> kColumnNames{"user",  "session", "item",    "time",    "type",
                                            "value", "id",      "request", "consent", "-"};

/// The time of an event that has none, until it is known that none was meant.
constexpr Timestamp kNoTime{std::chrono::milliseconds(-1)};

Error invalid(std::string message) { return {Errc::invalid, std::move(message)}; }

/// Parses RFC 3339, or seconds (with fraction) or milliseconds since 1970.
std::optional<Timestamp> parse_time(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) return parse_time_number(number);
  return parse_rfc3339(text);
}

/// Whether a member that the event format does not know was meant as the time.
bool means_time(std::string_view name, const boost::json::value& value) {
  if (!value.is_string() && !value.is_number()) return false;
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const bool named = lower == "ts" || lower.find("time") != std::string::npos ||
                     lower.find("date") != std::string::npos || lower.ends_with("_at") || name.ends_with("At");
  if (named) return true;
  return value.is_string() && std::ranges::count(kColumnNames, name) == 0 &&
         parse_rfc3339(std::string(value.get_string()));
}

/// The member of a JSON event without a time that was meant as its time; empty: none.
std::string misnamed_time(const boost::json::object& event) {
  for (const auto& [name, value] : event) {
    if (means_time(name, value)) return std::string(name);
  }
  const auto* data = event.if_contains("data");  // of a CloudEvent
  return data != nullptr && data->is_object() ? misnamed_time(data->get_object()) : "";
}

std::string misnamed_time(std::string_view line) {
  boost::system::error_code error;
  const boost::json::value event = boost::json::parse(line, error);
  return error || !event.is_object() ? "" : misnamed_time(event.get_object());
}

Result<void> set_field(Event& event, const std::string& column, std::string text) {
  if (column == "user") {
    event.user = std::move(text);
  } else if (column == "session") {
    event.session = std::move(text);
  } else if (column == "item") {
    event.item = std::move(text);
  } else if (column == "id") {
    event.id = std::move(text);
  } else if (column == "request") {
    event.request = std::move(text);
  } else if (column == "type" && !text.empty()) {
    event.type = std::move(text);
  } else if (column == "time") {
    const auto time = parse_time(text);
    if (!time) return invalid("time: \"" + text.substr(0, 40) + "\" is not a time");
    event.time = *time;
  } else if (column == "value" && !text.empty()) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), event.value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(event.value)) {
      return invalid("value: \"" + text.substr(0, 40) + "\" is not a number");
    }
  } else if (column == "consent" && !text.empty()) {
    if (text != "true" && text != "false") {
      return invalid("consent: \"" + text.substr(0, 40) + "\" is neither true nor false");
    }
    event.consent = text == "true";
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> parse_columns(const std::string& text) {
  std::vector<std::string> columns = split_names(text);
  for (const std::string& name : columns) {
    if (std::ranges::count(kColumnNames, name) == 0) {
      const std::string close = nearest(name, kColumnNames);
      return invalid("\"" + name + "\" is not a column name" +
                     (close.empty() ? "" : "; did you mean \"" + close + "\"?") +
                     " (user, session, item, time, type, value, id, request, consent, or - to skip)");
    }
    if (name != "-" && std::ranges::count(columns, name) > 1) return invalid("\"" + name + "\" is named twice");
  }
  const auto has = [&](const char* name) { return std::ranges::count(columns, name) > 0; };
  if (!has("item")) return invalid("the column \"item\" is missing");
  if (!has("user") && !has("session")) return invalid("a column \"user\" or \"session\" is missing");
  return columns;
}

struct EventStream::Impl {
  Impl(RecordLines the_lines, const StreamFormat& format)
      : lines(std::move(the_lines)), columns(format.columns), header(format.header), decoder(decode_options()) {}

  /// Accepts any time: the receiver decides whether it is too far in the future.
  static ingest::DecodeOptions decode_options() {
    ingest::DecodeOptions options;
    options.max_record_bytes = RecordLines::kMaxLineBytes;
    options.max_future_skew = std::chrono::hours(24 * 365 * 9000);
    return options;
  }

  Result<Event> parse(std::string_view line);
  Result<void> complete_time(std::string_view line, Event& event) const;
  Result<void> take_header(std::string_view line);
  void skip(const std::string& reason);

  RecordLines lines;
  std::vector<std::string> columns;
  bool header;  // the next line is the header
  ingest::EventDecoder decoder;
  std::uint64_t skipped = 0;
  std::vector<std::string> complaints;
};

EventStream::EventStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventStream::~EventStream() = default;

Result<std::unique_ptr<EventStream>> EventStream::open(const std::string& path, const StreamFormat& format) {
  auto lines = RecordLines::open(path);
  if (!lines) return lines.error();
  return std::unique_ptr<EventStream>(new EventStream(std::make_unique<Impl>(*std::move(lines), format)));
}

Result<void> EventStream::Impl::take_header(std::string_view line) {
  auto fields = lines.split(line);
  if (!fields) return invalid(lines.in_line("the header: " + fields.error().message));
  std::string names;
  for (std::string& field : *fields) {
    std::ranges::transform(field, field.begin(), [](unsigned char c) { return std::tolower(c); });
    if (std::ranges::count(kColumnNames, field) == 0) field = "-";
    names += (names.empty() ? "" : ",") + field;
  }
  auto parsed = parse_columns(names);
  if (!parsed) return invalid(lines.in_line("the header: " + parsed.error().message));
  columns = *std::move(parsed);
  return {};
}

Result<Event> EventStream::Impl::parse(std::string_view line) {
  if (lines.shape() == RecordLines::Shape::json_lines) return decoder.decode(line, {}, kNoTime);
  auto fields = lines.split(line);
  if (!fields) return fields.error();
  if (fields->size() < columns.size()) {
    return invalid(std::to_string(fields->size()) + " columns, expected " + std::to_string(columns.size()));
  }
  Event event;
  event.time = kNoTime;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (auto set = set_field(event, columns[i], std::move((*fields)[i])); !set) return set.error();
  }
  if (event.item.empty()) return invalid("item: empty");
  if (event.user.empty() && event.session.empty()) return invalid("user: empty (and no session)");
  if (auto checked = ingest::check_texts(event); !checked) return checked.error();
  return event;
}

Result<void> EventStream::Impl::complete_time(std::string_view line, Event& event) const {
  if (event.time != kNoTime) return {};
  const std::string meant = lines.shape() == RecordLines::Shape::json_lines ? misnamed_time(line) : "";
  if (!meant.empty()) {
    return invalid(lines.in_line(meant + ": not recognized as the time of the event, which is called ts"));
  }
  event.time = SystemClock().now();
  return {};
}

void EventStream::Impl::skip(const std::string& reason) {
  ++skipped;
  if (complaints.size() < kComplaints) complaints.push_back(lines.in_line(reason));
}

Result<std::optional<Event>> EventStream::next() {
  Impl& stream = *impl_;
  while (true) {
    const auto line = stream.lines.next();
    if (!line) return line.error();
    if (!*line) return std::optional<Event>();
    if (std::exchange(stream.header, false) && stream.lines.shape() != RecordLines::Shape::json_lines) {
      if (auto taken = stream.take_header(**line); !taken) return taken.error();
      continue;
    }
    auto event = stream.parse(**line);
    if (event) {
      if (auto completed = stream.complete_time(**line, *event); !completed) return completed.error();
      return std::optional<Event>(*std::move(event));
    }
    stream.skip(event.error().message);
  }
}

std::uint64_t EventStream::lines() const { return impl_->lines.lines(); }
std::uint64_t EventStream::skipped() const { return impl_->skipped; }
const std::vector<std::string>& EventStream::complaints() const { return impl_->complaints; }
std::uint64_t EventStream::bytes_read() const { return impl_->lines.bytes_read(); }
std::uint64_t EventStream::bytes_total() const { return impl_->lines.bytes_total(); }

}  // namespace freshet::cli
