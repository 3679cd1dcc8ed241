// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "base/event.h"
#include "base/event_reader.h"
#include "base/result.h"
#include "ingest/options.h"

namespace freshet::ingest {

/// Decodes one log record into a validated Event (docs/event_format.md), which may be an item or a list that was served.
/// The record is freshet JSON, or a CloudEvent 1.0 in structured mode (a JSON object with "specversion") or binary mode
/// (ce_* headers).
/// A total function of headers, value and arrival: every reader decodes the same record to the same event.
/// If options.pseudonyms is in use, user and session of the event are pseudonyms.
/// Threads: one; each thread has its own decoder.
/// Owns:    a parser and its buffers.
/// Errors:  invalid, with the field and what was expected ("item: missing", "user: 600 bytes long, at most 512").
///          Messages are short and valid UTF-8, whatever the record contains.
/// Cost:    about a microsecond; allocates only the event's strings.
class EventDecoder {
 public:
  explicit EventDecoder(const DecodeOptions& options);
  ~EventDecoder();

  Result<Event> decode(std::string_view value, const RecordHeaders& headers, Timestamp arrival);

  /// Whether decode() takes interactions of this type.
  Result<void> check_type(std::string_view type) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The event of an item record that arrived at `arrival`.
Event item_event(ItemChange change, Timestamp arrival);

/// Checks the texts of an interaction that does not come from decode(), which guarantees the same.
/// Errors: invalid, with the field and the reason.
Result<void> check_texts(const Event& event);

/// The type of erase records. Types that start with '$' are reserved for freshet: events from clients must not have
/// them.
inline constexpr std::string_view kEraseType = "$erase";

/// The member that holds Event::sender, of the record itself, not of a CloudEvent's data.
inline constexpr std::string_view kSenderMember = "$sender";

}  // namespace freshet::ingest
