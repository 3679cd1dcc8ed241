// SPDX-License-Identifier: Apache-2.0
#include "store/history_rows.h"

#include <string>

#include "store/codec/key_codec.h"
#include "store/recent_histories.h"

namespace freshet::store {
namespace {

/// Applies a batch that has been written to the cached histories.
class WriteThrough final : public rocksdb::WriteBatch::Handler {
 public:
  explicit WriteThrough(const Database::Impl& db)
      : held_(*db.recent_histories), history_(db.family(Family::history)->GetID()) {}

  rocksdb::Status PutCF(std::uint32_t family, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    if (family != history_) return {};
    const std::size_t owner = key.size() - kHistorySuffixBytes;
    held_.put(to_view(key).substr(0, owner), {to_view(key).substr(owner), to_view(value)});
    return {};
  }
  rocksdb::Status DeleteCF(std::uint32_t family, const rocksdb::Slice& key) override {
    if (family == history_) held_.drop(to_view(key).substr(0, key.size() - kHistorySuffixBytes));
    return {};
  }
  rocksdb::Status DeleteRangeCF(std::uint32_t family, const rocksdb::Slice& begin, const rocksdb::Slice&) override {
    if (family == history_) held_.drop(to_view(begin));  // the range is always that of one owner, and begins with it
    return {};
  }

 private:
  RecentHistories& held_;
  const std::uint32_t history_;
};

}  // namespace

std::unique_ptr<rocksdb::Iterator> history_rows(const Database::Impl& db, const Owner& owner, Family family) {
  rocksdb::ReadOptions options;
  options.prefix_same_as_start = true;
  std::unique_ptr<rocksdb::Iterator> rows(db.db->NewIterator(options, db.family(family)));
  rows->Seek(encode_owner(owner) + std::string(kHistorySuffixBytes, '\0'));
  return rows;
}

rocksdb::Status write_histories(Database::Impl& db, const rocksdb::WriteOptions& options, rocksdb::WriteBatch& batch) {
  auto status = db.db->Write(options, &batch);
  WriteThrough through(db);
  if (status.ok()) status = batch.Iterate(&through);
  if (!status.ok()) db.recent_histories->clear();
  return status;
}

}  // namespace freshet::store
