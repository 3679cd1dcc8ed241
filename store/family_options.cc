#include <rocksdb/compaction_filter.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "store/key_codec.h"
#include "store/rocks.h"
#include "store/value_codec.h"

namespace freshet::store {
namespace {

/// The owner part of a history key, whatever its length: everything but the fixed suffix.
class OwnerPrefix final : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "freshet.OwnerPrefix"; }
  bool InDomain(const rocksdb::Slice& key) const override { return key.size() > kHistorySuffixBytes; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), key.size() - kHistorySuffixBytes};
  }
};

/// Drops history rows beyond the owner's newest `max_events`, and rows older than `max_age_ms` before stream time.
///
/// A compaction sees an owner's rows newest first but only those in its input files. Dropping a row after counting N
/// newer ones of the same owner is still safe: these N exist, so the row is beyond the limit whatever the other files
/// hold. The newer ones can only disappear by an erase of the whole owner, which removes the row as well.
class HistoryFilter final : public rocksdb::CompactionFilter {
 public:
  HistoryFilter(std::size_t max_events, std::int64_t max_age_ms, SharedTime stream_time)
      : max_events_(max_events), max_age_ms_(max_age_ms), stream_time_(std::move(stream_time)) {}

  const char* Name() const override { return "freshet.HistoryFilter"; }

  bool Filter(int, const rocksdb::Slice& key, const rocksdb::Slice&, std::string*, bool*) const override {
    if (key.size() <= kHistorySuffixBytes) return false;
    const std::string_view prefix(key.data(), key.size() - kHistorySuffixBytes);
    if (prefix != owner_) {
      owner_ = prefix;
      seen_ = 0;
    }
    if (++seen_ > max_events_) return true;
    if (max_age_ms_ == 0) return false;
    const auto decoded = decode_history_key(to_view(key));
    return decoded && to_ms(decoded->time) < stream_time_->load(std::memory_order_relaxed) - max_age_ms_;
  }

 private:
  const std::size_t max_events_;
  const std::int64_t max_age_ms_;
  const SharedTime stream_time_;
  // One filter object serves one compaction on one thread, in key order.
  mutable std::string owner_;
  mutable std::size_t seen_ = 0;
};

class HistoryFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  HistoryFilterFactory(const Options& options, SharedTime stream_time)
      : max_events_(options.max_events_per_owner),
        max_age_ms_(std::chrono::milliseconds(options.max_event_age).count()),
        stream_time_(std::move(stream_time)) {}

  const char* Name() const override { return "freshet.HistoryFilterFactory"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context&) override {
    return std::make_unique<HistoryFilter>(max_events_, max_age_ms_, stream_time_);
  }

 private:
  const std::size_t max_events_;
  const std::int64_t max_age_ms_;
  const SharedTime stream_time_;
};

/// Forgets event ids that are older than the dedupe window.
class DedupeFilter final : public rocksdb::CompactionFilter {
 public:
  DedupeFilter(std::int64_t window_ms, SharedTime newest_arrival)
      : window_ms_(window_ms), newest_arrival_(std::move(newest_arrival)) {}

  const char* Name() const override { return "freshet.DedupeFilter"; }
  bool Filter(int, const rocksdb::Slice&, const rocksdb::Slice& value, std::string*, bool*) const override {
    const auto decoded = decode_dedupe(to_view(value));
    return decoded && to_ms(decoded->arrival) < newest_arrival_->load(std::memory_order_relaxed) - window_ms_;
  }

 private:
  const std::int64_t window_ms_;
  const SharedTime newest_arrival_;
};

class DedupeFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  DedupeFilterFactory(const Options& options, SharedTime newest_arrival)
      : window_ms_(std::chrono::milliseconds(options.dedupe_window).count()),
        newest_arrival_(std::move(newest_arrival)) {}

  const char* Name() const override { return "freshet.DedupeFilterFactory"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context&) override {
    return std::make_unique<DedupeFilter>(window_ms_, newest_arrival_);
  }

 private:
  const std::int64_t window_ms_;
  const SharedTime newest_arrival_;
};

/// Files go through the compaction filter this often also where nothing new is written, so that what is too old for
/// `age` leaves the disk at most about a tenth of it late. RocksDB's own bound is 30 days.
std::uint64_t rewrite_interval(std::chrono::hours age) {
  constexpr std::chrono::hours kMost{24 * 30};
  const auto tenth = std::clamp(age / 10, std::chrono::hours(1), kMost);
  return static_cast<std::uint64_t>(std::chrono::seconds(age.count() == 0 ? kMost : tenth).count());
}

}  // namespace

rocksdb::ColumnFamilyOptions family_options(Family which, const Database::Impl& impl) {
  const Options& options = impl.options;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = impl.block_cache;
  // Index and filters count against the cache limit: memory stays bounded however many files there are. Those of the
  // first level are asked on every read and stay.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  // In pieces of a few KiB. Of a file of some million small rows the filter is larger than a shard of the cache, so
  // that it would be read from the file, all of it, each time that it is asked.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.format_version = 5;

  rocksdb::ColumnFamilyOptions family;
  // What a memtable takes before its first row (a bloom filter, an arena block) is a share of these. With RocksDB's own
  // sizes it could exceed a small limit of all families together, and every commit would flush.
  family.write_buffer_size = options.memtable_bytes;
  family.arena_block_size = options.memtable_bytes / 64;
  family.compression = rocksdb::kLZ4Compression;       // cheap enough for the write path
  family.bottommost_compression = rocksdb::kZSTD;      // most bytes lie here, rewritten rarely
  family.level_compaction_dynamic_level_bytes = true;  // bounded space amplification for a store that only grows

  switch (which) {
    case Family::history:
      family.prefix_extractor = std::make_shared<OwnerPrefix>();
      table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
      table.whole_key_filtering = false;  // rows are never asked for one by one
      family.memtable_prefix_bloom_size_ratio = 0.05;
      family.compaction_filter_factory = std::make_shared<HistoryFilterFactory>(options, impl.stream_time_ms);
      family.periodic_compaction_seconds = rewrite_interval(options.max_event_age);
      break;
    case Family::dedupe:
      // Asked once per event with an id, and almost always absent: the bloom filter is the answer.
      table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
      family.memtable_prefix_bloom_size_ratio = 0.05;
      family.memtable_whole_key_filtering = true;
      family.compaction_filter_factory = std::make_shared<DedupeFilterFactory>(options, impl.newest_arrival_ms);
      family.periodic_compaction_seconds = rewrite_interval(options.dedupe_window);
      break;
    case Family::journal:
      table.block_size = 32 << 10;  // read sequentially
      break;
    case Family::meta:
    case Family::items:
    case Family::positions:
    case Family::dead_letters: break;
  }
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

}  // namespace freshet::store
