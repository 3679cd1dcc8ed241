// SPDX-License-Identifier: Apache-2.0
#include "ingest/intake/log_item_writer.h"

#include <memory>
#include <string>
#include <utility>

#include "ingest/codec/event_splitter.h"
#include "ingest/codec/item_entries.h"

namespace freshet::ingest {
namespace {

Counter& submitted(Metrics& metrics, const char* result) {
  return metrics.counter("freshet_ingest_submitted_items_total", "Items in HTTP requests, by what became of them.",
                         {{"result", result}});
}

}  // namespace

LogItemWriter::LogItemWriter(EventLog& log, const VectorDimensions& vectors, Metrics& metrics)
    : log_(log),
      vectors_(vectors),
      accepted_(submitted(metrics, "accepted")),
      invalid_(submitted(metrics, "invalid")),
      decoders_([this] { return std::make_unique<ItemDecoder>(vectors_); }) {}

/// Adds the entries of the change.
/// Errors: invalid, with no entry added, if a reader of the log would refuse one.
Result<void> LogItemWriter::add(const ItemChange& change, ItemDecoder& decoder, std::vector<LogEntry>& entries) const {
  const std::size_t before = entries.size();
  add_item_entries(log_, change, entries);
  for (std::size_t i = before; i < entries.size(); ++i) {
    const LogEntry& entry = entries[i];
    const auto read = decoder.decode_state(entry.partition == kStatePartition ? entry.key : "", entry.value);
    if (read) continue;
    entries.resize(before);
    return Error{Errc::invalid, "the record that it would become: " + read.error().message};
  }
  return {};
}

void LogItemWriter::append(std::vector<LogEntry> entries, Receipt receipt, std::function<void(Result<Receipt>)> done) {
  receipt.positions = {{0, 0}};  // always covered: there is nothing to wait for
  if (entries.empty()) return done(std::move(receipt));
  log_.append(std::move(entries),
              [this, receipt = std::move(receipt), done = std::move(done)](Result<Positions> end) mutable {
                if (!end) return done(end.error());
                receipt.positions = *std::move(end);
                accepted_.Increment(static_cast<double>(receipt.accepted));
                done(std::move(receipt));
              });
}

void LogItemWriter::change(std::string_view body, const ItemSubmission& submission,
                           std::function<void(Result<Receipt>)> done) {
  const bool one = !submission.item.empty();
  auto texts =
      one ? Result<std::vector<std::string_view>>({body}) : split_events(body, submission.max_items, submission.form);
  if (!texts) return done(texts.error());
  Receipt receipt;
  std::vector<LogEntry> entries;
  entries.reserve(texts->size());
  const auto decoder = decoders_.borrow();
  for (std::size_t i = 0; i < texts->size(); ++i) {
    const auto change = decoder->decode_entry((*texts)[i], submission.kind, submission.item);
    const auto added = change ? add(*change, *decoder, entries) : Result<void>(change.error());
    if (added) {
      ++receipt.accepted;
    } else {
      receipt.rejected.push_back({i, added.error().message});
    }
  }
  invalid_.Increment(static_cast<double>(receipt.rejected.size()));
  if (one && !receipt.rejected.empty()) return done(Error{Errc::invalid, receipt.rejected.front().reason});
  append(std::move(entries), std::move(receipt), std::move(done));
}

void LogItemWriter::remove(std::string_view item, std::function<void(Result<Receipt>)> done) {
  ItemChange change{.kind = ItemChange::Kind::remove, .item = {}};
  change.item.item = item;
  std::vector<LogEntry> entries;
  if (const auto added = add(change, *decoders_.borrow(), entries); !added) return done(added.error());
  append(std::move(entries), {.accepted = 1, .rejected = {}, .positions = {}}, std::move(done));
}

}  // namespace freshet::ingest
