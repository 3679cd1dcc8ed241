#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/event.h"
#include "base/result.h"
#include "ingest/options.h"

namespace freshet::ingest {

/// Bytes of one log record -> one validated Event (docs/event_format.md): freshet JSON, CloudEvents 1.0 structured mode
/// (a JSON object with "specversion") or binary mode (ce_* headers).
/// A total function of (headers, value, arrival): the same record always decodes the same way, whoever reads it.
/// With options.pseudonyms in use the event has these for user and session.
/// Threads:  one per thread (it owns a parser and its buffers).
/// Errors:   invalid, naming the field and what was expected ("item: missing", "user: 600 bytes long, at most 512").
///           Messages are valid UTF-8 and short, whatever the record holds.
/// Cost:     about a microsecond; no allocation beyond the event's strings.
class EventDecoder {
 public:
  /// Name and bytes, as the log keeps them.
  using Headers = std::vector<std::pair<std::string, std::string>>;

  explicit EventDecoder(const DecodeOptions& options);
  ~EventDecoder();

  Result<Event> decode(std::string_view value, const Headers& headers, Timestamp arrival);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What decode() guarantees of the texts of an interaction, for one that was made from something else than a record.
/// Errors: invalid, naming the field and what is wrong with it.
Result<void> check_texts(const Event& event);

/// The type of the record that asks every reader to forget somebody. Types that start with '$' are freshet's own: an
/// EventKind::erase must be refused where clients hand in events.
inline constexpr std::string_view kEraseType = "$erase";

}  // namespace freshet::ingest
