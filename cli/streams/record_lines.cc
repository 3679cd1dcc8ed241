// SPDX-License-Identifier: Apache-2.0
#include "cli/streams/record_lines.h"

#include <algorithm>

#include "base/take.h"

namespace freshet::cli {
namespace {

std::vector<std::string> split_tsv(std::string_view line) {
  std::vector<std::string> fields;
  while (true) {
    const std::size_t tab = std::min(line.find('\t'), line.size());
    fields.emplace_back(line.substr(0, tab));
    if (tab == line.size()) return fields;
    line.remove_prefix(tab + 1);
  }
}

RecordLines::Shape shape_of(std::string_view first) {
  const bool tabs = first.find('\t') != std::string_view::npos;
  const bool commas = first.find(',') != std::string_view::npos;
  return first.front() == '{' ? RecordLines::Shape::json_lines
         : commas && !tabs    ? RecordLines::Shape::csv
                              : RecordLines::Shape::tsv;
}

/// True if a file that begins with this line is all one JSON array. A TSV field may begin with a bracket too.
bool is_array(std::string_view first) {
  if (first.front() != '[') return false;
  const std::size_t next = first.find_first_not_of(" \t", 1);
  return next == std::string_view::npos || first[next] == '{';
}

}  // namespace

Result<RecordLines> RecordLines::open(const std::string& path) {
  auto source = ByteSource::open(path);
  if (!source) return source.error();
  return RecordLines(path, *std::move(source));
}

/// Where the next line ends in the buffer: npos if more must be read. A CSV record is one line, whatever its fields in
/// quotes contain.
std::size_t RecordLines::end_of_line() {
  if (shape_ != Shape::csv) return buffer_.find('\n', at_);
  const std::size_t end = csv_end_.find(std::string_view(buffer_).substr(at_), ended_);
  return end == std::string::npos ? end : at_ + end;
}

Result<std::optional<std::string_view>> RecordLines::next_line() {
  while (true) {
    const std::size_t newline = end_of_line();
    if (newline != std::string::npos || (ended_ && at_ < buffer_.size())) {
      const std::size_t end = std::min(newline, buffer_.size());
      std::string_view line(buffer_.data() + at_, end - at_);
      at_ = std::min(end + 1, buffer_.size());
      if (lines_ == 0) take_byte_order_mark(line);
      if (line.ends_with('\r')) line.remove_suffix(1);
      lines_ += 1 + static_cast<std::uint64_t>(std::ranges::count(line, '\n'));
      return std::optional(line);
    }
    if (ended_) return std::optional<std::string_view>();
    buffer_.erase(0, at_);
    at_ = 0;
    if (buffer_.size() > kMaxLineBytes) return Error{Errc::invalid, at_line(lines_ + 1, "too long")};
    const auto more = source_->read(buffer_);
    if (!more) return Error{more.error().code, path_ + ": " + more.error().message};
    ended_ = !*more;
  }
}

Result<std::optional<std::string_view>> RecordLines::next() {
  while (true) {
    auto line = next_line();
    if (!line || !*line) return line;
    if ((*line)->empty()) continue;
    if (shape_ == Shape::unknown) {
      if (is_array(**line)) {
        return Error{Errc::invalid,
                     in_line("a JSON array; write each object on a line of its own, as jq -c '.[]' does")};
      }
      shape_ = shape_of(**line);
    }
    return line;
  }
}

Result<std::vector<std::string>> RecordLines::split(std::string_view record) const {
  if (shape_ == Shape::csv) return split_csv(record);
  return split_tsv(record);
}

std::string RecordLines::at_line(std::uint64_t line, const std::string& reason) const {
  return path_ + ":" + std::to_string(line) + ": " + reason;
}

}  // namespace freshet::cli
