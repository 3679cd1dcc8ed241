// SPDX-License-Identifier: Apache-2.0
#include "cli/off_policy/feedback_log.h"

#include "cli/off_policy/feedback_builder.h"
#include "cli/off_policy/feedback_table.h"
#include "cli/streams/record_lines.h"

namespace freshet::cli {
namespace {

Result<void> take_record(const RecordLines& lines, std::string_view record, bool first, const FeedbackFormat& format,
                         FeedbackTable& table, FeedbackBuilder& builder) {
  if (lines.shape() == RecordLines::Shape::json_lines) {
    return take_served_list(record, lines.lines(), format, builder);
  }
  const auto fields = lines.split(record);
  if (!fields) return fields.error();
  if (first) {
    const auto taken = table.take_header(*fields);
    if (!taken) return taken.error();
    if (*taken) return {};
  }
  return table.take(*fields, lines.lines(), builder);
}

Result<void> read_file(const std::string& file, const FeedbackFormat& format, FeedbackBuilder& builder) {
  auto lines = RecordLines::open(file);
  if (!lines) return lines.error();
  builder.begin_source(file);
  FeedbackTable table(format);
  for (bool first = true;; first = false) {
    const auto record = lines->next();
    if (!record) return record.error();
    if (!*record) return {};
    if (auto taken = take_record(*lines, **record, first, format, table, builder); !taken) {
      return Error{taken.error().code, lines->in_line(taken.error().message)};
    }
  }
}

}  // namespace

Result<online::LoggedFeedback> read_feedback_log(const std::vector<std::string>& files, const FeedbackFormat& format) {
  FeedbackBuilder builder;
  for (const std::string& file : files) {
    if (auto read = read_file(file, format, builder); !read) return read.error();
  }
  return builder.finish();
}

}  // namespace freshet::cli
