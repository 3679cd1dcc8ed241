// SPDX-License-Identifier: Apache-2.0
#include "ingest/intake/log_served_list_writer.h"

#include <string>
#include <utility>
#include <vector>

#include "ingest/codec/served_encoder.h"

namespace freshet::ingest {

LogServedListWriter::LogServedListWriter(EventLog& log, Pseudonyms logged) : log_(log), logged_(std::move(logged)) {}

void LogServedListWriter::write(const Owner& owner, Timestamp time, const SharedServedList& list,
                                std::function<void(bool logged)> done) {
  Event event;
  event.kind = EventKind::served;
  (owner.kind == Owner::Kind::user ? event.user : event.session) = logged_.of(owner.kind, owner.id);
  event.time = time;
  event.served = list;
  LogEntry entry{.key = std::string(partition_key(event)), .value = encode_served_list(event), .partition = {}};
  entry.may_wait = true;
  const std::size_t bytes = entry.key.size() + entry.value.size();
  const std::size_t lists_before = on_their_way_->lists.fetch_add(1);
  const std::size_t bytes_before = on_their_way_->bytes.fetch_add(bytes);
  const auto finish = [on_their_way = on_their_way_, bytes, done = std::move(done)](bool logged) {
    --on_their_way->lists;
    on_their_way->bytes -= bytes;
    done(logged);
  };
  const bool too_large = list->entries.size() > kMaxServedItems || entry.value.size() > kMaxServedRecordBytes;
  if (too_large || lists_before >= kMaxLists || bytes_before + bytes > kMaxBytes) {
    return finish(false);
  }
  std::vector<LogEntry> entries;
  entries.push_back(std::move(entry));
  log_.append(std::move(entries), [finish](const Result<Positions>& end) { finish(end.has_value()); });
}

}  // namespace freshet::ingest
