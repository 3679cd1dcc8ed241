#include "ingest/history_writer.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "ingest/decoding_reader.h"

namespace freshet::ingest {
namespace {

constexpr std::chrono::milliseconds kFirstBackoff{50};
constexpr std::chrono::milliseconds kLastBackoff{2000};
constexpr std::chrono::milliseconds kDeadLetterTimeout{10'000};

/// What the writer counts.
struct Counters {
  explicit Counters(Metrics& the_metrics)
      : metrics(the_metrics),
        stored(events(metrics, "stored")),
        duplicates(events(metrics, "duplicate")),
        expired(events(metrics, "expired")),
        rejected(events(metrics, "rejected")),
        erased(events(metrics, "erased")),
        batch_events(metrics.histogram("freshet_ingest_batch_events", "Records per committed batch.",
                                       {1, 10, 100, 500, 1000, 2000, 5000, 10000})),
        commit_seconds(metrics.histogram("freshet_ingest_commit_seconds", "Time to commit one batch to the histories.",
                                         Metrics::latency_bounds())),
        retries(metrics.counter("freshet_ingest_retries_total", "Batches that had to be tried again.")),
        rebalances(metrics.counter("freshet_ingest_rebalances_total",
                                   "Batches given back because partitions changed hands while they were held.")) {}

  static Counter& events(Metrics& metrics, const char* result) {
    return metrics.counter("freshet_ingest_events_total", "Records read from the log, by what became of them.",
                           {{"result", result}});
  }

  void count(const store::CommitCounts& counts, const EventBatch& batch) {
    stored.Increment(static_cast<double>(counts.stored));
    duplicates.Increment(static_cast<double>(counts.duplicates));
    expired.Increment(static_cast<double>(counts.expired));
    erased.Increment(static_cast<double>(counts.erased));
    rejected.Increment(static_cast<double>(batch.rejected.size()));
    batch_events.Observe(static_cast<double>(batch.events.size() + batch.rejected.size()));
  }

  void set_lag(const Positions& at, const Positions& ends) {
    for (const auto& [partition, end] : ends) {
      const auto own = at.find(partition);
      const std::int64_t lag = std::max<std::int64_t>(0, end - (own == at.end() ? 0 : own->second));
      metrics
          .gauge("freshet_ingest_lag_events", "Records of the log that are not in the histories yet.",
                 {{"partition", std::to_string(partition)}})
          .Set(static_cast<double>(lag));
    }
  }

  Metrics& metrics;
  Counter &stored, &duplicates, &expired, &rejected, &erased;
  Histogram &batch_events, &commit_seconds;
  Counter &retries, &rebalances;
};

}  // namespace

struct HistoryWriter::Impl {
  Impl(EventLog& the_log, store::HistoryStore& the_store, Watermark& the_watermark, const DecodeOptions& decode,
       const WriterOptions& the_options, Metrics& metrics)
      : log(the_log),
        store(the_store),
        visible(the_watermark),
        options(the_options),
        reader(log.open_reader(Sharing::group, [this](const std::vector<int>&) { return stored_positions(); }), decode),
        counters(metrics) {}

  Positions stored_positions();
  Result<void> write(const EventBatch& batch);
  void write_until_done(const EventBatch& batch, std::stop_token stop);
  void set_problem(std::string problem);

  EventLog& log;
  store::HistoryStore& store;
  Watermark& visible;
  const WriterOptions options;
  DecodingReader reader;
  Counters counters;

  mutable std::mutex mutex;
  std::string problem;  // guarded by mutex
};

HistoryWriter::HistoryWriter(EventLog& log, store::HistoryStore& store, Watermark& visible, const DecodeOptions& decode,
                             const WriterOptions& options, Metrics& metrics)
    : impl_(std::make_unique<Impl>(log, store, visible, decode, options, metrics)) {}

HistoryWriter::~HistoryWriter() = default;

Positions HistoryWriter::Impl::stored_positions() {
  auto positions = store.positions();
  if (positions) return *std::move(positions);
  // Reading again from the group's committed offsets only repeats rows that overwrite themselves.
  freshet::log::error("stored log positions cannot be read", {{"reason", positions.error().message}});
  return {};
}

void HistoryWriter::Impl::set_problem(std::string text) {
  std::lock_guard lock(mutex);
  if (text != problem && !text.empty()) freshet::log::warn("histories are not being written", {{"reason", text}});
  if (text.empty() && !problem.empty()) freshet::log::info("histories are being written again");
  problem = std::move(text);
}

Result<void> HistoryWriter::Impl::write(const EventBatch& batch) {
  const bool elsewhere = log.keeps_dead_letters();
  if (elsewhere && !batch.rejected.empty()) {
    if (auto appended = log.append_dead_letters(batch.rejected, kDeadLetterTimeout); !appended) return appended;
  }
  const auto start = std::chrono::steady_clock::now();
  const auto counts = store.commit(batch, /*keep_rejected=*/!elsewhere);
  if (!counts) return counts.error();
  counters.commit_seconds.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  counters.count(*counts, batch);
  visible.advance(batch.next);
  reader.commit(batch.next);
  return {};
}

/// Retries until it is written, the partitions have changed hands (another member writes it then), or `stop`.
void HistoryWriter::Impl::write_until_done(const EventBatch& batch, std::stop_token stop) {
  const std::uint64_t generation = reader.generation();
  auto backoff = kFirstBackoff;
  while (true) {
    const auto written = write(batch);
    if (written) {
      set_problem("");
      return;
    }
    set_problem(written.error().message);
    counters.retries.Increment();
    if (stop.stop_requested()) return;
    reader.idle(backoff);
    backoff = std::min(backoff * 2, kLastBackoff);
    if (reader.generation() != generation) {
      // The batch may hold records of a partition that is not ours any more. Forget all of it and read again, from what
      // the store holds, the partitions that still are.
      counters.rebalances.Increment();
      reader.seek(stored_positions());
      return;
    }
  }
}

void HistoryWriter::run(std::stop_token stop) {
  auto backoff = kFirstBackoff;
  while (!stop.stop_requested()) {
    const auto batch = impl_->reader.poll(impl_->options.batch_records, impl_->options.poll_timeout);
    if (!batch) {
      impl_->set_problem(batch.error().message);
      impl_->reader.idle(backoff);
      backoff = std::min(backoff * 2, kLastBackoff);
      continue;
    }
    backoff = kFirstBackoff;
    if (batch->empty()) {
      impl_->set_problem("");
    } else {
      impl_->write_until_done(*batch, stop);
    }
    impl_->counters.set_lag(impl_->visible.positions(), impl_->reader.end_positions());
  }
}

std::string HistoryWriter::problem() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->problem;
}

Positions HistoryWriter::end_positions() const { return impl_->reader.end_positions(); }

}  // namespace freshet::ingest
