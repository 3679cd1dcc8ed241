// SPDX-License-Identifier: Apache-2.0
#include <rocksdb/compaction_filter.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "store/codec/key_codec.h"
#include "store/codec/value_codec.h"
#include "store/rocks.h"

namespace freshet::store {
namespace {

/// The owner part of a history key, of any length: everything except the fixed suffix.
class OwnerPrefix final : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "freshet.OwnerPrefix"; }
  bool InDomain(const rocksdb::Slice& key) const override { return key.size() > kHistorySuffixBytes; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), key.size() - kHistorySuffixBytes};
  }
};

/// Drops rows of histories, or of lists, beyond the owner's newest `most`, and rows older than `oldest`.
///
/// A compaction sees an owner's rows newest first, but only those in its input files. Dropping a row after N newer ones
/// of the same owner is safe: these N exist, so the row is beyond the limit whatever other files contain. Erasing the
/// owner removes the row anyway. Erasing a user, however, deletes single rows of a session, which may be among the N,
/// before this compaction (their marks are in other files) or after it. The session's history is then shorter than the
/// limit by at most the number of erased rows, although it had older ones. It never shows an erased row.
class HistoryFilter final : public rocksdb::CompactionFilter {
 public:
  HistoryFilter(std::size_t most, Timestamp oldest) : most_(most), oldest_(oldest) {}

  const char* Name() const override { return "freshet.HistoryFilter"; }

  bool Filter(int, const rocksdb::Slice& key, const rocksdb::Slice&, std::string*, bool*) const override {
    if (key.size() <= kHistorySuffixBytes) return false;
    const std::string_view prefix = to_view(key).substr(0, key.size() - kHistorySuffixBytes);
    if (prefix != owner_) {
      owner_ = prefix;
      seen_ = 0;
    }
    return ++seen_ > most_ || time_of_history_suffix(to_view(key).substr(prefix.size())) < oldest_;
  }

 private:
  const std::size_t most_;
  const Timestamp oldest_;
  // One filter object serves one compaction on one thread, in key order.
  mutable std::string owner_;
  mutable std::size_t seen_ = 0;
};

class HistoryFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  HistoryFilterFactory(std::size_t most, std::chrono::hours max_age, SharedTime stream_time)
      : most_(most), max_age_(max_age), stream_time_(std::move(stream_time)) {}

  const char* Name() const override { return "freshet.HistoryFilterFactory"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context&) override {
    return std::make_unique<HistoryFilter>(most_, oldest_kept(max_age_, stream_time_->judged()));
  }

 private:
  const std::size_t most_;
  const std::chrono::hours max_age_;
  const SharedTime stream_time_;
};

/// Drops rows whose value is older than `oldest`.
class AgeFilter final : public rocksdb::CompactionFilter {
 public:
  using TimeOf = std::optional<Timestamp> (*)(std::string_view value);
  AgeFilter(TimeOf time_of, Timestamp oldest) : time_of_(time_of), oldest_(oldest) {}

  const char* Name() const override { return "freshet.AgeFilter"; }
  bool Filter(int, const rocksdb::Slice&, const rocksdb::Slice& value, std::string*, bool*) const override {
    const auto time = time_of_(to_view(value));
    return time && *time < oldest_;
  }

 private:
  const TimeOf time_of_;
  const Timestamp oldest_;
};

class AgeFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  AgeFilterFactory(AgeFilter::TimeOf time_of, std::function<Timestamp()> oldest)
      : time_of_(time_of), oldest_(std::move(oldest)) {}

  const char* Name() const override { return "freshet.AgeFilterFactory"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context&) override {
    return std::make_unique<AgeFilter>(time_of_, oldest_());
  }

 private:
  const AgeFilter::TimeOf time_of_;
  const std::function<Timestamp()> oldest_;
};

std::optional<Timestamp> arrival_of_id(std::string_view value) {
  const auto decoded = decode_dedupe(value);
  return decoded ? std::optional(decoded->arrival) : std::nullopt;
}

std::optional<Timestamp> arrival_of_removal(std::string_view value) {
  const auto removal = decode_removal(value);
  return removal ? std::optional(removal->arrival) : std::nullopt;
}

/// How often a file is compacted even if nothing new is written, so that rows older than `age` leave the disk at most
/// about 10 % late. RocksDB's own interval is 30 days.
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
  // Index and filters count against the cache limit, so that memory is bounded for any number of files. Nothing is
  // pinned: with ids of 500 bytes the indexes of the first level and the tops of the others were larger than the limit.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_top_level_index_and_filter = false;
  // Partitioned into pieces of a few KiB. The whole filter of a file with millions of small rows is larger than a shard
  // of the cache, and would be read from the file for every lookup.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.format_version = 5;

  rocksdb::ColumnFamilyOptions family;
  // The initial memory of a memtable (a bloom filter, an arena block) is a share of these. With RocksDB's defaults it
  // could exceed a small limit of all families together, and every commit would flush.
  family.write_buffer_size = options.memtable_bytes;
  family.arena_block_size = options.memtable_bytes / 64;
  family.compression = rocksdb::kLZ4Compression;       // cheap enough for the write path
  family.bottommost_compression = rocksdb::kZSTD;      // has most bytes and is rewritten rarely
  family.level_compaction_dynamic_level_bytes = true;  // bounded space amplification for a store that only grows

  const auto keep_newest = [&](std::size_t most, std::chrono::hours max_age) {
    family.prefix_extractor = std::make_shared<OwnerPrefix>();
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.whole_key_filtering = false;  // there are no lookups of single rows
    family.memtable_prefix_bloom_size_ratio = 0.05;
    family.compaction_filter_factory = std::make_shared<HistoryFilterFactory>(most, max_age, impl.stream_time);
    family.periodic_compaction_seconds = rewrite_interval(max_age);
  };
  switch (which) {
    case Family::history: keep_newest(options.max_events_per_owner, options.max_event_age); break;
    case Family::served: keep_newest(options.served.max_lists_per_owner, options.served.max_age); break;
    case Family::dedupe:
      // Looked up once for each event with an id, and almost always absent: the bloom filter answers.
      table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
      family.memtable_prefix_bloom_size_ratio = 0.05;
      family.memtable_whole_key_filtering = true;
      family.compaction_filter_factory = std::make_shared<AgeFilterFactory>(
          arrival_of_id,
          [newest = impl.newest_arrival, window = options.dedupe_window] { return newest->judged() - window; });
      family.periodic_compaction_seconds = rewrite_interval(options.dedupe_window);
      break;
    case Family::sessions:
      family.compaction_filter_factory =
          std::make_shared<AgeFilterFactory>(decode_link, [newest = impl.stream_time, age = options.max_event_age] {
            const Timestamp oldest = oldest_kept(age, newest->judged());
            return oldest == Timestamp::min() ? oldest : oldest - kLinkSlack;
          });
      family.periodic_compaction_seconds = rewrite_interval(options.max_event_age);
      break;
    case Family::items:
      family.compaction_filter_factory = std::make_shared<AgeFilterFactory>(
          arrival_of_removal,
          [newest = impl.stream_time, age = options.max_event_age] { return oldest_kept(age, newest->judged()); });
      family.periodic_compaction_seconds = rewrite_interval(options.max_event_age);
      break;
    case Family::journal:
      table.block_size = 32 << 10;  // read sequentially
      break;
    case Family::meta:
    case Family::positions:
    case Family::dead_letters: break;
  }
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

}  // namespace freshet::store
