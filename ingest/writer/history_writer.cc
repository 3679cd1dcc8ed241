// SPDX-License-Identifier: Apache-2.0
#include "ingest/writer/history_writer.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <utility>

#include "base/log.h"
#include "base/sync.h"
#include "ingest/codec/decoding_reader.h"
#include "ingest/writer/dead_letter_writer.h"
#include "ingest/writer/item_forwarder.h"
#include "ingest/writer/writer_metrics.h"

namespace freshet::ingest {
namespace {

constexpr std::chrono::milliseconds kFirstBackoff{50};
constexpr std::chrono::milliseconds kLastBackoff{2000};

/// Removes records and positions of the partitions `revoked` from the batch.
void drop(EventBatch& batch, const std::set<int>& revoked) {
  std::erase_if(batch.events, [&](const auto& entry) { return revoked.contains(entry.position.partition); });
  std::erase_if(batch.rejected, [&](const auto& record) { return revoked.contains(record.position.partition); });
  std::erase_if(batch.next, [&](const auto& next) { return revoked.contains(next.first); });
  std::erase_if(batch.recreated, [&](std::int32_t partition) { return revoked.contains(partition); });
}

Positions read_positions(const HistorySink& sink) {
  auto positions = sink.positions();
  if (!positions) throw std::runtime_error("cannot read the stored log positions: " + positions.error().message);
  return *std::move(positions);
}

}  // namespace

struct HistoryWriter::Impl {
  Impl(EventLog& the_log, std::unique_ptr<HistorySink> the_sink, Watermark& the_watermark, const DecodeOptions& decode,
       const WriterOptions& the_options, Metrics& metrics)
      : log(the_log),
        sink(std::move(the_sink)),
        visible(the_watermark),
        options(the_options),
        written(read_positions(*sink)),
        reader(log.open_reader(Sharing::group, [this] { return written; }), decode),
        counters(metrics),
        dead_letters(log.dead_letters(), metrics),
        items(log) {}

  Result<void> write(EventBatch& batch, bool keep_rejected);
  void write_until_done(EventBatch batch, const std::stop_token& stop);
  void wait(std::chrono::milliseconds& backoff, const std::stop_token& stop);
  void set_problem(std::string problem);

  EventLog& log;
  const std::unique_ptr<HistorySink> sink;
  Watermark& visible;
  const WriterOptions options;
  Positions written;  // those in the store, which only this writer changes; run()'s thread only
  DecodingReader reader;
  WriterMetrics counters;
  DeadLetterWriter dead_letters;
  ItemForwarder items;

  mutable Mutex mutex;
  std::string problem FRESHET_GUARDED_BY(mutex);
};

HistoryWriter::HistoryWriter(EventLog& log, store::HistoryStore& store, store::TransientHistories& transient,
                             Watermark& visible, const DecodeOptions& decode, const WriterOptions& options,
                             Metrics& metrics)
    : HistoryWriter(log, std::make_unique<StoreSink>(store, transient), visible, decode, options, metrics) {}

HistoryWriter::HistoryWriter(EventLog& log, std::unique_ptr<HistorySink> sink, Watermark& visible,
                             const DecodeOptions& decode, const WriterOptions& options, Metrics& metrics)
    : impl_(std::make_unique<Impl>(log, std::move(sink), visible, decode, options, metrics)) {}

HistoryWriter::~HistoryWriter() = default;

void HistoryWriter::Impl::set_problem(std::string text) {
  const MutexLock lock(mutex);
  if (text != problem && !text.empty()) {
    freshet::log::warn("histories are not being written; trying again", {{"reason", text}});
  }
  if (text.empty() && !problem.empty()) freshet::log::info("histories are being written again");
  problem = std::move(text);
}

Result<void> HistoryWriter::Impl::write(EventBatch& batch, bool keep_rejected) {
  if (auto forwarded = items.forward(batch); !forwarded) return forwarded;
  const auto start = std::chrono::steady_clock::now();
  const auto counts = sink->commit(batch, keep_rejected);
  if (!counts) return counts.error();
  counters.count(*counts, batch, keep_rejected, std::chrono::steady_clock::now() - start);
  move_to(written, batch.next);
  reader.commit(batch.next);
  visible.move_to(batch.next);
  return {};
}

/// Fetches nothing, but the reader stays in its group and sees when partitions are revoked.
void HistoryWriter::Impl::wait(std::chrono::milliseconds& backoff, const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kSlice{100};
  for (auto left = backoff; left.count() > 0 && !stop.stop_requested(); left -= kSlice) {
    reader.idle(std::min(left, kSlice));
  }
  backoff = std::min(backoff * 2, kLastBackoff);
}

/// Retries until the batch is written, or until `stop`: it is then read again after the next start.
void HistoryWriter::Impl::write_until_done(EventBatch batch, const std::stop_token& stop) {
  auto backoff = kFirstBackoff;
  const bool keep_rejected = !dead_letters.append(batch.rejected);
  while (true) {
    const auto done = write(batch, keep_rejected);
    if (done) return set_problem("");
    set_problem(done.error().message);
    counters.retried();
    if (stop.stop_requested()) return;
    wait(backoff, stop);
    drop(batch, reader.revoked());  // their new owners write these records
    if (batch.empty()) return;
  }
}

void HistoryWriter::run(std::stop_token stop) {
  auto backoff = kFirstBackoff;
  const auto show_lag = [this] { impl_->counters.set_lag(impl_->visible.positions(), impl_->reader.end_positions()); };
  for (; !stop.stop_requested(); show_lag()) {
    auto batch = impl_->reader.poll(impl_->options.batch_records, impl_->options.poll_timeout);
    if (!batch) {
      impl_->set_problem(batch.error().message);
      impl_->wait(backoff, stop);
      continue;
    }
    backoff = kFirstBackoff;
    if (batch->empty()) {
      impl_->set_problem("");
    } else {
      impl_->write_until_done(*std::move(batch), stop);
    }
    impl_->dead_letters.look();
  }
}

std::string HistoryWriter::problem() const {
  {
    const MutexLock lock(impl_->mutex);
    if (!impl_->problem.empty()) return impl_->problem;
  }
  return impl_->reader.problem();
}

std::string HistoryWriter::warning() const { return impl_->dead_letters.problem(); }
Positions HistoryWriter::end_positions() const { return impl_->reader.end_positions(); }
std::uint64_t HistoryWriter::lost_records() const { return impl_->reader.lost_records(); }

}  // namespace freshet::ingest
